"""Log-mel energies of about a second of sound, the input of the sound tower.

Letters: B batch, T frames, M mel bins.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # Hz
FRAME = SAMPLE_RATE * 25 // 1000  # samples: 25 ms, one analysis window
HOP = SAMPLE_RATE // 100  # samples: 10 ms
FRAMES = 96  # analysis frames in a window of sound
WINDOW = (FRAMES - 1) * HOP + FRAME  # samples: 15,600, 0.975 s
FFT = 512  # samples, zero-padded from FRAME
MEL_BINS = 64
MEL_LOW, MEL_HIGH = 125.0, 7500.0  # Hz
LOG_OFFSET = 0.001  # added to magnitudes before the logarithm


def log_mel(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn mono sounds `(B, WINDOW)`, float32 in [-1, 1], into log-mel energies `(B, T, M)`."""
    frames = sliding_window_view(waves, FRAME, axis=1)[:, ::HOP] * hann_window()  # (B, T, FRAME)
    magnitudes = np.abs(np.fft.rfft(frames, FFT)).astype(np.float32)  # (B, T, FFT // 2 + 1)
    energies: NDArray[np.float32] = np.log(magnitudes @ mel_filters() + np.float32(LOG_OFFSET))
    return energies


@cache
def hann_window() -> NDArray[np.float32]:
    """Return the periodic Hann window `(FRAME,)`."""
    turns = np.arange(FRAME) / FRAME
    window: NDArray[np.float32] = (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)
    return window


@cache
def mel_filters() -> NDArray[np.float32]:
    """Return the triangular filters `(FFT // 2 + 1, M)`, of height 1 on the mel scale."""
    low, high = (_mel(np.float64(edge)) for edge in (MEL_LOW, MEL_HIGH))
    edges = np.linspace(low, high, MEL_BINS + 2)  # (M + 2,)
    bins = _mel(np.arange(FFT // 2 + 1) * SAMPLE_RATE / FFT)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])  # (bins, M)
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.minimum(rising, falling).clip(min=0).astype(np.float32)
    filters[0] = 0.0  # the constant part of a signal cannot be heard
    return filters


def _mel(hertz: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    mels: NDArray[np.float64] = 1127.0 * np.log1p(hertz / 700.0)  # mel of natural logarithm (HTK)
    return mels
