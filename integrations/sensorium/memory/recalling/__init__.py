"""Recalling: a question becomes vectors, then candidates, then hits in order."""
