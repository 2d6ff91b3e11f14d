"""Tests, in folders that mirror the source; what several of them use is in `tests/support`."""
