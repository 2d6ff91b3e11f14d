"""Planted answers for the senses the reference has no loader for, and for our differences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import PIL.Image
import pytest
import torch

from sensorium.errors import PerceptTooShortError
from sensorium.imagebind.preprocess import Profile, windows
from sensorium.imagebind.preprocess.audio import (
    SAMPLE_RATE,
    WINDOW,
    audio_windows,
    log_mel,
)
from sensorium.imagebind.preprocess.depth import depth_tensor
from sensorium.imagebind.preprocess.imu import imu_windows
from sensorium.imagebind.preprocess.thermal import thermal_tensor
from sensorium.imagebind.preprocess.video import video_windows
from sensorium.percepts import IMU, Audio, Depth, Image, Span, Thermal, Video
from sensorium.percepts.geometry import fit
from sensorium.percepts.windows import back_to_back, cut

KINECT = 529.0  # focal length in pixels


def flat_depth(metres: float) -> float:
    depth = Depth(np.full((48, 64), metres, np.float32), unit="m", fx=KINECT)
    return float(depth_tensor(depth).mean())


def test_depth_crosses_zero_near_1_6_metres() -> None:
    """0.075 m x 529 px / (600 x 0.0418) = 1.582 m is the zero of the normalised disparity."""
    assert flat_depth(1.582) == pytest.approx(0, abs=2e-3)
    assert flat_depth(1.4) > 0 > flat_depth(1.8)


def test_nearer_is_larger() -> None:
    """Depth is shown to the tower as disparity: a near object is the bright one."""
    scene = np.full((224, 224), 4.0, np.float32)
    scene[80:140, 80:140] = 1.0
    shown = depth_tensor(Depth(scene, unit="m", fx=KINECT))
    assert shown.shape == (1, 224, 224)
    assert shown[0, 110, 110] > shown[0, 10, 10]
    assert float(shown[0, 10, 10]) == pytest.approx(
        (0.075 * KINECT / 4 / 600 - 0.0418) / 0.0295, abs=1e-4
    )


def test_disparity_is_clamped() -> None:
    """Nothing nearer than 600 px of disparity is brighter than 1 before normalising."""
    near = Depth(np.full((40, 40), 0.01, np.float32), unit="m", fx=KINECT)
    assert float(depth_tensor(near).max()) == pytest.approx((1 - 0.0418) / 0.0295, rel=1e-5)


def test_holes_take_the_depth_around_them() -> None:
    """A hole (0 or NaN) in a flat wall is wall, not infinitely near or far."""
    wall = np.full((100, 120), 2.0, np.float32)
    wall[40:60, 40:60] = 0
    wall[0:10, 0:10] = math.nan
    shown = depth_tensor(Depth(wall, unit="m", fx=KINECT))
    assert float(shown.std()) < 1e-4


def test_black_hot_is_inverted() -> None:
    """The same scene shown white-hot and black-hot gives the same tensor."""
    scene = np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)
    white = thermal_tensor(Thermal(scene, unit="white-hot"))
    black = thermal_tensor(Thermal(255 - scene, unit="black-hot"))
    torch.testing.assert_close(white, black, rtol=0, atol=1e-6)
    assert 0 <= float(white.min()) <= float(white.max()) <= 1


def test_thermal_is_neither_centred_nor_scaled() -> None:
    """Half of full intensity is 0.5 for the tower."""
    half = Thermal(np.full((30, 40), 0.5, np.float32), unit="white-hot")
    torch.testing.assert_close(thermal_tensor(half), torch.full((1, 224, 224), 0.5))


def ramps(seconds: float, rate: float) -> np.ndarray:
    """Six channels of tones, one frequency a channel."""
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
    for (_, one), (_, other) in zip(imu_windows(in_g), imu_windows(in_si), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


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


def test_a_61_minute_sound_is_wholly_heard() -> None:
    """Back-to-back windows cover every sample of a long stream, in order, with true spans."""
    total = 61 * 60 * SAMPLE_RATE + 12_345

    def stream() -> Iterator[np.ndarray]:
        for first in range(0, total, 1_000_003):
            yield np.arange(first, min(first + 1_000_003, total)).astype(np.float32)

    heard_until = 0
    for start, wave in cut(stream(), WINDOW):
        assert len(wave) == WINDOW
        assert start <= heard_until
        assert wave[0] == np.float32(start)
        assert wave[-1] == np.float32(start + WINDOW - 1)
        heard_until = start + WINDOW
    assert heard_until == total


def test_a_short_sound_is_centred_in_silence() -> None:
    """Half a second lies in the middle of its window; around it is silence, not loudness."""
    tone = np.sin(np.arange(SAMPLE_RATE // 2) * 0.3).astype(np.float32)
    [(span, window)] = list(audio_windows(Audio(tone, rate=SAMPLE_RATE)))
    energy = window[0, :, :198].mean(dim=0)
    assert span == Span(0.0, 0.5)
    assert float(energy[80:118].min()) > float(energy[:60].max())
    assert float(energy[:60].max()) == pytest.approx(float(energy[-60:].max()), abs=1e-3)


def test_an_offset_does_not_change_what_is_heard() -> None:
    """A constant added to a microphone's samples changes no log-mel."""
    wave = torch.randn(WINDOW, generator=torch.Generator().manual_seed(0)) * 0.1
    torch.testing.assert_close(log_mel(wave + 0.25), log_mel(wave), rtol=0, atol=1e-3)


def test_less_than_25_ms_of_sound_is_refused() -> None:
    """A click shorter than one analysis frame is an error, never a crashed batch."""
    with pytest.raises(PerceptTooShortError, match=r"24\.9 ms"):
        list(audio_windows(Audio(np.ones(399, np.float32) * 0.1, rate=SAMPLE_RATE)))


@pytest.mark.parametrize(
    ("duration", "spans"),
    [
        (1.5, [(0, 1.5)]),
        (2.0, [(0, 2)]),
        (4.0, [(0, 2), (2, 4)]),
        (5.0, [(0, 2), (2, 4), (3, 5)]),
    ],
)
def test_windows_cover_everything(duration: float, spans: list[tuple[float, float]]) -> None:
    """Back to back; the last ends with the recording."""
    assert back_to_back(duration, 2.0) == [Span(*span) for span in spans]


def test_video_windows_show_their_first_and_last_frame() -> None:
    """A video that brightens with time: each window's frames are those of its ends."""
    levels = np.arange(50, dtype=np.uint8) * 5  # 5 s at 10 frames a second
    frames = np.broadcast_to(levels[:, None, None, None], (50, 32, 48, 3))
    for crops in (1, 3):
        cut = list(video_windows(Video(frames, fps=10), crops=crops))
        assert [span for span, _ in cut] == [Span(0, 2), Span(2, 4), Span(3, 5)]
        for span, window in cut:
            assert window.shape == (crops, 3, 2, 224, 224)
            red = window[:, 0].mean(dim=(2, 3)) * 0.26862954 + 0.48145466
            ends = [min(int(t * 10), 49) * 5 / 255 for t in (span.start, span.end)]
            torch.testing.assert_close(red, torch.tensor([ends] * crops), rtol=0, atol=1e-3)


def test_the_crop_follows_the_long_side() -> None:
    """Start, centre and end of a wide picture are its left, middle and right."""
    wide = np.zeros((50, 300, 3), np.uint8)
    wide[:, :100, 0], wide[:, 100:200, 1], wide[:, 200:, 2] = 255, 255, 255
    for channel, across in enumerate((0.0, 0.5, 1.0)):
        square = np.asarray(fit(PIL.Image.fromarray(wide), 224, across=across)).mean(axis=(0, 1))
        assert square.argmax() == channel


def test_an_extreme_shape_costs_no_memory() -> None:
    """A picture of 1 x 100,000 pixels is cut before it is enlarged 224 times."""
    assert fit(PIL.Image.new("RGB", (1, 100_000)), 224).size == (224, 224)


def test_profiles_have_different_names() -> None:
    """Every choice is part of the space's identity."""
    profiles = [
        Profile(),
        Profile(text="cut"),
        Profile(audio="paper3"),
        Profile(video_crops=3),
        Profile(imu="imu-5s-400hz"),
    ]
    assert len({profile.name for profile in profiles}) == len(profiles)


def test_a_400_hz_profile_has_five_second_windows() -> None:
    """2000 samples at 400 Hz span 5 s."""
    imu = IMU(ramps(10, 100), rate=100, accel="m/s^2", gyro="rad/s")
    spans = [w.span for w in windows(imu, Profile(imu="imu-5s-400hz"))]
    assert spans[0] == Span(0, 5)


def test_stills_have_no_span() -> None:
    """A picture is one window outside time."""
    [window] = list(windows(Image(np.zeros((9, 9, 3), np.uint8)), Profile()))
    assert window.span is None
    assert window.inputs.shape == (3, 224, 224)
