"""Episodes: stretches of a memory that belong together by time, place and content, as found."""
