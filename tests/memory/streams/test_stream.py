"""Streams of samples: what is pushed is what is remembered, however it is pushed."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.streaming import RATE, START, Kept, cut, motion, wrist

from sensorium.memory.streams import open_stream
from sensorium.memory.streams.clock import Clock, nanoseconds
from sensorium.percepts import IMU, Audio
from sensorium.percepts.source import Samples

quick = settings(max_examples=40, deadline=None)
sizes = st.lists(st.integers(1, 90), min_size=1, max_size=8)


@quick
@given(sizes=sizes, seed=st.integers(0, 99), jitter=st.floats(0, 0.45))
def test_pushes_do_not_change_windows(sizes: list[int], seed: int, jitter: float) -> None:
    """The same jittered recording gives the same windows, bit for bit, however it is cut."""
    samples, random = motion(400), np.random.default_rng(seed)
    times = (np.arange(400) + random.uniform(-jitter, jitter, 400)) / RATE
    times[200:] += 0.3  # a gap
    whole, pieces = Kept(), Kept()
    with wrist(whole) as stream:
        stream.push(samples, at=START, timestamps=times)
    with wrist(pieces) as stream:
        at: datetime | None = START
        for part, stamps in zip(cut(samples, sizes), cut(times, sizes), strict=True):
            stream.push(part, at=at, timestamps=stamps)
            at = None
    assert pieces.starts == whole.starts
    for mine, theirs in zip(pieces.windows, whole.windows, strict=True):
        assert mine.tobytes() == theirs.tobytes()
    assert abs(sum(map(len, whole.windows)) + stream.report.discarded - 400) <= 2  # one an edge


def test_a_window_is_the_same_before_its_next_sample_came() -> None:
    """The sample that completes a window, a little early, ends it in one push and in two."""
    samples, times = motion(60), np.arange(60) / RATE
    times[1:24] += 0.004  # so that the window is interpolated
    times[24] -= 0.005 / RATE
    whole, pieces = Kept(), Kept()
    for kept, ends in ((whole, [0, 60]), (pieces, [0, 25, 60])):
        with wrist(kept, lateness=0) as stream:
            for first, end in pairwise(ends):
                at = None if first else START
                stream.push(samples[first:end], at=at, timestamps=times[first:end])
    for mine, theirs in zip(pieces.windows, whole.windows, strict=True):
        assert mine.tobytes() == theirs.tobytes()


@quick
@given(sizes=sizes, count=st.integers(30, 300))
def test_windows_in_a_row_are_the_recording(sizes: list[int], count: int) -> None:
    """With stride = window, every sample is in one window, and at the time it was taken."""
    samples, kept = motion(count), Kept()
    with wrist(kept) as stream:
        for index, part in enumerate(cut(samples, sizes)):
            stream.push(part, at=START if index == 0 else None)
    report = stream.report
    joined = np.concatenate(kept.windows)
    assert np.array_equal(joined, samples[: len(joined)])
    assert len(joined) + report.discarded == count
    assert report.discarded < 25
    assert kept.starts == pytest.approx([0.5 * turn for turn in range(len(kept))])
    assert report.windows == report.remembered == len(kept)


@quick
@given(seed=st.integers(0, 999))
def test_shuffled_within_the_lateness_is_sorted(seed: int) -> None:
    """Samples that come out of order, but in time, give the windows of the sorted recording."""
    random = np.random.default_rng(seed)
    samples, times = motion(300), np.arange(300) / RATE
    order = np.argsort(times + random.uniform(0, 0.48, 300))
    order = np.concatenate([[0], order[order != 0]])
    shuffled, sorted_ = Kept(), Kept()
    with wrist(shuffled, lateness=0.5) as stream:
        at: datetime | None = START
        for part in np.array_split(order, 13):
            stream.push(samples[part], at=at, timestamps=times[part])
            at = None
    with wrist(sorted_) as tidy:
        tidy.push(samples, at=START, timestamps=times)
    assert stream.report.late == 0
    assert [percept.digest for percept in shuffled.percepts] == [
        percept.digest for percept in sorted_.percepts
    ]


@quick
@given(seed=st.integers(0, 99), share=st.floats(0.02, 0.4))
def test_jitter_is_taken_out(seed: int, share: float) -> None:
    """A slow movement comes back as it was, whenever exactly its samples were taken."""
    random = np.random.default_rng(seed)
    times = (np.arange(500) + random.uniform(-share, share, 500)) / RATE
    times[0] = 0
    samples = np.tile([0, 0, 9.8, 0, 0, 0], (500, 1))
    samples[:, 3] = np.sin(2 * np.pi * 0.5 * times)
    kept = Kept()
    with wrist(kept) as stream:
        stream.push(samples, at=START, timestamps=times)
    joined = np.concatenate(kept.windows)
    even = np.sin(2 * np.pi * 0.5 * np.arange(len(joined)) / RATE)
    assert len(joined) == 500
    assert np.abs(joined[1:-1, 3] - even[1:-1]).max() < 2e-3
    assert np.array_equal(joined[:, 2], np.full(500, 9.8, np.float32))


@quick
@given(first=st.integers(30, 200), missing=st.floats(0.15, 60.0))
def test_a_gap_splits_where_it_is(first: int, missing: float) -> None:
    """No window reaches over a planted gap, and the report names its two ends."""
    samples, times = motion(400), np.arange(400) / RATE
    times[first:] += missing
    kept = Kept()
    with wrist(kept) as stream:
        stream.push(samples, at=START, timestamps=times)
    report = stream.report
    assert report.gap_count == 1
    [gap] = report.gaps
    found = [(end - START).total_seconds() for end in gap]
    assert found == pytest.approx([times[first - 1], times[first]], abs=1e-6)
    for window in kept.windows:
        numbers = window[:, 5] * 64
        assert (numbers < first).all() or (numbers >= first).all()
    assert times[first] in [pytest.approx(start, abs=1e-5) for start in kept.starts]


def test_short_holes_are_no_gaps() -> None:
    """Four lost samples of 20 ms are bridged by a line; a fifth makes a gap."""
    for lost, gaps in ((4, 0), (5, 1)):
        samples, times = motion(200), np.arange(200) / RATE
        keep = np.r_[0:100, 100 + lost : 200]
        kept = Kept()
        with wrist(kept) as stream:
            stream.push(samples[keep], at=START, timestamps=times[keep])
        assert stream.report.gap_count == gaps
        assert (sum(map(len, kept.windows)) == 200) == (gaps == 0)


def test_late_samples_are_dropped_and_counted() -> None:
    """Samples barely older than the lateness change nothing but the count."""
    samples, times = motion(200), np.arange(200) / RATE
    kept, clean = Kept(), Kept()
    with wrist(kept, lateness=0.2) as stream:
        stream.push(samples[:100], at=START, timestamps=times[:100])
        stream.push(samples[:3], timestamps=times[85:88] + 0.003)
        stream.push(samples[100:], timestamps=times[100:])
    with wrist(clean, lateness=0.2) as other:
        other.push(samples, at=START, timestamps=times)
    assert stream.report.late == 3
    assert [m.percepts for m in kept] == [m.percepts for m in clean]


@pytest.mark.parametrize(("lateness", "again"), [(0.5, 10), (0.0, 1)])
def test_duplicates_count_once(lateness: float, again: int) -> None:
    """A packet that was sent twice is remembered once; what was there first counts."""
    samples, times = motion(200), np.arange(200) / RATE
    kept, clean = Kept(), Kept()
    with wrist(kept, lateness=lateness) as stream:
        stream.push(samples[:100], at=START, timestamps=times[:100])
        stream.push(-samples[100 - again : 100], timestamps=times[100 - again : 100] + 4e-7)
        stream.push(samples[100:], timestamps=times[100:])
        stream.push(samples[200 - again :], timestamps=times[200 - again :])
    with wrist(clean) as other:
        other.push(samples, at=START, timestamps=times)
    assert (stream.report.duplicates, stream.report.late) == (2 * again, 0)
    assert [m.percepts for m in kept] == [m.percepts for m in clean]


def test_rows_of_nan_are_a_gap() -> None:
    """Rows with NaN or infinity are counted, and split a window where they last longer."""
    samples = motion(200)
    samples[60:70] = np.nan
    samples[150, 2] = np.inf
    kept = Kept()
    with wrist(kept) as stream:
        stream.push(samples, at=START)
    report = stream.report
    assert (report.nan, report.gap_count) == (11, 1)
    assert np.isfinite(np.concatenate(kept.windows)).all()
    assert kept.starts == pytest.approx([0, 0.5, 1.4, 1.9, 2.4, 2.9, 3.4])
    assert report.discarded == 10 + 5  # rests on both sides


@pytest.mark.parametrize(("step", "jumps"), [(-3600.0, 1), (-11.0, 1), (-5.0, 0), (7200.0, 1)])
def test_a_clock_that_jumps_starts_anew(step: float, jumps: int) -> None:
    """Set back by 10 s or forward by an hour, a dated clock is believed; less is late."""
    samples = motion(200)
    dates = np.datetime64("2026-07-01T12:00:00") + (np.arange(200) * 20).astype("m8[ms]")
    dates[100:] = dates[100:] + np.timedelta64(int(step * 1000), "ms")
    kept = Kept()
    with wrist(kept) as stream:
        stream.push(samples, timestamps=dates)
    report = stream.report
    assert (report.jumps, report.gap_count) == (jumps, 0)
    if jumps:
        assert np.array_equal(np.concatenate(kept.windows), samples)
        assert 2.0 + step in [pytest.approx(start) for start in kept.starts]
    else:
        assert report.late == 100


def test_a_sensor_that_starts_again_goes_on_in_time() -> None:
    """A clock of its own that falls back to 0 is tied to the wall clock anew, never to the past."""
    wall = [nanoseconds(START)]
    clock = Clock(rate=RATE, lateness=0, slack=0, now=lambda: wall[0])
    times = np.arange(100, 130) * 10**9
    [before] = clock.place(30, timestamps=times)
    wall[0] += 60 * 10**9
    [after] = clock.place(30, timestamps=times - times[0])
    assert after.jumped
    assert before.times[0] == nanoseconds(START)
    assert after.times[0] == wall[0]
    [again] = clock.place(30, timestamps=times - times[0])  # at once, as in a replay
    assert again.times[0] > after.times[-1]


def test_samples_without_times_go_on() -> None:
    """Without any time, samples follow those before; `at` a little off changes nothing."""
    samples, kept = motion(100), Kept()
    with wrist(kept) as stream:
        stream.push(samples[:30], at=START)
        stream.push(samples[30:60])
        stream.push(samples[60:], at=START.replace(microsecond=205_000, second=1))
    assert np.array_equal(np.concatenate(kept.windows), samples)
    assert kept.starts == pytest.approx([0, 0.5, 1.0, 1.5])


@pytest.mark.parametrize(("stride", "windows"), [(0.1, 16), (0.5, 4), (1.0, 2)])
def test_strides(stride: float, windows: int) -> None:
    """Windows start a stride apart; a longer stride leaves samples out, and counts them."""
    samples, kept = motion(100), Kept()
    with wrist(kept, stride=stride) as stream:
        for part in np.array_split(samples, 9):
            stream.push(part)
    step = round(stride * RATE)
    assert len(kept) == windows
    for turn, window in enumerate(kept.windows):
        first = turn * step
        assert np.array_equal(window, samples[first : first + 25])
    assert stream.report.skipped == (50 if stride == 1.0 else 0)
    assert stream.report.discarded == 0


@quick
@given(
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=6),
    channels=st.integers(1, 2),
    dtype=st.sampled_from(["float32", "int16"]),
)
def test_sound_in_chunks_of_any_size(sizes: list[int], channels: int, dtype: str) -> None:
    """Chunks of sound become the windows of the whole, in full scale."""
    random = np.random.default_rng(2)
    sound = random.uniform(-0.9, 0.9, (2500, channels))
    sound = (sound * 32767).astype(dtype) if dtype == "int16" else sound.astype(dtype)
    kept = Kept()
    with open_stream("audio", sink=kept, rate=1000, window=0.6) as stream:
        stream.push(sound[:9].T if channels > 1 else sound[:9, 0], at=START)
        for chunk in cut(sound[9:], sizes):
            stream.push(chunk.T if channels > 1 else chunk[:, 0])
    whole = Audio(sound.T, rate=1000)
    joined = np.concatenate(kept.windows)
    assert stream.report.discarded == 100
    assert isinstance(whole.source, Samples)
    assert np.array_equal(joined, whole.source.array.T[:2400])
    rates = [percept.rate for percept in kept.percepts if isinstance(percept, Audio)]
    assert rates == [1000] * 4
    assert kept.starts == pytest.approx([0, 0.6, 1.2, 1.8])


def test_a_rate_is_learned_from_timestamps() -> None:
    """Without a rate, the first window's timestamps give it."""
    samples, kept = motion(300), Kept()
    with wrist(kept, rate=None) as stream:
        for part, times in zip(cut(samples, [7]), cut(np.arange(300) / 104, [7]), strict=True):
            stream.push(part, timestamps=times)
    percept = kept.percepts[0]
    assert isinstance(percept, IMU)
    assert percept.rate == pytest.approx(104)
    assert np.array_equal(np.concatenate(kept.windows), samples[: sum(map(len, kept.windows))])


def test_units_become_canonical() -> None:
    """g and degrees are pushed, m/s^2 and radians are remembered."""
    samples = np.tile([0.0, 0, 1, 0, 0, 180], (50, 1))
    kept = Kept()
    with wrist(kept, accel="g", gyro="deg/s") as stream:
        stream.push(samples)
    assert kept.windows[0][0] == pytest.approx([0, 0, 9.80665, 0, 0, np.pi])
    whole = IMU(samples[:25], rate=RATE, accel="g", gyro="deg/s")
    assert np.array_equal(kept.windows[0], whole.samples)
