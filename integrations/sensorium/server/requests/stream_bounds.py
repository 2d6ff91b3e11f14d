"""How much one live stream may hold in memory: its windows or frames that wait to be written.

What waits in a stream's queue, and as much that is being written, is counted as float32; the
library's own bounds are those of a program that fills its own memory.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptValueError
from sensorium.memory.streams.modalities import series_class
from sensorium.memory.streams.options import DEFAULTS, LATENESS, SERIES, Defaults
from sensorium.percepts.limits import MIB

MOST_HELD = 256 * MIB  # bytes that one stream may hold
MOST_WAITING = 1024  # windows or frames in a queue, however small
MOST_SHARED = 16  # windows that one sample may be in
MOST_PIECES = 4096  # windows or frames that one message may become
PICTURES_WAITING = 2  # pictures in the queue of a camera, by default: each may have many pixels
BYTES = 4  # of a number
FASTEST = 10_000.0  # Hz: what a sensor is reckoned with whose rate only its timestamps tell


class Waiting(NamedTuple):
    """What a stream is opened with, as far as it says how much waits.

    Attributes:
        modality: Its modality.
        queue: Windows or frames that may wait; `None` for the default.
        width: Numbers of one sample.
        rate: Samples a second; `None` if timestamps tell it.
        window: Seconds; `None` for the default, as the two that follow.
        stride: Seconds.
        lateness: Seconds.
        gap: Seconds.
    """

    modality: str
    queue: int | None
    width: int
    rate: float | None
    window: float | None
    stride: float | None
    lateness: float | None
    gap: float | None

    @property
    def places(self) -> int:
        """Windows or frames that may wait."""
        if self.queue is not None:
            return self.queue
        return PICTURES_WAITING if self.modality == "image" else _defaults(self.modality).queue

    def check(self) -> None:
        """Check what the options alone tell.

        Raises:
            PerceptValueError: Too much may wait.
        """
        if self.places > MOST_WAITING:
            raise PerceptValueError(
                f"queue={self.places}", f"at most {MOST_WAITING}", "lower queue"
            )
        window = self._seconds
        if not window:
            return
        stride = self.stride or window
        if stride > 0 and window / stride > MOST_SHARED:
            raise PerceptValueError(
                f"window={window:g} with stride={stride:g}, so that a sample is in "
                f"{math.ceil(window / stride)} windows",
                f"at most {MOST_SHARED}",
                "make stride longer, or window shorter",
            )
        seconds = window * (2 * self.places + 1) + self._open
        self._check_held(seconds * (self.rate or FASTEST) * self.width * BYTES)

    def check_pushed(self, samples: NDArray[Any]) -> None:
        """Check what the samples or frames of one message take.

        Args:
            samples: As `Stream.push` takes them.
        Raises:
            PerceptValueError: They are too many, too wide, or too large to wait.
        """
        if self._seconds:
            self._check_series(samples)
            return
        frames = _frames(samples, self.modality)
        self._check_pieces(frames)
        self._check_held(samples.size / max(1, frames) * samples.itemsize * 2 * self.places)

    def _check_series(self, samples: NDArray[Any]) -> None:
        rows = samples.shape[-1 if self.modality == "audio" else 0] if samples.ndim else 0
        width = samples.size // max(1, rows)
        if samples.ndim > 1 and width > self.width:
            raise PerceptValueError(
                f"samples of {width} channels",
                f"at most {self.width}, as the stream was opened with",
                "name them where the stream is opened: the parameter channels",
            )
        stride = (self.stride or self._seconds) * (self.rate or FASTEST)
        self._check_pieces(math.ceil(rows / max(1.0, stride)))

    def _check_pieces(self, count: int) -> None:
        if count > MOST_PIECES:
            raise PerceptValueError(
                f"a message of {count:,} windows or frames",
                f"at most {MOST_PIECES:,}",
                "send it in parts",
            )

    def _check_held(self, size: float) -> None:
        if size > MOST_HELD:
            raise PerceptValueError(
                f"a stream in which {size / MIB:,.0f} MiB may wait",
                f"at most {MOST_HELD // MIB}",
                "open it with a smaller queue, a shorter window, its rate, or smaller frames",
            )

    @property
    def _seconds(self) -> float:
        return _defaults(self.modality).window and (self.window or _defaults(self.modality).window)

    @property
    def _open(self) -> float:
        """Seconds of samples beside the windows: those that are waited for, and a bridged hole."""
        gap = _defaults(self.modality).gap or 0.0
        late = LATENESS if self.lateness is None else self.lateness
        return late + (gap if self.gap is None else self.gap)


def _defaults(modality: str) -> Defaults:
    """Return the defaults of a modality; of one that cannot be streamed, those of pictures."""
    if modality in DEFAULTS:
        return DEFAULTS[modality]
    return SERIES if series_class(modality) else DEFAULTS["image"]


def _frames(samples: NDArray[Any], modality: str) -> int:
    """Return how many frames an array is, as the stream takes it."""
    is_colour = samples.ndim == 3 and samples.shape[-1] == 3 and modality != "depth"
    is_batch = samples.ndim > 3 or (samples.ndim == 3 and not is_colour)
    return len(samples) if is_batch else 1


def check_picture(samples: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return numbers as the pixels that they are.

    Args:
        samples: Whole numbers from 0 to 255, of any shape.
    Raises:
        PerceptValueError: One of them is something else, or was not measured.
    """
    good = (samples >= 0) & (samples <= 255) & (samples == np.floor(samples))
    if not good.all():
        raise PerceptValueError(
            f"a picture with the number {samples[~good].flat[0]:g}",
            "whole numbers from 0 to 255, none of them null",
            "scale and round them, or send the picture's file",
        )
    return samples.astype(np.uint8)
