"""Maps of numbers in files: where the numbers lie, how they are read, and what they stand for."""
