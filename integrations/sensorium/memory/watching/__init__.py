"""Standing questions: what arrives is compared with them, and told once."""
