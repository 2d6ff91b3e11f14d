"""How long a memory went on, and when its time has come."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from tests.support.planted import PlantedEncoder, sound

from sensorium.errors import RecordError
from sensorium.memory import Memory, Moment
from sensorium.memory.writing import writer
from sensorium.percepts import Audio

NOON = datetime(2025, 7, 1, 12, tzinfo=timezone.utc)


class Headless(Audio):
    """A sound whose header states no length, as that of ogg and mp3."""

    @property
    def duration(self) -> float | None:
        return None


def headless(words: str) -> Audio:
    whole = sound(words)
    percept = object.__new__(Headless)
    percept.__dict__.update(whole.__dict__)
    return percept


def test_windows_say_how_long_a_recording_is() -> None:
    """Four windows of a second end four seconds on, and are found in that time; an update too."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(headless("a|b|c|d"), at=NOON, id="one", keep_media=False)
        record = memory.get("one")
        assert record.until == NOON + timedelta(seconds=4)
        assert record.media[0].duration == 4
        assert memory.count(since=NOON + timedelta(seconds=3)) == 1
        assert memory.count(since=NOON + timedelta(seconds=5)) == 0
        later = memory.update("one", headless("e|f|g|h|i|j"), keep_media=False)
        assert later.until == NOON + timedelta(seconds=6)


def test_a_moment_may_be_one_percept() -> None:
    """`Moment(percept)` is `Moment((percept,))`; what is neither fails with its reason."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        report = memory.remember_many([Moment(sound("bark")), Moment([sound("sea")]), Moment(7)])  # type: ignore[arg-type]  # the point of it
        assert (report.new, len(report.failures)) == (2, 1)
        assert report.failures[0].index == 2
        with pytest.raises(RecordError, match="percepts=7"):
            report.raise_first()
        assert "audio" in repr(memory.timeline()[0])


def test_what_has_expired_can_be_forgotten_by_its_id() -> None:
    """Nobody finds it any more, in the statistics neither; its owner can still remove it."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(text="secret", id="g", tags=["hidden"], expires_at=NOON)
        assert (memory.count(), memory.stats()["tags"], memory.stats()["first"]) == (0, {}, None)
        assert memory.forget("g") == 1
        assert memory.sweep().records == 0


def test_a_clock_that_jumped_ahead_spoils_no_later_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is set right, moments get the right time again; small steps back keep the order."""

    class Clock(datetime):
        shown = NOON

        @classmethod
        def now(cls, tz: object = None) -> Clock:
            return cls.shown  # type: ignore[return-value]  # an aware datetime

    monkeypatch.setattr(writer, "datetime", Clock)
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        times: list[timedelta] = []
        for step in (0.0, 3e8, 1.0, 0.7, 0.7, 2.0):
            Clock.shown = NOON + timedelta(seconds=step)
            times.append(memory.get(memory.remember(text=f"t{len(times)}").id).at - NOON)
        tick = timedelta(microseconds=1)
        second = timedelta(seconds=1)
        assert times == [
            0 * tick,
            3e8 * second,
            second,
            second + tick,
            second + 2 * tick,
            2 * second,
        ]
