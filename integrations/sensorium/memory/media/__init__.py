"""Where the signals themselves are kept."""
