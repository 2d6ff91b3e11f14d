"""The interface of a cutter, which turns pushed samples or frames into percepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from sensorium.memory.streams.clock import Times
from sensorium.percepts import Percept
from sensorium.percepts.source import Array, Given


class ReadyPercept(NamedTuple):
    """A percept of a stream, ready to be remembered."""

    percept: Percept
    samples: int  # samples that no other percept of the stream has


class Cutter(Protocol):
    """Turns what is pushed into percepts."""

    def push(
        self, given: Given, *, at: int | Times | None, timestamps: object
    ) -> Iterator[ReadyPercept]:
        """Take samples or frames; yield the percepts that they complete."""

    def end(self) -> Iterator[ReadyPercept]:
        """Yield what is left."""

    def admitted(self, given: Given) -> Array:
        """Return samples in the units of the statistics, shape `(n, C)`."""
