"""Choosing the frames of a stream to remember: not too often, and only if the picture changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptShapeError, UnitError
from sensorium.memory.streams.clock import Clock, Stretch, Times, moment_of, stamps
from sensorium.memory.streams.cutter import ReadyPercept
from sensorium.memory.streams.modalities import array_of
from sensorium.memory.streams.ordering import FrameOrder
from sensorium.memory.streams.report import Counts
from sensorium.memory.streams.running_statistics import RunningStatistics
from sensorium.percepts import Depth, Image, Percept, Thermal
from sensorium.percepts.source import Array, Given, Samples

Camera: TypeAlias = Callable[[Array, datetime | None], Percept]
CHANNELS = {"image": (1, 3, 4), "depth": (1,), "thermal": (1, 3)}  # last axis of one frame
COARSE = 64  # pixels of the longer side of the grid on which frames are compared
DARKEST, BRIGHTEST = 1.0, 99.0  # percentiles: single hot or dead pixels say nothing of a map
FULL_SCALE = 255.0


def camera(modality: str, units: Mapping[str, Any]) -> Camera:
    """Return a function that makes a percept of one frame, with the units of the stream."""
    kinds: dict[str, type[Percept]] = {"image": Image, "depth": Depth, "thermal": Thermal}
    make: Callable[..., Percept] = kinds[modality]
    return lambda frame, at: make(frame, at=at, **units)


class FrameCutter:
    """Chooses the frames of a stream that are remembered, each as one percept."""

    def __init__(
        self,
        modality: str,
        make: Camera,
        clock: Clock,
        *,
        rate: float | None,
        every: int,
        min_change: float,
        gap: int | None,
        statistics: RunningStatistics,
        counts: Counts,
    ) -> None:
        """Start without frames.

        Args:
            modality: "image", "depth" or "thermal".
            make: Function that makes a percept of a frame.
            clock: Clock that gives each frame its time.
            rate: Frames per second in a batch without times; `None` to refuse such a batch.
            every: Shortest time from one remembered frame to the next, in ns.
            min_change: Smallest mean absolute difference from the last remembered frame, in [0, 1].
            gap: Frames more than this many ns apart are reported; `None` reports nothing.
            statistics: Statistics of all remembered pixels.
            counts: Counts of the stream.
        """
        self._modality, self._make, self._clock, self._rate = modality, make, clock, rate
        self._every, self._min_change = every, min_change
        self._order = FrameOrder(gap=gap, counts=counts)
        self._statistics, self._counts = statistics, counts
        self._kind: object = None  # shape and dtype of the last frames
        self._remembered: int | None = None  # ns: time of the last remembered frame
        self._reference: NDArray[np.float64] | None = None  # that frame on a coarse grid

    def push(
        self, given: Given, *, at: int | Times | None, timestamps: object
    ) -> Iterator[ReadyPercept]:
        """Take a frame or a batch of them; yield those to be remembered.

        Raises:
            PerceptError: The percept's constructor refuses the first frame of the batch.
            UnitError: A batch without times, in a stream without a rate.
        """
        frames = self._batch(array_of(given, self._modality))
        kind = (frames.shape[1:], frames.dtype)
        if kind != self._kind:
            self._make(frames[0], None)  # raises if these are not frames of the modality
            self._kind = kind
        placed = self._place(len(frames), at, timestamps)
        self._counts.pushed += len(frames)
        jumped = np.zeros(len(frames), np.bool_)
        firsts = np.cumsum([0, *(len(part.times) for part in placed[:-1])])
        jumped[firsts] = [part.jumped for part in placed]
        return self._chosen(frames, np.concatenate([part.times for part in placed]), jumped)

    def _place(self, count: int, at: int | Times | None, timestamps: object) -> list[Stretch]:
        """Return the times of frames: given ones, else by the rate, else now."""
        if isinstance(at, np.ndarray):
            return self._clock.place(count, timestamps=stamps(at.astype("datetime64[ns]"), count))
        if timestamps is not None:
            return self._clock.place(count, at=at, timestamps=stamps(timestamps, count))
        if self._rate is not None:
            return self._clock.place(count, at=at)
        if count > 1:
            raise UnitError(
                f"{count} frames without times, in a stream without a rate",
                "times or a rate",
                "pass at=[...] or timestamps=, or open the stream with rate=",
            )
        now = np.array([self._clock.now() if at is None else at], "datetime64[ns]")
        return self._clock.place(1, timestamps=now)

    def end(self) -> Iterator[ReadyPercept]:
        """Yield nothing: no frame waits for another."""
        return iter(())

    def admitted(self, given: Given) -> NDArray[np.float64]:
        """Return the pixels of a frame in the units of the statistics, shape `(pixels, C)`."""
        return _pixels(self._make(array_of(given, self._modality), None))

    def _batch(self, frames: Array) -> Array:
        """Return `(N, H, W)` or `(N, H, W, C)`."""
        single = frames.ndim == 2
        single |= frames.ndim == 3 and frames.shape[-1] in CHANNELS[self._modality]
        if not single and frames.ndim not in (3, 4):
            raise PerceptShapeError(
                f"frames of shape {frames.shape} ({self._modality})",
                "(H, W), (H, W, C), or a batch of such frames",
                "push one frame, or a batch of frames of one size",
            )
        return frames[None] if single else frames

    def _chosen(
        self, frames: Array, times: NDArray[np.int64], starts: NDArray[np.bool_]
    ) -> Iterator[ReadyPercept]:
        for frame, time, jumped in zip(frames, times.tolist(), starts.tolist(), strict=True):
            if jumped:
                self._counts.jumps += 1
                self._remembered = None
                self._order.restart()
            if not self._order.accepts(time):
                continue
            soon = self._remembered is not None and time - self._remembered < self._every
            if soon or not self._changed(frame):
                self._counts.skipped += 1
                continue
            percept = self._make(frame, moment_of(time))
            self._remembered = time
            self._statistics.add(_pixels(percept))
            self._counts.windows += 1
            yield ReadyPercept(percept, 1)

    def _changed(self, frame: Array) -> bool:
        """Return whether a frame differs enough; the next one is compared with it then."""
        if self._min_change == 0:
            return True
        now = _coarse(frame, self._modality)
        before = self._reference
        if before is not None and before.shape == now.shape:
            scale = 1.0 if self._modality == "image" else _range_of(before)
            both = np.isfinite(before) & np.isfinite(now)
            apart = np.minimum(np.abs(now[both] - before[both]) / scale, 1.0)
            if apart.size and apart.mean() < self._min_change:
                return False
        self._reference = now
        return True


def _coarse(frame: Array, modality: str) -> NDArray[np.float64]:
    step = -(-max(frame.shape[:2]) // COARSE)
    pixels = frame[::step, ::step].astype(np.float64)
    return pixels / FULL_SCALE if modality == "image" and frame.dtype == np.uint8 else pixels


def _range_of(pixels: NDArray[np.float64]) -> float:
    """Return the difference between the brightest and darkest pixels: a change of 1."""
    low, high = np.percentile(pixels[np.isfinite(pixels)], [DARKEST, BRIGHTEST])
    return float(high - low) or 1.0


def _pixels(percept: Percept) -> NDArray[np.float64]:
    """Return the pixels of a percept made of samples, shape `(pixels, C)`, without holes."""
    source = percept.source
    assert isinstance(source, Samples)
    values = source.array
    pixels = values.reshape(-1, values.shape[2] if values.ndim == 3 else 1).astype(np.float64)
    if values.dtype == np.uint8:
        pixels /= FULL_SCALE
    return pixels[np.isfinite(pixels).all(axis=1)]
