"""Folders and exports that somebody else made, or that something damaged."""
