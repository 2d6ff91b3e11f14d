"""Streams of frames: one every so often, only if it changed, each with its time and its units."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.streaming import START, Kept

from sensorium.errors import (
    DepthEncodingError,
    NonFiniteError,
    PaletteError,
    PerceptShapeError,
    TimeError,
    UnitError,
)
from sensorium.memory.streams import Stream, open_stream
from sensorium.percepts import Depth, Image, Thermal


def grey(value: float, shape: tuple[int, ...] = (8, 10, 3)) -> np.ndarray:
    return np.full(shape, value, np.uint8)


def camera(kept: Kept, **options: Any) -> Stream:
    return open_stream("image", sink=kept, **options)


@settings(max_examples=20, deadline=None)
@given(rate=st.sampled_from([10, 24, 30]), every=st.sampled_from([0.5, 1.0, 2.0]))
def test_frames_are_thinned(rate: int, every: float) -> None:
    """Remembered frames are at least `every` apart, and at most one frame more."""
    kept = Kept()
    with camera(kept, rate=rate, every=every) as stream:
        stream.push(np.stack([grey(value) for value in range(120)]), at=START)
        stream.push(grey(200))
    steps = np.diff(kept.starts)
    assert (steps >= every - 1e-6).all()
    assert (steps <= every + 1 / rate + 1e-6).all()
    assert stream.report.skipped + len(kept) == stream.report.pushed == 121


def test_frames_that_hardly_differ_are_left_out() -> None:
    """The difference is from the last frame remembered, so that slow changes add up."""
    kept = Kept()
    with camera(kept, every=0, min_change=0.1) as stream:
        for second, value in enumerate([100, 105, 110, 120, 126, 130, 160]):
            stream.push(grey(value), at=START + timedelta(seconds=second))
    assert kept.starts == [0, 4, 6]
    assert stream.report.skipped == 4


def test_depth_and_thermal_change_is_measured_in_their_own_range() -> None:
    """A map that moves by a tenth of its range has changed by a tenth, whatever its unit."""
    slope = np.tile(np.linspace(1000, 2000, 64), (8, 1)).astype(np.uint16)
    hole = slope.copy()
    hole[:, :20] = 0
    for shift, expected in ((50, 1), (250, 2)):
        kept = Kept()
        units: dict[str, Any] = {"unit": "mm", "fx": 60}
        with open_stream("depth", sink=kept, every=0, min_change=0.1, **units) as stream:
            for second, frame in enumerate([slope, slope + shift]):
                stream.push(frame, at=START + timedelta(seconds=second))
        assert len(kept) == expected
    assert isinstance(kept.percepts[0], Depth)
    assert kept.percepts[0] == Depth(slope, **units, at=START)
    assert stream.statistics.mean == pytest.approx([(slope / 1000 + 0.125).mean()], rel=1e-3)


def test_batches_and_single_frames_are_told_apart() -> None:
    """(H, W), (H, W, C), (N, H, W) and (N, H, W, C) are one frame or N."""
    shapes = {(8, 10): 1, (8, 10, 3): 1, (4, 8, 10): 4, (4, 8, 10, 3): 4}
    for shape, frames in shapes.items():
        kept = Kept()
        with camera(kept, every=0, rate=10) as stream:
            stream.push(grey(9, shape), at=START)
        assert len(kept) == frames
        assert kept.starts == pytest.approx([0.1 * turn for turn in range(frames)])
        assert isinstance(kept.percepts[0], Image)


def test_every_frame_may_have_its_time() -> None:
    """Times of a batch are those of its frames; what comes late or twice is counted."""
    kept = Kept()
    times = [START + timedelta(seconds=second) for second in (0, 2, 2, 1, 5)]
    with camera(kept, gap=2.5) as stream:
        stream.push(np.stack([grey(value) for value in range(5)]), at=times)
        stream.push(grey(7), timestamps=np.array([9.0]), at=START + timedelta(seconds=6))
        stream.push(grey(8), timestamps=[10.0])
    assert kept.starts == [0, 2, 5, 6, 7]
    report = stream.report
    assert (report.duplicates, report.late, report.gap_count) == (1, 1, 1)


def test_thermal_frames_keep_unit_and_span() -> None:
    """Each remembered frame is the percept its units make of it."""
    frame = np.linspace(15, 40, 80, dtype=np.float32).reshape(8, 10)
    kept = Kept()
    with open_stream("thermal", sink=kept, unit="celsius", span=(0, 50)) as stream:
        stream.push(frame, at=START)
    assert kept[0].percepts == (Thermal(frame, unit="celsius", span=(0, 50), at=START),)


def test_a_clock_set_back_starts_anew() -> None:
    """After a jump back, frames are remembered again, and the jump is counted."""
    kept = Kept()
    with camera(kept) as stream:
        for second in (0, 1, -3600, -3599):
            stream.push(grey(second % 200), at=START + timedelta(seconds=second))
    assert kept.starts == [0, 1, -3600, -3599]
    assert stream.report.jumps == 1


@pytest.mark.parametrize(
    ("modality", "options", "frames", "error"),
    [
        ("depth", {"unit": "mm", "fx": 60}, grey(9, (8, 10)), DepthEncodingError),
        ("depth", {}, np.ones((8, 10)), UnitError),
        ("thermal", {"unit": "white-hot"}, np.arange(240).reshape(8, 10, 3), PerceptShapeError),
        ("image", {}, grey(9, (2, 2, 2, 2, 3)), PerceptShapeError),
        ("image", {}, grey(9, (3, 8, 10, 5)), PerceptShapeError),
        ("image", {}, grey(9, (4, 8, 10)), UnitError),
        ("image", {}, np.full((8, 10), np.nan), NonFiniteError),
    ],
)
def test_bad_frames_are_refused(
    modality: str, options: dict[str, Any], frames: np.ndarray, error: type[Exception]
) -> None:
    """A missing unit, a wrong shape and a batch without times raise errors at the push."""
    with open_stream(modality, sink=Kept(), **options) as stream:
        with pytest.raises(error):
            stream.push(frames)
        assert stream.report.windows == 0


@pytest.mark.parametrize("at", [[], [START] * 3, [START, "soon"]])
def test_times_of_a_batch_are_one_each(at: Any) -> None:
    """Neither fewer nor more times than frames, and not beside timestamps."""
    with camera(Kept()) as stream:
        with pytest.raises((PerceptShapeError, TimeError)):
            stream.push(grey(9, (2, 8, 10)), at=at)
        with pytest.raises(TimeError):
            stream.push(grey(9, (2, 8, 10)), at=at, timestamps=[0, 1])
        assert stream.report.pushed == 0


def test_coloured_thermal_needs_its_palette() -> None:
    """Unequal channels without a palette are refused before anything is remembered."""
    colours = np.random.default_rng(1).integers(0, 256, (8, 10, 3), np.uint8)
    with (
        open_stream("thermal", sink=Kept(), unit="white-hot") as stream,
        pytest.raises(PaletteError),
    ):
        stream.push(colours)


def test_frames_are_read_with_what_is_said_of_their_numbers() -> None:
    """Marks, bits and scales of raw frames are those of the percept; a doubted frame is refused."""
    depth = (1500 + np.arange(400).reshape(20, 20)).astype(np.uint16)
    marked = np.where(np.eye(20, dtype=bool), np.uint16(65_535), depth)
    kept = Kept()
    with open_stream("depth", sink=kept, unit="mm", fx=30, invalid=65_535) as stream:
        stream.push(marked)
    with open_stream("thermal", sink=kept, unit="kelvin", scale="1/100") as stream:
        stream.push((29_000 + 3 * depth - 4500).astype(np.uint16))
    first, second = kept.percepts
    assert isinstance(first, Depth)
    assert isinstance(second, Thermal)
    wanted = np.where(np.eye(20, dtype=bool), np.nan, depth / 1000)
    np.testing.assert_allclose(first.metres(), wanted, rtol=1e-6)
    assert second.view().low == pytest.approx(16.9, abs=0.3)
    with (
        open_stream("depth", sink=Kept(), unit="mm", fx=30) as stream,
        pytest.raises(UnitError, match="invalid=65535"),
    ):
        stream.push(marked)
