"""The store of the signals themselves."""
