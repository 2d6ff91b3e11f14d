"""Keeping the calibration of a collection up to date, at a cost that does not grow with it."""

from __future__ import annotations

import logging
import threading

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.shelf import Setup, Shelf
from sensorium.qdrant import Backend, Filter
from sensorium.qdrant.edge.folder import removed_while_open
from sensorium.qdrant.erasing import Erasure, erase_files

logger = logging.getLogger(__name__)

POINTS = 256  # points of each modality in a sample
SEED = 0  # of the random choice of one row among those of a recording
ROWS = 4096  # rows of each modality to read at most: a long recording has a thousand in a point


class Calibrator:
    """The calibration of one owner's memories, from a sample that is redrawn as they double.

    The sample is kept in a file, if the place has one. It is deleted as soon as a record is
    removed, because it may hold a vector of that record.
    """

    def __init__(self, shelf: Shelf) -> None:
        """Read the sample that was drawn last, if there is one."""
        self._everything = Filter(shelf.owner, parts=True)
        self._file = shelf.place.calibration_file(shelf.owner)
        self._setup = shelf.setup  # whose vectors the sample holds
        self._lock = threading.Lock()
        self._points: int | None = None  # points of this owner; None before they were counted
        sample = Sample.load(self._file) if self._file is not None else None
        self._sample = sample or Sample.EMPTY
        self._sampled = self._sample.total
        self._calibration: Calibration | None = None

    def current(self, setup: Setup) -> Calibration:
        """Return the calibration; draw another sample first if the last one is out of date.

        Args:
            setup: The collection and the encoder that the calibration is for.
        Raises:
            StoreFormatError: The memory's folder was removed while open.
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
                self._save()
            if self._calibration is None:
                self._calibration = Calibration(setup.encoder.background, self._sample)
            return self._calibration

    def added(self, points: int) -> None:
        """Count points that were added."""
        with self._lock:
            if self._points is not None:
                self._points += points

    def invalidate(self) -> None:
        """Delete the sample, after vectors were removed or exchanged."""
        with self._lock:
            self._clear()

    def erase(self) -> Erasure:
        """Delete the sample, and overwrite its file and what killed writers left of it."""
        with self._lock:
            found = self._file.parent.glob(f"*{self._file.name}*") if self._file else ()
            erased = erase_files(sorted(found))
            self._clear()
        return erased

    def _clear(self) -> None:
        self._points, self._sampled = None, 0
        self._sample, self._calibration = Sample.EMPTY, None
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _save(self) -> None:
        """Keep the sample for the next opening; on a full disk that one draws its own.

        Raises:
            StoreFormatError: The memory's folder was removed while open.
        """
        if self._file is None:
            return
        try:
            self._sample.save(self._file)
        except FileNotFoundError as error:
            raise removed_while_open(self._file.parents[1]) from error
        except OSError as error:
            logger.warning("sensorium: the calibration sample cannot be kept: %s", error)

    def _draw(self, backend: Backend, total: int) -> Sample:
        modalities = backend.schema.modalities
        counts = backend.facet("modalities", self._everything, limit=len(modalities))
        rows: dict[str, NDArray[np.float32]] = {}
        for modality in modalities:
            drawn = self._draw_rows(backend, modality)
            if len(drawn):
                rows[modality] = drawn
        counted = {name: counts.get(name, len(rows[name])) for name in rows}
        return Sample(rows, counted, total)

    def _draw_rows(self, backend: Backend, modality: str) -> NDArray[np.float32]:
        """Return a random row of each of some random points, shape `(n, D)`."""
        points = backend.sample(
            modality, self._everything, limit=POINTS, payload=["windows"], vectors=False
        )
        # Vectors are read of as many points as have `ROWS` rows together, but of at least one.
        counts = [point.payload.get("windows", {}).get(modality, 1) for point in points]
        fitting = int(np.searchsorted(np.cumsum(counts), ROWS, side="right")) or 1
        ids = [point.id for point in points[:fitting]]
        if not ids:
            return np.empty((0, backend.schema.space.dimension), np.float32)
        owner = self._everything.owner
        read = backend.retrieve(ids, owner=owner, payload=False, vectors=[modality])
        # Sorted by id, so that a collection that is drawn whole always gives the same sample.
        read.sort(key=lambda point: point.id)
        draw = np.random.default_rng(SEED)
        stacks = [point.vectors[modality] for point in read if modality in point.vectors]
        rows = [stack[draw.integers(len(stack))] for stack in stacks]
        return np.stack(rows)
