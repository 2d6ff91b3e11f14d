"""A server that fails in every way, before or after it applied a request."""
