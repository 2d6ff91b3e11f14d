"""Planted answers for motion."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sensorium.errors import PerceptTooShortError
from sensorium.imagebind.preprocess import Profile, windows
from sensorium.imagebind.preprocess.imu import imu_windows
from sensorium.percepts import IMU, Span


def ramps(seconds: float, rate: float) -> np.ndarray:
    """Make six channels of tones, each with its own frequency."""
    time = np.arange(round(seconds * rate)) / rate
    return np.stack([np.sin(2 * np.pi * (c + 1) * time) for c in range(6)], axis=1)


def frequency(signal: np.ndarray, rate: float) -> float:
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 2**16))
    return float(spectrum.argmax() * rate / 2**16)


@pytest.mark.parametrize("rate", [50, 100, 200])
def test_imu_channels_are_transposed_not_scrambled(rate: int) -> None:
    """Channel c of the window is channel c of the recording, at its own frequency."""
    imu = IMU(ramps(10, rate), rate=rate, accel="m/s^2", gyro="rad/s")
    [(span, window)] = list(imu_windows(imu))
    assert window.shape == (6, 2000)
    assert span.start == 0
    for channel in range(6):
        heard = frequency(window[channel].numpy()[:1900], 200)
        assert heard == pytest.approx(channel + 1, abs=0.05)


@pytest.mark.parametrize("rate", [20.0, 52.3, 1000.0])
def test_a_5_hz_tone_stays_at_5_hz(rate: float) -> None:
    """Whatever the sensor's rate, time is not stretched."""
    tone = np.repeat(ramps(10, rate)[:, 4:5], 6, axis=1)
    [(_, window)] = list(imu_windows(IMU(tone, rate=rate, accel="m/s^2", gyro="rad/s")))
    assert frequency(window[0].numpy()[100:1900], 200) == pytest.approx(5, abs=0.05)


def test_g_equals_9_80665_metres_per_second_squared() -> None:
    """Both spellings of one recording give one window (and one digest)."""
    motion = ramps(3, 100)
    in_g = IMU(motion, rate=100, accel="g", gyro="deg/s")
    scale = np.r_[[9.80665] * 3, [math.pi / 180] * 3]
    in_si = IMU(motion * scale, rate=100, accel="m/s^2", gyro="rad/s")
    np.testing.assert_allclose(in_g.samples, in_si.samples, rtol=1e-6)
    for (_, window), (_, same) in zip(imu_windows(in_g), imu_windows(in_si), strict=True):
        torch.testing.assert_close(window, same, rtol=0, atol=1e-5)


def test_imu_is_standardised_then_padded() -> None:
    """Each channel has mean 0 and spread 1 over the recording; padding and dead channels are 0."""
    motion = ramps(5, 200) * 3 + 9.8
    motion[:, 5] = 4.0
    [(span, window)] = list(imu_windows(IMU(motion, rate=200, accel="m/s^2", gyro="rad/s")))
    assert span.end == pytest.approx(5, abs=0.01)
    torch.testing.assert_close(window[:5, :1000].mean(1), torch.zeros(5), rtol=0, atol=1e-3)
    torch.testing.assert_close(window[:5, :1000].std(1), torch.ones(5), rtol=0, atol=1e-2)
    assert float(window[:, 1000:].abs().max()) == 0
    assert float(window[5].abs().max()) == 0


def test_a_gap_splits_the_windows() -> None:
    """No window bridges a second without samples, and the spans say where each stretch was."""
    times = np.r_[np.arange(400) / 100, 5 + np.arange(300) / 100]
    imu = IMU(ramps(7, 100), timestamps=times, accel="m/s^2", gyro="rad/s")
    spans = [span for span, _ in imu_windows(imu)]
    assert [(round(s.start, 1), round(s.end, 1)) for s in spans] == [(0.0, 4.0), (5.0, 8.0)]


def test_imu_shorter_than_a_token_is_refused() -> None:
    """20 ms of motion is an error that says what is needed."""
    imu = IMU(ramps(0.02, 200), rate=200, accel="m/s^2", gyro="rad/s")
    with pytest.raises(PerceptTooShortError, match=r"0\.040 s"):
        list(imu_windows(imu))


def test_a_400_hz_profile_has_five_second_windows() -> None:
    """2000 samples at 400 Hz span 5 s."""
    imu = IMU(ramps(10, 100), rate=100, accel="m/s^2", gyro="rad/s")
    spans = [w.span for w in windows(imu, Profile(imu="imu-5s-400hz"))]
    assert spans[0] == Span(0, 5)
