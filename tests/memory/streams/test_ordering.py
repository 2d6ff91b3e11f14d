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
