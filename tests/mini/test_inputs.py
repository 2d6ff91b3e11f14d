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


def test_a_constant_offset_is_no_sound() -> None:
    """Silence that a cheap converter shifts is left out; what is heard is as without the offset."""
    silence = np.zeros(3 * WINDOW, np.float32)
    wave = np.concatenate([chirp(WINDOW / SAMPLE_RATE), silence])
    [plain] = windows(Audio(wave, rate=SAMPLE_RATE))
    for offset in (0.002, -0.02, 0.3):
        [window] = windows(Audio(wave + np.float32(offset), rate=SAMPLE_RATE))
        assert window.span == plain.span
        lifted = offset if abs(offset) < 0.01 else 0  # too little beside the chirp to be seen
        np.testing.assert_allclose(window.inputs, plain.inputs + lifted, rtol=0, atol=1e-3)


def test_a_mean_that_a_tone_leaves_is_no_offset() -> None:
    """The samples of a sound without one stay as they are, bit for bit: half a period at 20 Hz."""
    for seconds in (0.025, 0.3, WINDOW / SAMPLE_RATE):
        moments = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        wave = np.sin(2 * np.pi * 20.5 * moments).astype(np.float32) / 2
        [window] = windows(Audio(wave, rate=SAMPLE_RATE))
        before = (WINDOW - len(wave)) // 2
        np.testing.assert_array_equal(window.inputs[before : before + len(wave)], wave)


def test_short_motion_is_continued_with_its_mirror_image() -> None:
    """One second fills a window of 2.56 s forwards, backwards, and forwards again."""
    motion = stride(1)
    [window] = windows(IMU(motion, rate=50, accel="m/s^2", gyro="rad/s"))
    assert window.span == Span(0, 1)
    there_and_back = np.concatenate([motion, motion[::-1], motion])[:128]
    np.testing.assert_allclose(window.inputs, there_and_back, rtol=0, atol=1e-4)
