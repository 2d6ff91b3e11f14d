"""Whatever is written when, and wherever a watch is cut short: each record is told exactly once."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from sensorium.memory.watching import arrivals as reading
from sensorium.memory.watching import lookout
from sensorium.memory.watching.arrivals import SECOND, SETTLED, Arrival, Arrivals
from sensorium.memory.watching.lookout import Lookout
from sensorium.memory.watching.position import (
    Position,
    micros,
    read_cursor,
    time_of,
    write_cursor,
)
from sensorium.qdrant import Every, Filter, Page, Range
from sensorium.qdrant.points import StoredPoint, from_iso, iso

START = micros(datetime(2026, 5, 1, tzinfo=timezone.utc))


class Clock:
    """The time, which a test moves on."""

    now_micros = START

    @classmethod
    def now(cls, _: Any = None) -> datetime:
        return time_of(cls.now_micros)


class Store:
    """Points by the time at which they arrived, read in order of ids as an engine does."""

    def __init__(self) -> None:
        self.points: list[tuple[str, int]] = []

    def add(self, number: int, arrived: int) -> str:
        """Write a point, and return its id; ids are in no order of time."""
        name = str(UUID(int=random.Random(number).getrandbits(128)))
        insort(self.points, (name, arrived))
        return name

    def scroll(self, where: Filter, *, limit: int, cursor: str | None, payload: Any) -> Page:
        assert isinstance(where.condition, Every)
        [bounds] = where.condition.conditions
        assert isinstance(bounds, Range)
        first, last = (bounds.bounds.get(name) for name in ("gte", "lte"))
        found = [
            StoredPoint(name, {"at": iso(time_of(arrived))})
            for name, arrived in self.points
            if first <= time_of(arrived)  # type: ignore[operator]  # both are times
            and (last is None or time_of(arrived) <= last)  # type: ignore[operator]
            and (cursor is None or name >= cursor)
        ]
        return Page(found[:limit], found[limit].id if len(found) > limit else None)


def everything(_: Any, found: Sequence[Arrival]) -> Mapping[str, Any]:
    return {each.point: each.point for each in found}


class Watching:
    """A watch of all that arrives, which may be cut short, and goes on from its cursor."""

    def __init__(self, store: Store, cursor: str | None = None) -> None:
        position = Position(START) if cursor is None else read_cursor(cursor, "rex")
        self.position = position
        self.lookout = Lookout(Arrivals(partial(Filter, "rex"), None), everything, position)
        self.found: list[lookout.Found] = []
        self.setup: Any = SimpleNamespace(backend=store)

    def tell(self, most: int) -> list[str]:
        """Tell up to so many, and keep what was found beyond."""
        told: list[str] = []
        while len(told) < most:
            if self.found:
                hit, self.position, _ = self.found.pop(0)
                told.append(str(hit))
                continue
            step = self.lookout.step(self.setup)
            self.found += step.hits
            if not step.hits:
                self.position = step.position
                if not step.more:
                    break
        return told

    @property
    def cursor(self) -> str:
        return write_cursor(self.position, "rex")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_each_is_told_exactly_once(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Written late or all at once, told by watches that are cut short anywhere."""
    monkeypatch.setattr(lookout, "datetime", Clock)
    monkeypatch.setattr(lookout, "MOST_TOLD", 12)
    monkeypatch.setattr(lookout, "MOST_KNOWN", 40)
    monkeypatch.setattr(lookout, "PAGE", 5)
    monkeypatch.setattr(reading, "MOST_UNREAD", 9)
    monkeypatch.setattr(reading, "WIDE", 7)
    monkeypatch.setattr(reading, "CUTS", 3)
    chance = random.Random(seed)
    store, written, told = Store(), list[str](), list[str]()
    Clock.now_micros = START
    watch = Watching(store)
    for _ in range(60):
        Clock.now_micros += chance.choice((1, SECOND // 10, SECOND, 7 * SECOND, 400 * SECOND))
        late = chance.choice((0, 0, 0, SECOND, SETTLED - 6 * SECOND))
        arrived = max(START, Clock.now_micros - late)
        for number in range(chance.choice((0, 0, 1, 1, 3, 30, 90))):
            spread = number if chance.random() < 0.5 else 0
            written.append(store.add(len(written), min(arrived + spread, Clock.now_micros)))
        if chance.random() < 0.6:
            told += watch.tell(chance.choice((0, 1, 4, 1000)))
            if chance.random() < 0.5:
                watch = Watching(store, watch.cursor)
    for _ in range(20):
        Clock.now_micros += 30 * SECOND
        told += watch.tell(1000)
    assert len(told) == len(set(told))
    assert set(told) == set(written)
    assert len(watch.position.told) <= 12


def test_between_two_records_nothing_is_passed_over() -> None:
    """A watch that is cut short behind any of them goes on with the very next one."""
    times = [START, START, START + 1, START + 9]
    found = [Arrival(time, str(UUID(int=n))) for n, time in enumerate(times)]
    before, after = Position(START - 5, None, ((START + 1, b"told"),)), Position(START + 50)
    assert reading.steps(found, before, after) == [
        Position(START, found[1].point, before.told),
        Position(START + 1, None, before.told),
        Position(START + 2),
        after,
    ]
    assert reading.steps([], before, after) == []


def test_a_cursor_says_where_a_watch_stands() -> None:
    """In one short line, as long as it names no hits, and whole with all it may name."""
    point = str(UUID(int=7))
    for position in (
        Position(START),
        Position(-5, point),
        Position(START, None, tuple((START + n, bytes([n % 256] * 4)) for n in range(256))),
    ):
        assert read_cursor(write_cursor(position, "rex"), "rex") == position
    assert len(write_cursor(Position(START), "rex")) < 30
    assert len(write_cursor(position, "rex")) < 5_000


def test_times_are_whole_microseconds() -> None:
    """None is lost on the way to a store and back."""
    for number in (START, START + 1, -1, reading.EARLIEST):
        assert micros(from_iso(iso(time_of(number)))) == number
