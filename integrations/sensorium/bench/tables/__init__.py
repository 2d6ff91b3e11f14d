"""The tables of the benchmark; each is a function of a pool."""
