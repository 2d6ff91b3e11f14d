"""Another rate for a stream of samples, by a windowed sinc, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Wave: TypeAlias = NDArray[np.float32]

RESAMPLED = 2**17  # samples, before or after, that are resampled at a time
CROSSINGS = 6  # zero crossings of the sinc on each side
ROLLOFF = 0.99  # cutoff of the filter, as a fraction of the lower Nyquist frequency
KERNEL_SIZE = 2**24  # weights of the resampling kernel: 64 MiB


def reblock(pieces: Iterator[Wave], size: int) -> Iterator[Wave]:
    """Join pieces of any length and cut them to `size`; the last may be shorter."""
    held: list[Wave] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += piece.size
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            yield from joined[:whole].reshape(-1, size)
            # A view of the rest would keep the whole joined array in memory.
            held, count = [joined[whole:].copy()], count - whole
    if count:
        yield np.concatenate(held)


def _ratio(rate_in: int, rate_out: int) -> Fraction:
    """Return `rate_in / rate_out`, exact for every usual pair of rates.

    The kernel holds about numerator times denominator weights; two large rates without a common
    divisor are brought to the nearest ratio that keeps it below `KERNEL_SIZE`.
    """
    exact = Fraction(rate_in, rate_out)
    return exact.limit_denominator(max(1, math.isqrt(int(KERNEL_SIZE / exact))))


def resample(pieces: Iterator[Wave], rate_in: int, rate_out: int) -> Iterator[Wave]:
    """Resample a stream as if the whole of it were resampled at once.

    Every `old` samples become `new` samples. The stream is cut at multiples of `old`, and each
    piece is resampled with as many neighbours on both sides as the filter reaches; silence stands
    before the start and after the end.
    """
    ratio = _ratio(rate_in, rate_out)
    old, new = ratio.numerator, ratio.denominator
    if old == new:
        yield from pieces
        return
    reach = math.ceil(CROSSINGS * old / (min(old, new) * ROLLOFF))  # samples on each side
    context = math.ceil(reach / old) * old
    held = np.zeros(context, np.float32)
    taken = given = 0
    for piece in reblock(pieces, max(1, RESAMPLED * old // max(old, new))):
        held = np.concatenate([held, piece])
        taken += piece.size
        ready = (held.size - 2 * context) // old * old
        if ready > 0:
            yield _convert(held[: ready + 2 * context], old, new, context)
            held = held[ready:]
            given += ready * new // old
    left = math.ceil(taken * new / old) - given
    silence = math.ceil((held.size - context) / old) * old + 2 * context - held.size
    yield _convert(np.pad(held, (0, silence)), old, new, context)[:left]


def _convert(wave: Wave, old: int, new: int, context: int) -> Wave:
    """Resample `(n,)`, n a multiple of `old`; drop the output of `context` samples at each end."""
    kernel = _kernel(old, new)  # (K, new)
    reach = (len(kernel) - old) // 2
    padded = np.pad(wave, reach)
    # (n / old, K): what each `new` samples are made of
    stretches = np.lib.stride_tricks.sliding_window_view(padded, len(kernel))[::old]
    margin = context // old * new
    # NumPy before 2 multiplies a matrix of overlapping rows eight times slower than its copy
    converted: Wave = (np.ascontiguousarray(stretches) @ kernel).ravel()
    return converted[margin : wave.size // old * new - margin]


@lru_cache(maxsize=4)  # of up to 64 MiB each
def _kernel(old: int, new: int) -> Wave:
    """Return the weights `(old + 2 * reach, new)` of a sinc under a squared cosine.

    Column j makes the sample at time `j / new` of every `old` samples, whose first is at 0 and
    which are preceded by `reach` others. Smith, "Digital Audio Resampling" (CCRMA, 2002).
    """
    cutoff = min(old, new) * ROLLOFF  # twice the cutoff frequency, in units of 1 / (old samples)
    reach = math.ceil(CROSSINGS * old / cutoff)
    # In float32: the features of encoders were trained, and are compared, with weights rounded so
    before, after = (np.arange(*span, dtype=np.float32) for span in ((-reach, old + reach), (new,)))
    times = (before / np.float32(old))[:, None] - after / np.float32(new)
    crossings = (times * np.float32(cutoff)).clip(-CROSSINGS, CROSSINGS)
    window = np.cos(crossings * np.float32(np.pi / CROSSINGS / 2)) ** 2
    kernel: Wave = np.sinc(crossings) * window * np.float32(cutoff / old)
    return kernel
