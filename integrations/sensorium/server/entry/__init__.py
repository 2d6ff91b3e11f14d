"""Who is let in: tokens, sessions, guards against pages elsewhere."""
