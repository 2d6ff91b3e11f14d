"""Answering a question: search, rank, judge."""
