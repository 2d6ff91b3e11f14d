"""What a request brings: files, filters, keys of repeated calls."""
