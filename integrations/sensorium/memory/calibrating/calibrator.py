"""Keeping the calibration of a collection up to date, at a price that does not grow with it."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.place import CALIBRATION
from sensorium.memory.shelf import Setup, Shelf
from sensorium.qdrant import Backend, Filter

POINTS = 256  # of each modality in a sample
SEED = 0  # of the choice of a row among those of a recording
ROWS = 4096  # of each modality read for it: long recordings have a thousand a point


class Calibrator:
    """The calibration of one owner's collection, drawn anew when the collection has doubled.

    The sample is kept in a file, if the place has one, and dropped when something is forgotten,
    because it may hold vectors of it.
    """

    def __init__(self, shelf: Shelf) -> None:
        """Read the sample of last time, if there is one."""
        self._everything = Filter(shelf.owner, parts=True)
        self._file = shelf.place.file(CALIBRATION, shelf.owner, ".npz")
        self._setup = shelf.setup  # whose vectors the sample holds
        self._lock = threading.Lock()
        self._points: int | None = None  # this owner has now; None before they were counted
        sample = Sample.load(self._file) if self._file is not None else None
        self._sample = sample or Sample.EMPTY
        self._sampled = self._sample.total
        self._calibration: Calibration | None = None

    def current(self, setup: Setup) -> Calibration:
        """Return the calibration; a sample is drawn first if the last one is out of date.

        Args:
            setup: The collection and the encoder that the calibration is for.
        """
        with self._lock:
            if setup is not self._setup:  # the collection and its encoder were exchanged
                self._clear()
                self._setup = setup
            if self._points is None:
                self._points = setup.backend.count(self._everything)
            if self._points >= 2 * self._sampled and self._points > 0:
                self._sample = self._draw(setup.backend, self._points)
                self._sampled = self._points
                self._calibration = None
                if self._file is not None:
                    self._sample.save(self._file)
            if self._calibration is None:
                self._calibration = Calibration(setup.encoder.background, self._sample)
            return self._calibration

    def added(self, points: int) -> None:
        """Note that so many points were added."""
        with self._lock:
            if self._points is not None:
                self._points += points

    def invalidate(self) -> None:
        """Note that something was removed or changed, and drop the sample."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._points, self._sampled = None, 0
        self._sample, self._calibration = Sample.EMPTY, None
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _draw(self, backend: Backend, total: int) -> Sample:
        modalities = backend.schema.modalities
        counts = backend.facet("modalities", self._everything, limit=len(modalities))
        rows: dict[str, NDArray[np.float32]] = {}
        for modality in modalities:
            drawn = self._draw_one(backend, modality)
            if len(drawn):
                rows[modality] = drawn
        counted = {name: counts.get(name, len(rows[name])) for name in rows}
        return Sample(rows, counted, total)

    def _draw_one(self, backend: Backend, modality: str) -> NDArray[np.float32]:
        """Return a random row of each of some random points, `(n, D)`."""
        points = backend.sample(
            modality, self._everything, limit=POINTS, payload=["windows"], vectors=False
        )
        counts = [point.payload.get("windows", {}).get(modality, 1) for point in points]
        fitting = int(np.searchsorted(np.cumsum(counts), ROWS, side="right")) or 1
        ids = [point.id for point in points[:fitting]]
        if not ids:
            return np.empty((0, backend.schema.space.dimension), np.float32)
        owner = self._everything.owner
        found = backend.retrieve(ids, owner=owner, payload=False, vectors=[modality])
        found.sort(key=lambda point: point.id)  # a small collection gives one sample always
        draw = np.random.default_rng(SEED)
        stacks = [point.vectors[modality] for point in found if modality in point.vectors]
        rows = [stack[draw.integers(len(stack))] for stack in stacks]
        return np.stack(rows)
