"""The outline of a sound: its lowest and highest sample in each of many stretches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts import Audio

LONG = 1800.0  # seconds: of a longer sound, a piece of each stretch is read
PIECE = 0.05  # seconds of such a piece
BLOCK = 10.0  # seconds read at a time


class Waveform(NamedTuple):
    """The outline of a sound.

    Attributes:
        duration: Length of the sound in seconds.
        low: Lowest sample of each stretch, `(n,)` float32; the stretches are equally long.
        high: Highest sample of each.
        sampled: Whether only a piece of each stretch was read.
    """

    duration: float
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    sampled: bool


def outline(sound: Audio, points: int) -> Waveform:
    """Return the outline of a sound, of at most `points` stretches, in bounded memory and time.

    Raises:
        PerceptError: The sound's file is damaged, changed or gone.
    """
    length = sound.duration
    if length is not None and length > LONG:
        return _glimpses(sound, length, points)
    return _whole(sound, points)


def _whole(sound: Audio, points: int) -> Waveform:
    """Read all of a sound, whose length its header may not say.

    Stretches are joined in pairs whenever there would be too many, so that none is lost.
    """
    step = 1  # samples of a stretch
    low, high = np.empty(0, np.float32), np.empty(0, np.float32)
    rest = low
    count = 0
    for block in sound.blocks(sound.rate, seconds=BLOCK):
        count += block.size
        samples = np.concatenate([rest, block])
        while (low.size + samples.size / step) > points:
            if low.size % 2:  # the last stretch waits for its other half
                samples = np.concatenate([_ends(low[-1], high[-1], step), samples])
                low, high = low[:-1], high[:-1]
            low, high = low.reshape(-1, 2).min(axis=1), high.reshape(-1, 2).max(axis=1)
            step *= 2
        whole = samples.size // step * step
        stretches = samples[:whole].reshape(-1, step)
        low = np.concatenate([low, stretches.min(axis=1)])
        high = np.concatenate([high, stretches.max(axis=1)])
        rest = samples[whole:]
    if rest.size:
        low, high = np.append(low, rest.min()), np.append(high, rest.max())
    return Waveform(count / sound.rate, low, high, sampled=False)


def _ends(low: float, high: float, step: int) -> NDArray[np.float32]:
    """Return samples that stand for a stretch of which only the ends are known."""
    stretch = np.full(step, low, np.float32)
    stretch[-1] = high
    return stretch


def _glimpses(sound: Audio, length: float, points: int) -> Waveform:
    """Read a piece at the beginning of each stretch of a long sound."""
    found = [
        next(sound.blocks(sound.rate, seconds=PIECE, since=index * length / points), None)
        for index in range(points)
    ]
    pieces = [np.zeros(1, np.float32) if piece is None else piece for piece in found]
    low = np.array([piece.min() for piece in pieces], np.float32)
    high = np.array([piece.max() for piece in pieces], np.float32)
    return Waveform(length, low, high, sampled=True)
