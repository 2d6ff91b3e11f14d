"""What is long is cut into windows that cover all of it, the last stretch included."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.errors import PerceptTooShortError
from sensorium.percepts import IMU, Span
from sensorium.percepts.windows import back_to_back, cut_windows, long_segments

WINDOW = 2.0  # seconds


@pytest.mark.parametrize("remainder", [0.001, 0.04, 0.3, 0.499, 0.5, 0.501, 1.0, 1.999])
def test_the_last_stretch_is_seen_however_short(remainder: float) -> None:
    """A frame or half a second beyond whole windows gets a window that ends with the recording."""
    spans = back_to_back(4 + remainder, WINDOW)
    assert spans[:2] == [Span(0, 2), Span(2, 4)]
    assert len(spans) == 3
    assert spans[2].end == pytest.approx(4 + remainder)
    assert spans[2].end - spans[2].start == pytest.approx(WINDOW)


def test_rounding_makes_no_window() -> None:
    """Whole windows whose length a header states a microsecond too long are only themselves."""
    assert back_to_back(4 + 5e-7, WINDOW) == [Span(0, 2), Span(2, 4)]
    assert back_to_back(30 * 0.1, 0.5) == [Span(n / 2, n / 2 + 0.5) for n in range(6)]


def test_a_short_recording_is_one_window_of_its_own_length() -> None:
    """Up to one window nothing is cut."""
    for duration in (0.01, 1.999, 2.0):
        assert back_to_back(duration, WINDOW) == [Span(0, duration)]


@settings(max_examples=50, deadline=None)
@given(count=st.integers(1, 60), window=st.integers(1, 12), block=st.integers(1, 20))
def test_a_stream_is_cut_as_seconds_are(count: int, window: int, block: int) -> None:
    """Whatever the blocks, windows hold the samples that their place says, and cover them all."""
    samples = np.arange(count, dtype=np.float32)

    def blocks() -> Iterator[np.ndarray]:
        yield from (samples[start : start + block] for start in range(0, count, block))

    pieces = list(cut_windows(blocks(), window))
    assert [start for start, _ in pieces] == [span.start for span in back_to_back(count, window)]
    for start, piece in pieces:
        assert piece.tolist() == samples[start : start + window].tolist()


def test_stretches_between_gaps_are_long_enough_or_left_out() -> None:
    """Shorter ones are left out; if all are, the longest is named."""
    times = np.arange(150) / 50
    times[100:] += 1.0
    imu = IMU(np.ones((150, 6)), timestamps=times, accel="m/s^2", gyro="rad/s")
    assert [len(part.samples) for part in long_segments(imu, 50, 50)] == [100, 50]
    assert [len(part.samples) for part in long_segments(imu, 50, 51)] == [100]
    with pytest.raises(PerceptTooShortError, match=r"longest stretch is 100 .* at least 101 "):
        long_segments(imu, 50, 101)
