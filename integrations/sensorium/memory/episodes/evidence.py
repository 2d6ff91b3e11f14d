"""How well an observation fits each of several runs of observations: time, place and vectors.

A run is a stretch that may be an episode. Each class here keeps a few sums for every run, in slots,
and answers with log-likelihoods: one for each run that goes on, and one for a run that begins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Position = tuple[str, tuple[float, float, float]]  # a frame, and metres in it

FREEDOM = 4.0  # degrees of freedom of intervals and places: one odd value decides nothing
SHORTEST = 0.05  # seconds; shorter intervals count as this
USUAL = math.log(5.0)  # log seconds between observations, where nothing is known
UNKNOWN = 3.0  # standard deviation of that
JITTER = 0.7  # standard deviation of log intervals within an episode
PAUSE = 1800.0  # seconds: the shortest gap that ends an episode whatever it holds
LONGER = 20.0  # times the typical interval of the episode that such a gap lasts at least
INTERVALS = 3  # that are known before one is called typical
BLUR = 15.0  # metres: spread of places within an episode, receivers' errors among them
AWAY = 1500.0  # metres: how far the next episode may be
WEIGHT = 24.0  # dimensions that a vector counts as: its numbers are far from independent
VARIED = 0.7  # share of the squared length of a centred vector that differs within an episode


def _student(z: Numbers, variance: Numbers, dimensions: int) -> Numbers:
    """Return log-densities of Student's t, up to a constant; `z` is in squared deviations."""
    density = -0.5 * dimensions * np.log(variance)
    tail: Numbers = density - (FREEDOM + dimensions) / 2 * np.log1p(z / FREEDOM)
    return tail


class Sums:
    """Sums for every run, which can be copied and taken over."""

    parts: ClassVar[tuple[str, ...]]

    def sums(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return copies, by names that begin with a prefix."""
        return {prefix + name: getattr(self, f"_{name}").copy() for name in self.parts}

    def take(self, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `sums` returned.

        Raises:
            LookupError: One of them is missing.
            ValueError: One of them has another shape.
        """
        for name in self.parts:
            own, given = getattr(self, f"_{name}"), arrays[prefix + name]
            if own.shape != given.shape:
                raise ValueError(f"{prefix}{name} of shape {given.shape}")
            own[...] = given


class Intervals(Sums):
    """Logarithms of the seconds between observations: normal, their mean unknown."""

    parts = ("count", "sum")

    def __init__(self, slots: int) -> None:
        """Begin with empty slots."""
        self._count = np.zeros(slots)
        self._sum = np.zeros(slots)

    def fit(self, seconds: float) -> tuple[Numbers, float]:
        """Return how well an interval fits each run, and how well it fits before a new one."""
        value, prior = math.log(max(seconds, SHORTEST)), UNKNOWN**-2
        precision = prior + self._count / JITTER**2
        mean = (USUAL * prior + self._sum / JITTER**2) / precision
        variance = 1 / precision + JITTER**2
        wide = np.array(UNKNOWN**2 + JITTER**2)
        fresh = _student((value - USUAL) ** 2 / wide, wide, 1)
        return _student((value - mean) ** 2 / variance, variance, 1), float(fresh)

    def ended(self, seconds: float) -> NDArray[np.bool_]:
        """Return which runs a gap of so many seconds ends, whatever comes after it."""
        typical = np.exp(self._sum / np.maximum(self._count, 1))
        ends: NDArray[np.bool_] = (self._count >= INTERVALS) & (
            seconds > np.maximum(PAUSE, LONGER * typical)
        )
        return ends

    def add(self, seconds: float) -> None:
        """Count an interval in every run."""
        self._count += 1
        self._sum += math.log(max(seconds, SHORTEST))

    def clear(self, slot: int) -> None:
        """Begin a run: the interval before it is no part of it."""
        self._count[slot] = self._sum[slot] = 0.0


class Positions(Sums):
    """Places of a run: normal around an unknown one, in metres. One frame at a time.

    Attributes:
        frame: The frame; `None` before the first position.
    """

    parts = ("count", "sum", "last")

    def __init__(self, slots: int) -> None:
        """Begin with empty slots."""
        self._count = np.zeros(slots)
        self._sum = np.zeros((slots, 3))
        self.frame: str | None = None
        self._last = np.zeros(3)

    def fit(self, position: Position) -> tuple[Numbers, float]:
        """Return how well a position fits each run, and how well it fits a new one."""
        frame, metres = position
        if frame != self.frame:  # positions of two frames cannot be compared
            return np.zeros_like(self._count), 0.0
        prior = AWAY**-2
        precision = prior + self._count / BLUR**2
        mean = (self._last * prior + self._sum / BLUR**2) / precision[:, None]
        variance = 1 / precision + BLUR**2
        away = ((np.array(metres) - mean) ** 2).sum(axis=1)
        wide = np.array(AWAY**2 + BLUR**2)
        fresh = _student(((np.array(metres) - self._last) ** 2).sum() / wide, wide, 2)
        return _student(away / variance, variance, 2), float(fresh)

    def add(self, position: Position) -> None:
        """Count a position in every run."""
        frame, metres = position
        if frame != self.frame:
            self.frame = frame
            self._count[:] = 0.0
            self._sum[:] = 0.0
        self._count += 1
        self._last = np.array(metres)
        self._sum += self._last

    def clear(self, slot: int) -> None:
        """Begin a run."""
        self._count[slot] = 0.0
        self._sum[slot] = 0.0


class Rows(Sums):
    """Centred unit vectors of one modality: normal around an unknown mean, `VARIED` around it."""

    parts = ("sum", "square", "count")

    def __init__(self, slots: int, dimension: int) -> None:
        """Begin with empty slots."""
        self._sum = np.zeros((slots, dimension), np.float32)
        self._square = np.zeros(slots)  # squared length of each sum
        self._count = np.zeros(slots)
        self._products = np.zeros(slots)  # of the row that is looked at with each sum

    def fit(self, row: NDArray[np.float32]) -> tuple[Numbers, float]:
        """Return how well a row fits each run, and how well it fits a new one; `add` comes next."""
        self._products = (self._sum @ row).astype(np.float64)
        pull = (1 - VARIED) / (self._count * (1 - VARIED) + VARIED)  # makes a sum the likely mean
        variance = VARIED * (1 + pull)
        apart = 1 - 2 * pull * self._products + pull**2 * self._square
        return -0.5 * WEIGHT * (np.log(variance) + apart / variance), -0.5 * WEIGHT

    def add(self, row: NDArray[np.float32]) -> None:
        """Count the row in every run."""
        self._square += 2 * self._products + 1
        self._sum += row
        self._count += 1

    def clear(self, slot: int) -> None:
        """Begin a run, before the row that begins it is added."""
        self._sum[slot] = 0.0
        self._square[slot] = self._count[slot] = self._products[slot] = 0.0
