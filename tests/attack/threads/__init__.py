"""Threads and processes that use one memory at once."""
