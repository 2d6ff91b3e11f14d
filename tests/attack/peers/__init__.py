"""Several processes that use one folder at once, and one that means harm."""
