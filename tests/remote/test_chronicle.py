"""When something was, what held and where, of a memory on a server: as of one that is here."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.remote.conftest import Opened

from sensorium.errors import (
    FilterError,
    PerceptValueError,
    QueryError,
    RecordError,
    RecordNotFoundError,
    SensoriumError,
)
from sensorium.memory import Memory, Record
from sensorium.percepts import Place, Pose
from sensorium.remote import RemoteMemory
from sensorium.samples import sample

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
VERBS = ("how_often", "history", "conflicts", "name_place", "places", "episodes", "_end")


@pytest.fixture
def both(place: Memory, opened: Opened) -> list[Memory]:
    """Ana's memory of two barks and a photo between them: here, and over the server."""
    if not place.count():
        for hour, name in enumerate(("sound_dog_bark", "photo_dog")):
            place.remember(sample(name), id=name, at=NOON + hour * HOUR)
        place.remember(sample("sound_dog_bark"), id="again", at=NOON + 2 * HOUR)
        place.remember(text="Ben lives in Rome", id="rome", at=NOON + 3 * HOUR)
        place.remember(text="Ben lives in Oslo", id="oslo", at=NOON + 4 * HOUR)
        place.update("oslo", text="Ben lives in Bern", history=True)
    return [place, opened("ana")]


def test_arguments_are_the_same() -> None:
    """Whoever calls a memory need not know where it is."""
    for name in VERBS:
        here, there = getattr(Memory, name), getattr(RemoteMemory, name)
        assert list(inspect.signature(there).parameters) == list(
            inspect.signature(here).parameters
        ), name


@pytest.mark.slow
def test_both_tell_the_same(both: list[Memory]) -> None:
    """First, last, how often, history, conflicts, episodes: equal, field by field."""
    asked: list[Any] = [
        lambda memory: memory.first("a dog barking", modalities=["audio"]).record,
        lambda memory: memory.last(sample("sound_dog_bark"), modalities=["audio"]).record,
        lambda memory: memory.last("quarterly tax report"),
        lambda memory: memory.first("a dog barking", origins=["web"]),
        lambda memory: memory.last().record,
        lambda memory: memory.how_often(
            "a dog barking", by="hour", apart="90 min", zone=ZoneInfo("Asia/Kolkata")
        ).to_dict(),
        lambda memory: memory.how_often("a dog barking", by="day", zone=timezone(-HOUR)).to_dict(),
        lambda memory: memory.history("oslo"),
        lambda memory: memory.conflicts(limit=3, among=10),
        lambda memory: memory.episodes(moments=2),
        lambda memory: [
            (hit.record.id, hit.episode) for hit in memory.recall("a dog barking", group="episode")
        ],
        lambda memory: [
            [each.record.id for each in (row, *row.then)]
            for row in memory.recall(
                sequence=["a dog barking", "a photo of a dog"],
                within="90 min",
                modalities=["audio", "image"],
            )
        ],
        lambda memory: [record.id for record in memory.around(NOON, "1 h")],
    ]
    for ask in asked:
        here, there = map(ask, both)
        assert here == there
    last = both[1].last("a dog barking", modalities=["audio"])
    assert last is not None
    assert last.record.id == "again"
    assert [record.text[-4:] for record in both[1].history("oslo")] == ["Bern", "Oslo"]


def test_places_are_named_over_the_server(both: list[Memory]) -> None:
    """And read back here and there."""
    here, there = both
    there.name_place("home", (48.5, 2.5), "1 km")
    there.name_place("dock", Pose(1.0, 2.0, frame="map"), 3)
    assert here.places() == there.places()
    assert there.places()["home"].place == Place(48.5, 2.5)
    assert there.places()["home"].radius == 1000.0
    here.forget("place:home", "place:dock")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda memory: memory.how_often("a", by="year"), QueryError),
        (lambda memory: memory.how_often("a", apart="soon"), QueryError),
        (lambda memory: memory.first("a", min_confidence=0), QueryError),
        (lambda memory: memory.last("a", since=datetime(2026, 1, 1)), FilterError),  # refused
        (lambda memory: memory.history("nobody"), RecordNotFoundError),
        (lambda memory: memory.history(""), RecordError),
        (lambda memory: memory.conflicts(limit=0), QueryError),
        (lambda memory: memory.episodes(limit=0), QueryError),
        (lambda memory: memory.recall(sequence=["a", "b"], group="episode"), QueryError),
        (lambda memory: memory.name_place("x", (91, 0)), PerceptValueError),
        (lambda memory: memory.name_place("x", (1, 0), "far"), FilterError),
        (lambda memory: memory.name_place("1,2", (1, 0)), RecordError),
    ],
)
def test_wrong_calls_have_their_errors(
    both: list[Memory], call: Any, error: type[SensoriumError]
) -> None:
    """Here and there the same class."""
    for memory in both:
        with pytest.raises(error):
            call(memory)


class Strange(tzinfo):
    """A zone whose hour depends on the day, and which has no name."""

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return None if at is None else timedelta(hours=at.day % 2)

    def dst(self, at: datetime | None) -> timedelta | None:
        return None

    def tzname(self, at: datetime | None) -> str | None:
        return None


def test_a_zone_without_a_name_is_refused(both: list[Memory]) -> None:
    """It cannot be sent, and no other stands in its place."""
    with pytest.raises(QueryError, match="ZoneInfo"):
        both[1].how_often("a dog", zone=Strange())


def test_places_are_no_events_over_a_server_either(both: list[Memory]) -> None:
    """However many were named after the last of what happened, it is found."""
    here, _ = both
    for number in range(4):
        here.name_place(f"corner {number}", (48.0, 2.0 + number), 5)
    told = []
    for memory in both:
        latest, now = memory.last(), datetime.now(timezone.utc)
        assert latest is not None
        lists: list[Iterable[Record]] = [
            [latest.record],
            memory.before(now, limit=2),
            memory.after(NOON, limit=50),
            memory.around(now, "1 h", limit=50),
        ]
        told.append([[record.id for record in found] for found in lists])
    assert told[0] == told[1]
    assert {"oslo", "again"} <= set(told[0][2])
    assert not any(name.startswith("place:") for names in told[0] for name in names)


def test_a_place_and_who_says_so_change_over_a_server(both: list[Memory]) -> None:
    """What is left out stays; an empty place removes it, and null over REST."""
    here, there = both
    here.remember(text="a mug", id="mug", place=(1.0, 2.0), origin="web")
    assert there.update("mug", tags=["a"]).place == Place(1.0, 2.0)
    changed = there.update("mug", place=(), origin="person")
    assert (changed.place, changed.origin) == (None, "person")
    assert here.get("mug") == there.get("mug") == changed
