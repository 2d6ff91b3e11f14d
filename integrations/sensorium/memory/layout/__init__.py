"""The layout of a record as points and payload."""
