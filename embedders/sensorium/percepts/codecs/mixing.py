"""One channel of several: their mean, in which channels of opposite phase do not cancel.

A reversed lead, a balanced line taken for stereo and "stereo widening" give channels that are each
other's negative, so that their mean is silence. Whether channels cancel is decided from their
energies around every half second, and such channels are turned over before the mean is taken. In
other recordings the mean stays as it is, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Wave: TypeAlias = NDArray[np.float32]
Gram: TypeAlias = NDArray[np.float64]

STEP = 0.5  # seconds between two moments at which is decided, each for what lies a step around it
# The energy of the channels' sum, as a multiple of the sum of their energies. It is 1 for channels
# that have nothing to do with each other, as many as there are channels where all are equal, and 0
# where they cancel.
CANCELLED = 0.05  # at this and below, channels are turned over whole: -1 at least 0.7 times as loud
APART = 0.1  # at this and above, they stay as they are: two of them lose 13 dB in their mean
FAINT = 0.1  # share of the loudest channel's energy; with less, a channel decides nothing


def step_of(rate: int) -> int:
    """Return the samples of a step at `rate` Hz."""
    return max(1, math.ceil(STEP * rate))


def first_step(start: int, rate: int) -> int:
    """Return from which sample on channels have to be read, so that `start` is mixed as ever.

    Args:
        start: First sample that is wanted.
        rate: Samples per second, in Hz.
    """
    step = step_of(rate)
    return max(0, start // step - 1) * step


def mix_down(pieces: Iterator[Wave], channels: int, rate: int) -> Iterator[Wave]:
    """Yield the mean of the channels `(n,)`, with those turned over that would cancel others.

    Args:
        pieces: Samples `(C, n)` of any lengths, from a multiple of `step_of(rate)` on; or `(1, n)`
            where all channels are equal.
        channels: C.
        rate: Samples per second, in Hz.
    """
    if channels == 1:
        yield from (piece[0] for piece in pieces)
        return
    step = step_of(rate)
    held: Wave | None = None  # the step before, which waits for what comes after it
    gram = np.zeros((channels, channels))  # of the step before
    gains = np.ones(channels, np.float32)  # at the start of the step before
    for rows in _steps(pieces, channels, step):
        following = _gram(rows[1:])
        then = _gains(gram + following)
        if held is not None:
            yield _mixed(held, gains, then, step)
        held, gram, gains = rows, following, then
    if held is not None:
        yield _mixed(held, gains, _gains(gram), step)


def _steps(pieces: Iterator[Wave], channels: int, step: int) -> Iterator[Wave]:
    """Yield rows `(1 + C, step)`: the mean of the channels, then each; the last may be shorter.

    The mean is taken of the pieces as they came: NumPy adds eight channels in another order when
    they lie in memory in another.
    """
    held: list[Wave] = []
    count = 0
    for piece in pieces:
        rows = np.empty((1 + channels, piece.shape[1]), np.float32)
        rows[0], rows[1:] = piece.mean(axis=0), piece
        held.append(rows)
        count += rows.shape[1]
        if count >= step:
            joined = np.concatenate(held, axis=1)
            whole = count - count % step
            for start in range(0, whole, step):
                yield joined[:, start : start + step]
            held, count = [joined[:, whole:].copy()], count - whole
    if count:
        yield np.concatenate(held, axis=1)


def _gram(rows: Wave) -> Gram:
    """Return the products `(C, C)` of the channels with each other, without a constant offset."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    products: Gram = (centred @ centred.T).astype(np.float64)
    return products


def _gains(gram: Gram) -> Wave:
    """Return by what to multiply each channel, from -1 to 1; 1 for all if they do not cancel."""
    gains = np.ones(len(gram), np.float32)
    energy = gram.trace()
    if not energy > 0:
        return gains
    weight = np.clip((APART - gram.sum() / energy) / (APART - CANCELLED), 0, 1)
    if weight == 0:
        return gains
    # From the loudest on, each channel is turned so that it adds to those before it
    signs = np.zeros(len(gram))
    for channel in np.argsort(-gram.diagonal(), kind="stable"):
        signs[channel] = -1 if gram[channel] @ signs < 0 else 1
    # The same channel stays as it is at every moment, although two may be equally loud
    signs *= signs[np.argmax(gram.diagonal() > FAINT * gram.diagonal().max())]
    return np.asarray(1 + weight * (signs - 1), np.float32)


def _mixed(rows: Wave, gains: Wave, then: Wave, step: int) -> Wave:
    """Return the mean of a step whose gains pass evenly from one to the other."""
    if (gains == 1).all() and (then == 1).all():
        plain: Wave = rows[0]
        return plain
    ramp = np.arange(rows.shape[1], dtype=np.float32) / np.float32(step)
    turned = gains[:, None] * (1 - ramp) + then[:, None] * ramp  # (C, n)
    mixed: Wave = (turned * rows[1:]).mean(axis=0)
    return mixed
