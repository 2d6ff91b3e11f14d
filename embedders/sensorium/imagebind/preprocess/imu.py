"""IMU: ten seconds of six standardised channels at 200 Hz.

Source: the paper (arXiv 2305.05665, section 3.3 and appendix B). Deliberate differences: recordings
are resampled without aliasing, windows cover all of them and bridge no gap, and channels are
transposed (a reshape would mix them).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sensorium.imagebind.stems import IMU_CHANNELS, IMU_PATCH, IMU_SAMPLES
from sensorium.percepts import IMU, Span
from sensorium.percepts.windows import back_to_back, long_segments

RATES = {"imu-10s-200hz": 200, "imu-5s-400hz": 400}  # Hz; a window has 2000 samples at each
STILL = 1e-6  # m/s^2 or rad/s: a channel that varies less is constant, and becomes 0


def imu_windows(imu: IMU, *, rate: int = 200) -> Iterator[tuple[Span, Tensor]]:
    """Cut a recording into windows of 2000 samples, within its gap-free stretches.

    Each channel is standardised over the whole recording; a stretch shorter than a window is
    padded with zeros after that. Stretches under one token (8 samples) are left out.

    Args:
        imu: The recording.
        rate: Samples per second: 200 (windows of 10 s) or 400 (5 s).
    Yields:
        Span in seconds, and float32 `(6, 2000)`, accelerometer x y z then gyroscope x y z.
    Raises:
        PerceptTooShortError: Every stretch is shorter than one token.
    """
    segments = long_segments(imu, rate, IMU_PATCH)
    everything = np.concatenate([part.samples for part in segments])
    mean = everything.mean(axis=0, dtype=np.float64)
    spread = everything.std(axis=0, dtype=np.float64)
    for part in segments:
        standard = np.where(spread > STILL, (part.samples - mean) / np.maximum(spread, STILL), 0.0)
        length = IMU_SAMPLES / rate  # seconds of one window
        for span in back_to_back(len(standard) / rate, length):
            first = round(span.start * rate)
            window = _window(standard[first : first + IMU_SAMPLES])
            yield Span(part.start + span.start, part.start + span.end), window


def _window(samples: NDArray[np.float64]) -> Tensor:
    window = np.zeros((IMU_CHANNELS, IMU_SAMPLES), np.float32)
    window[:, : len(samples)] = samples.T
    return torch.from_numpy(window)
