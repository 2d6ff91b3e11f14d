"""From percepts to the inputs of the towers."""

from __future__ import annotations

import numpy as np
from tests.support.signals import chirp, stride

from sensorium.mini.inputs import windows
from sensorium.mini.log_mel import SAMPLE_RATE, WINDOW
from sensorium.percepts import IMU, Audio, Span


def test_silence_is_left_out_unless_there_is_nothing_else() -> None:
    """Digital silence makes no rows beside sound, and one row alone."""
    silence = np.zeros(3 * WINDOW, np.float32)
    loud = np.concatenate([chirp(WINDOW / SAMPLE_RATE), silence])
    assert len(list(windows(Audio(loud, rate=SAMPLE_RATE)))) == 1
    assert len(list(windows(Audio(silence, rate=SAMPLE_RATE)))) == 1


def test_quiet_is_not_silent() -> None:
    """A tone at -50 dB of full scale is heard beside a loud one, a tone at -70 dB is not."""
    tone = chirp(WINDOW / SAMPLE_RATE) / 0.4
    for decibels, expected in ((-50, 2), (-70, 1)):
        wave = np.concatenate([tone / 2, tone * np.float32(10 ** (decibels / 20))])
        assert len(list(windows(Audio(wave, rate=SAMPLE_RATE)))) == expected


def test_short_motion_is_continued_with_its_mirror_image() -> None:
    """One second fills a window of 2.56 s forwards, backwards, and forwards again."""
    motion = stride(1)
    [window] = windows(IMU(motion, rate=50, accel="m/s^2", gyro="rad/s"))
    assert window.span == Span(0, 1)
    there_and_back = np.concatenate([motion, motion[::-1], motion])[:128]
    np.testing.assert_allclose(window.inputs, there_and_back, rtol=0, atol=1e-4)
