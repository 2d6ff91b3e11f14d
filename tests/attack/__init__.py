"""Attacks on a memory, which must lose nothing that it acknowledged.

Not collected by pytest: `python -m tests.attack --help`, or `make attack`.
"""
