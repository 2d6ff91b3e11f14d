"""Texts in other languages than English: told by their letters and words, read by their own tower."""
