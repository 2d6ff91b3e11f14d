"""Moments that state no time get one each, in order, and a wrong clock spoils only its own time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sensorium.memory.writing.clock import TICK, MomentClock

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


def test_times_grow_while_the_clock_stands_still_or_steps_back_a_little() -> None:
    """The order of calls is the order of times."""
    clock = MomentClock()
    steps = [0 * SECOND, 0 * SECOND, -0.5 * SECOND, SECOND]
    times = [clock.next(NOON + step) for step in steps]
    assert times == [NOON, NOON + TICK, NOON + 2 * TICK, NOON + SECOND]


def test_a_clock_that_is_set_right_counts_again() -> None:
    """Ten years ahead for one moment: the next one has the right time."""
    clock = MomentClock()
    ahead = NOON + timedelta(days=3650)
    assert [clock.next(now) for now in (ahead, NOON, NOON)] == [ahead, NOON, NOON + TICK]
