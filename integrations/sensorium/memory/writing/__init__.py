"""Remembering and changing records."""
