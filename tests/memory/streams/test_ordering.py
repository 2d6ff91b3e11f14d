"""Order of time: samples are sorted while they are waited for; late and double ones are dropped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tests.support.streaming import Kept, motion, wrist

from sensorium.memory.streams.ordering import FrameOrder, SampleOrder
from sensorium.memory.streams.report import Counts


def rows(count: int) -> NDArray[np.float32]:
    """Samples that are told apart by their number, `(count, 1)`."""
    return np.arange(count, dtype=np.float32)[:, None]


def test_late_samples_are_measured_from_the_newest() -> None:
    """A sample just within the lateness stays, and one beyond it is dropped and counted."""
    counts = Counts()
    order = SampleOrder(lateness=5, near=0, counts=counts)
    order.add(np.array([0, 10, 5, 4]), rows(4))
    released = order.release_all()
    assert released is not None
    assert released[0].tolist() == [0, 5, 10]
    assert released[1].ravel().tolist() == [0, 2, 1]
    assert counts.late == 1


def test_a_dropped_sample_still_tells_the_time() -> None:
    """A sample with NaN is left out, and those that come after it are late by it all the same."""
    counts = Counts()
    order = SampleOrder(lateness=5, near=0, counts=counts)
    samples = rows(3)
    samples[1] = np.nan
    order.add(np.array([0, 10, 4]), samples)
    assert (counts.nan, counts.late, order.newest) == (1, 1, 0)


def test_samples_are_held_for_the_lateness() -> None:
    """Only samples before which no other may still come are released."""
    order = SampleOrder(lateness=5, near=0, counts=Counts())
    order.add(np.array([0, 4, 9]), rows(3))
    released = order.release()
    assert released is not None
    assert released[0].tolist() == [0, 4]
    assert order.waiting == 1


def test_samples_near_each_other_are_one() -> None:
    """The first of two samples stays, within one release and from one release to the next."""
    counts = Counts()
    order = SampleOrder(lateness=0, near=2, counts=counts)
    order.add(np.array([0, 2, 6]), rows(3))
    first = order.release()
    order.add(np.array([8, 12]), rows(2))
    second = order.release()
    assert first is not None
    assert second is not None
    assert (first[0].tolist(), second[0].tolist()) == ([0, 6], [12])
    assert counts.duplicates == 2


def test_packets_are_spread_up_to_the_next_stamp() -> None:
    """Samples that share a stamp keep their order and lose nothing; the last ones wait for more."""
    counts = Counts()
    order = SampleOrder(lateness=10, near=0, counts=counts)
    order.add(np.array([0, 0, 20, 20, 20, 20, 40, 40]), rows(8))
    first = order.release()
    assert first is not None
    assert first[0].tolist() == [0, 10, 20, 25, 30, 35][: len(first[0])]
    order.add(np.array([60, 60]), rows(2) + 8)
    second, rest = order.release(), order.release_all()
    times = [each for part in (first, second, rest) if part is not None for each in part[0]]
    samples = [each for part in (first, second, rest) if part is not None for each in part[1][:, 0]]
    assert times[:8] == [0, 10, 20, 25, 30, 35, 40, 50]
    assert times[8] == 60
    assert 60 < times[9] <= 70
    assert samples == list(range(10))
    assert counts.duplicates == 0


def test_a_packet_may_come_one_sample_at_a_time() -> None:
    """Without waiting for late ones, too, once it is known that there are packets."""
    order = SampleOrder(lateness=0, near=0, counts=(counts := Counts()))
    times: list[int] = []
    for index, stamp in enumerate([0, 10, 10, 20, 20, 30, 30, 40]):
        order.add(np.array([stamp]), rows(1) + index)
        released = order.release()
        times += [] if released is None else released[0].tolist()
    released = order.release_all()
    assert released is not None
    # the second sample of 10 came when the first was out already
    assert (times + released[0].tolist(), counts.duplicates) == ([0, 10, 20, 25, 30, 35, 40], 1)


def test_a_packet_that_was_sent_twice_counts_once() -> None:
    """Equal stamps and equal values are one sample."""
    order = SampleOrder(lateness=100, near=0, counts=(counts := Counts()))
    for _ in range(2):
        order.add(np.array([0, 0, 20, 20]), rows(4))
    released = order.release_all()
    assert released is not None
    assert (released[0].tolist(), counts.duplicates) == ([0, 10, 20, 30], 4)


def test_a_stream_of_packets_is_the_stream_of_their_samples() -> None:
    """Packets of five that share a stamp give the windows that even stamps give."""
    samples, times = motion(512), np.arange(512) / 50
    kept, clean = Kept(), Kept()
    with wrist(kept) as stream:
        for start in range(0, 512, 64):
            packed = times[np.arange(start, start + 64) // 4 * 4]
            stream.push(samples[start : start + 64], timestamps=packed)
    with wrist(clean) as other:
        other.push(samples, timestamps=times)
    assert (stream.report.duplicates, len(kept)) == (0, len(clean))
    for packed_window, window in zip(kept.windows, clean.windows, strict=True):
        np.testing.assert_allclose(packed_window, window, atol=1e-4)


def test_a_clock_that_is_set_back_loses_no_sample() -> None:
    """After a jump back nothing is late or double, even if nothing was waiting at the jump."""
    samples, kept = motion(100), Kept()
    dates = np.datetime64("2026-07-01T12:00:00") + (np.arange(100) * 20).astype("m8[ms]")
    dates[50:] -= np.timedelta64(3600, "s")
    with wrist(kept, lateness=0) as stream:
        stream.push(samples[:50], timestamps=dates[:50])
        stream.push(samples[50:], timestamps=dates[50:])
    report = stream.report
    assert (report.jumps, report.late, report.duplicates, report.discarded) == (1, 0, 0, 0)
    assert np.array_equal(np.concatenate(kept.windows), samples)


def test_frames_are_not_waited_for() -> None:
    """A frame of an earlier time is late, one of the same time double, until the clock jumps."""
    counts = Counts()
    order = FrameOrder(gap=15, counts=counts)
    assert [order.accepts(time) for time in (10, 20, 20, 19, 40)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert (counts.duplicates, counts.late, counts.gap_count) == (1, 1, 1)
    order.restart()
    assert order.accepts(0)
    assert counts.gap_count == 1
