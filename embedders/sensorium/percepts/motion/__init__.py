"""Recordings of motion: the columns of tables, their clocks and units, and what is plausible."""
