"""Samples in order of time, once everything that may still come before them has come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.streams.clock import Times

Signal = NDArray[np.float32]  # (n, C)


class Ordering:
    """Holds samples back for the lateness, sorts them by time and drops duplicates.

    Attributes:
        newest: Time of the newest sample so far, ns; `None` before the first.
        waiting: How many samples are held.
        duplicates: How many were dropped.
    """

    def __init__(self, *, lateness: int, near: int) -> None:
        """Start without samples.

        Args:
            lateness: How far behind the newest sample one may come, in ns.
            near: Samples at most this many ns apart are one; the first counts.
        """
        self._lateness, self._near = lateness, near
        self._held: list[tuple[Times, Signal]] = []
        self._last: int | None = None  # ns: of the last sample released, kept or not
        self.newest: int | None = None
        self.waiting = self.duplicates = 0

    def add(self, times: Times, samples: Signal) -> None:
        """Take samples in the order they came, none later than the lateness allows."""
        if len(times) == 0:
            return
        self._held.append((times, samples))
        self.waiting += len(times)
        latest = int(times.max())
        self.newest = latest if self.newest is None else max(self.newest, latest)

    def release(self, *, everything: bool = False) -> tuple[Times, Signal] | None:
        """Return the samples nothing can come before any more, `None` if there are none.

        With `everything`, nothing is waited for, and the next sample starts anew.
        """
        if not self._held or self.newest is None:
            return None
        times = np.concatenate([times for times, _ in self._held])
        samples = np.concatenate([samples for _, samples in self._held])
        if (np.diff(times) <= 0).any():
            order = np.argsort(times, kind="stable")
            order = order[np.diff(times[order], prepend=times[order[0]] - 1) > 0]
            self.duplicates += len(times) - len(order)
            times, samples = times[order], samples[order]
        bound = self.newest if everything else self.newest - self._lateness
        ready = int(np.searchsorted(times, bound, "right"))
        self._held = [(times[ready:], samples[ready:])] if ready < len(times) else []
        self.waiting = len(times) - ready
        times, samples = times[:ready], samples[:ready]
        if ready:
            before = times[0] - self._near - 1 if self._last is None else self._last
            kept = np.diff(times, prepend=before) > self._near
            self._last = int(times[-1])
            if not kept.all():
                self.duplicates += ready - int(kept.sum())
                times, samples = times[kept], samples[kept]
        if everything:
            self._last = self.newest = None
        return (times, samples) if len(times) else None
