"""Keeping the calibration of a collection up to date, at a cost that does not grow with it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.forking import Lock
from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.removals import Removals
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.shelf import Setup, Shelf
from sensorium.qdrant import Backend, Filter
from sensorium.qdrant.edge.folder import removed_while_open
from sensorium.qdrant.erasing import Erasure, erase_files

logger = logging.getLogger(__name__)

POINTS = 256  # points of each modality in a sample
RECOUNT = 5.0  # seconds between two counts of the points, which other processes add to
TRIES = 3  # draws of a sample while others remove vectors
SEED = 0  # of the random choice of one row among those of a recording
ROWS = 4096  # rows of each modality to read at most: a long recording has a thousand in a point


class Calibrator:
    """The calibration of one owner's memories, from a sample that is redrawn as they double.

    The sample is kept in a file, if the place has one. It is deleted as soon as a record is
    removed, because it may hold a vector of that record; other processes that have the place open
    see it in their next recall, and what they add is counted after some seconds.
    """

    def __init__(self, shelf: Shelf) -> None:
        """Read the sample that was drawn last, if there is one."""
        self._everything = Filter(shelf.owner, parts=True)
        self._file = shelf.place.calibration_file(shelf.owner)
        self._episodes = shelf.place.episodes_file(shelf.owner)  # kept under the same mark
        self._removals = Removals(self._file) if self._file is not None else None
        self._setup = shelf.setup  # whose vectors the sample holds
        self._lock = Lock()
        self._changes = 0  # by this process
        self._points: int | None = None  # points of this owner; None before they were counted
        self._counted = 0.0  # when they were, on the monotonic clock
        self._calibration: Calibration | None = None
        self._use(self._kept() or Sample.EMPTY)

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
            elif self._mark() != self._sample.mark:  # another process removed vectors
                self._forget_sample()
            points = self._count(setup.backend)
            if points >= 2 * self._sample.total and points > 0:
                kept = self._kept()
                drawn_elsewhere = kept is not None and points < 2 * kept.total
                self._use(kept if kept and drawn_elsewhere else self._drawn(setup.backend))
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

    def mark(self) -> tuple[str | None, int]:
        """Return what changes when vectors, times or places are removed or exchanged.

        Returns:
            The mark of all processes, `None` where they leave none; and a count of this one's.
        """
        return None if self._removals is None else self._removals.mark(), self._changes

    def erase(self) -> Erasure:
        """Delete the sample, and overwrite its file and what killed writers left of it."""
        with self._lock:
            self._clear(delete=False)
            return self._erase_files()

    def _mark(self) -> str:
        return self._removals.mark() if self._removals is not None else ""

    def _count(self, backend: Backend) -> int:
        """Count the points, if others may have added many since."""
        now = time.monotonic()
        if self._points is None or now - self._counted > RECOUNT:
            points = backend.count(self._everything)
            if self._points is not None and points < self._points:  # others have removed some
                self._forget_sample()
            self._points, self._counted = points, now
        return self._points

    def _use(self, sample: Sample) -> None:
        self._sample, self._calibration = sample, None

    def _forget_sample(self) -> None:
        """Begin anew with an empty sample."""
        self._points = None
        self._use(replace(Sample.EMPTY, mark=self._mark()))

    def _clear(self, *, delete: bool = True) -> None:
        """Tell all processes that the sample is out of date, and delete it."""
        self._changes += 1
        if self._removals is not None:
            self._removals.change()
        if self._file is not None and delete:
            self._file.unlink(missing_ok=True)
            if self._episodes is not None:
                self._episodes.unlink(missing_ok=True)
        self._forget_sample()

    def _erase_files(self) -> Erasure:
        found = self._file.parent.glob(f"*{self._file.name}*") if self._file else ()
        return erase_files(sorted(found))

    def _kept(self) -> Sample | None:
        """Return the sample in the file, unless vectors were removed since it was drawn."""
        sample = Sample.load(self._file) if self._file is not None else None
        return sample if sample is not None and sample.mark == self._mark() else None

    def _drawn(self, backend: Backend) -> Sample:
        """Draw a sample and keep it; if vectors are removed meanwhile, draw another one."""
        for _ in range(TRIES):
            mark = self._mark()
            sample = replace(self._draw(backend, self._count(backend)), mark=mark)
            if self._mark() == mark:
                self._save(sample)
                break
            self._points = None
        if self._mark() != mark:  # what was drawn serves for this recall alone
            self._erase_files()
        return sample

    def _save(self, sample: Sample) -> None:
        """Keep a sample for the next opening; on a full disk that one draws its own.

        Raises:
            StoreFormatError: The memory's folder was removed while open.
        """
        if self._file is None:
            return
        try:
            sample.save(self._file)
        except FileNotFoundError as error:
            raise removed_while_open(self._file.parents[1]) from error
        except OSError as error:
            logger.warning("sensorium: the calibration sample cannot be kept: %s", error)

    def _draw(self, backend: Backend, total: int) -> Sample:
        modalities = backend.schema.modalities
        counts = backend.facet("modalities", self._everything, limit=len(modalities))
        rows: dict[str, NDArray[np.float32]] = {}
        shares: dict[str, float] = {}
        for modality in modalities:
            drawn, share = self._draw_rows(backend, modality)
            if len(drawn):
                rows[modality], shares[modality] = drawn, share
        counted = {name: counts.get(name, len(rows[name])) for name in rows}
        return Sample(rows, counted, total, shares=shares)

    def _draw_rows(self, backend: Backend, modality: str) -> tuple[NDArray[np.float32], float]:
        """Return a random row of each of some random points `(n, D)`, and how many each has."""
        points = backend.sample(
            modality, self._everything, limit=POINTS, payload=["windows"], vectors=False
        )
        # Vectors are read of as many points as have `ROWS` rows together, but of at least one.
        counts = [point.payload.get("windows", {}).get(modality, 1) for point in points]
        fitting = int(np.searchsorted(np.cumsum(counts), ROWS, side="right")) or 1
        ids = [point.id for point in points[:fitting]]
        if not ids:
            return np.empty((0, backend.schema.space.dimension), np.float32), 1.0
        owner = self._everything.owner
        read = backend.retrieve(ids, owner=owner, payload=False, vectors=[modality])
        # Sorted by id, so that a collection that is drawn whole always gives the same sample.
        read.sort(key=lambda point: point.id)
        draw = np.random.default_rng(SEED)
        stacks = [point.vectors[modality] for point in read if modality in point.vectors]
        rows = [stack[draw.integers(len(stack))] for stack in stacks]
        return np.stack(rows), float(np.mean(counts))
