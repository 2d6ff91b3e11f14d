"""Asynchronous twins of methods."""

from __future__ import annotations

import inspect
import threading

from sensorium.agents.threads import in_thread


class Sum:
    """Adds a number to others."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.thread = threading.current_thread()

    def total(self, *numbers: int, times: int = 1) -> int:
        """Return the sum."""
        self.thread = threading.current_thread()
        return (self.start + sum(numbers)) * times

    atotal = in_thread(total)


class Negative(Sum):
    """Subtracts instead."""

    def total(self, *numbers: int, times: int = 1) -> int:
        """Return the difference."""
        return (self.start - sum(numbers)) * times


async def test_a_twin_runs_its_method_in_a_thread() -> None:
    """It takes the same arguments and returns the same result, elsewhere."""
    numbers = Sum(1)
    assert await numbers.atotal(2, 3, times=10) == 60
    assert numbers.thread is not threading.current_thread()
    assert inspect.iscoroutinefunction(Sum.atotal)
    assert (Sum.atotal.__name__, Sum.atotal.__qualname__) == ("atotal", "Sum.atotal")
    assert Sum.atotal.__doc__ == "Run `total` in a thread."


async def test_an_override_has_changed_the_twin() -> None:
    """A subclass overrides the method alone."""
    assert await Negative(1).atotal(2, 3) == -4
