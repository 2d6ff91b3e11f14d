"""What happens in a memory, told to whoever listens."""
