"""Recordings of robots, read topic by topic."""
