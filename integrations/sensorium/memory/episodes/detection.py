"""Where one episode ends and the next begins: Bayesian online change-point detection.

The recursion is that of Adams and MacKay, "Bayesian Online Changepoint Detection" (2007), with the
best segmentation in place of the sum over all, as in Fearnhead and Liu, "On-line inference for
multiple changepoint problems" (2007): the same code serves a stream and what was kept before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.episodes.evidence import Intervals, Numbers, Position, Positions, Rows

RUNS = 16  # runs that are followed at a time: the best ones, so that work and memory are bounded
CHANCE = 1e-3  # that an episode ends before any one observation
DAY_HALF = 43_200.0  # seconds after which an episode has ended by two to one
NEVER = -60.0  # log-likelihood of what a gap has ended
ROWS = "rows."  # before the name of a modality, in a checkpoint


@dataclass(frozen=True)
class Observation:
    """What the detection sees of a record.

    Attributes:
        at: Seconds since 1970.
        rows: A centred unit vector of each modality, `(D,)` float32.
        position: Where it was; `None` if that is not known.
    """

    at: float
    rows: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    position: Position | None = None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a detector after some observations, from which it can go on.

    Attributes:
        count: How many observations it has seen.
        last: Time of the last one, in seconds since 1970.
        frame: Frame of the positions that are followed; `None` if there is none.
        arrays: Sums and scores of the runs, by name.
    """

    count: int
    last: float
    frame: str | None
    arrays: Mapping[str, NDArray[Any]] = field(repr=False)


class Detector:
    """Cuts observations, which come in order of time, into episodes."""

    def __init__(self) -> None:
        """Begin before the first observation."""
        self._intervals = Intervals(RUNS)
        self._positions = Positions(RUNS)
        self._rows: dict[str, Rows] = {}
        self._starts = np.full(RUNS, -1)
        self._scores = np.full(RUNS, -np.inf)
        self._before: list[int] = []  # for a run that begins at each index, where the last began
        self._last = 0.0

    def __len__(self) -> int:
        return len(self._before)

    def add(self, observation: Observation) -> None:
        """Take the next observation, whose time is not before the last one's."""
        index = len(self._before)
        gap = observation.at - self._last
        going, fresh = np.zeros(RUNS), 0.0
        for fit in self._fits(observation, gap):
            going, fresh = going + fit[0], fresh + fit[1]
        if not index:
            self._before.append(-1)
        else:
            chance = 1 - (1 - CHANCE) * math.exp(-gap / DAY_HALF)
            best = int(self._scores.argmax())
            self._before.append(int(self._starts[best]))
            fresh += float(self._scores[best]) + math.log(chance)
            self._scores += going + max(math.log1p(-chance) if chance < 1 else NEVER, NEVER)
            self._scores[self._intervals.ended(gap)] += NEVER
        self._begin(index, fresh, observation, gap)
        self._last = observation.at

    def _fits(self, observation: Observation, gap: float) -> list[tuple[Numbers, float]]:
        fits = [self._intervals.fit(gap)] if self._before else []
        if observation.position is not None:
            fits.append(self._positions.fit(observation.position))
        for modality, row in observation.rows.items():
            if modality not in self._rows:
                self._rows[modality] = Rows(RUNS, len(row))
            fits.append(self._rows[modality].fit(row))
        return fits

    def _begin(self, index: int, score: float, observation: Observation, gap: float) -> None:
        """Put a run that begins now in the place of the worst one; add the observation to all."""
        slot = int(self._scores.argmin())
        if index:
            self._intervals.add(gap)
        self._intervals.clear(slot)
        self._positions.clear(slot)
        for rows in self._rows.values():
            rows.clear(slot)
        if observation.position is not None:
            self._positions.add(observation.position)
        for modality, row in observation.rows.items():
            self._rows[modality].add(row)
        self._starts[slot], self._scores[slot] = index, score
        self._scores -= self._scores.max()  # sums over years stay small

    def starts(self) -> list[int]:
        """Return the index of the first observation of each episode, in order, as far as is known.

        What comes next may move the last borders, but hardly those before them.
        """
        if not self._before:
            return []
        found = [int(self._starts[int(self._scores.argmax())])]
        while found[-1] > 0:
            found.append(self._before[found[-1]])
        return found[::-1]

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the state."""
        arrays = {"starts": self._starts.copy(), "scores": self._scores.copy()}
        arrays |= self._intervals.sums("intervals.") | self._positions.sums("positions.")
        for modality, rows in self._rows.items():
            arrays |= rows.sums(f"{ROWS}{modality}.")
        return Checkpoint(len(self._before), self._last, self._positions.frame, arrays)

    def back_to(self, checkpoint: Checkpoint) -> None:
        """Forget what was seen after a checkpoint of this detector."""
        arrays = checkpoint.arrays
        self._starts, self._scores = arrays["starts"].copy(), arrays["scores"].copy()
        self._last = checkpoint.last
        del self._before[checkpoint.count :]
        self._intervals.take("intervals.", arrays)
        self._positions.frame = checkpoint.frame
        self._positions.take("positions.", arrays)
        named = {key[len(ROWS) :].rpartition(".")[0] for key in arrays if key.startswith(ROWS)}
        self._rows = {}
        for modality in named:
            prefix = f"{ROWS}{modality}."
            self._rows[modality] = Rows(RUNS, arrays[f"{prefix}sum"].shape[1])
            self._rows[modality].take(prefix, arrays)

    def before(self) -> NDArray[np.int64]:
        """Return, for a run that begins at each index, where the run before it began."""
        return np.array(self._before, np.int64)

    @classmethod
    def at_checkpoint(cls, before: NDArray[np.int64], checkpoint: Checkpoint) -> Detector:
        """Return a detector as it was at a checkpoint.

        Raises:
            ValueError: The two do not belong together.
            LookupError: The checkpoint lacks a sum.
        """
        detector = cls()
        inside = ((before >= -1) & (before < np.arange(len(before)).clip(min=0))).all()
        if len(before) < checkpoint.count or not inside:
            raise ValueError("runs that begin after they end")
        detector._before = before.tolist()
        detector.back_to(checkpoint)
        starts = detector._starts
        if starts.shape != (RUNS,) or starts.min() < -1 or starts.max() >= checkpoint.count:
            raise ValueError("runs that begin nowhere")
        return detector
