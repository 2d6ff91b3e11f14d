"""Texts in other languages than English: how they are told, and the tower that reads them."""
