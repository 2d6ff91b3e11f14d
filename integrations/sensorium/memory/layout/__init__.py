"""How a record is laid out as points and payload."""
