"""Keeping little: of old streams and frames the telling moments stay, and the rest goes."""
