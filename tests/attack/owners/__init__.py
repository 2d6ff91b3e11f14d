"""One owner tries every door to another's memories."""
