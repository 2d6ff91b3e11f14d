"""A named place is a record that is no event, and never another owner's to read."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from sensorium.errors import RecordNotFoundError
from sensorium.memory import Memory, Moment
from sensorium.memory.layout.ids import point_id

HOME = (48.8584, 2.2945)
EARLY = datetime(2026, 5, 1, tzinfo=timezone.utc)


@pytest.fixture
def placed(memory: Memory) -> Memory:
    """A memory of a place, two memories at it, and another place there."""
    memory.name_place("home", HOME, "200 m")
    memory.remember(text="sea", id="sea", place=HOME)
    memory.remember(text="key", id="key", place=HOME)
    memory.name_place("shop", HOME, "50 m")
    memory.update("place:home", tags=["place", "mine"], history=True)
    return memory


def names(found: object) -> list[str]:
    return [record.id for record in found]  # type: ignore[attr-defined]


def test_what_happened_leaves_places_out(placed: Memory) -> None:
    """Before and after, around, the first and the last, episodes and the watch."""
    sea, key = placed.get("sea"), placed.get("key")
    assert names(placed.after(sea)) == ["key"]
    assert names(placed.before(key)) == ["sea"]
    assert names(placed.around(sea)) == ["sea", "key"]
    first, last = placed.first(), placed.last()
    assert (first and first.record.id, last and last.record.id) == ("sea", "key")
    assert [episode.records for episode in placed.episodes()] == [2]
    with placed.watch(after=EARLY, timeout=0) as watch:
        assert [hit.record.id for hit in watch] == ["sea", "key"]


def test_a_name_and_its_degrees_are_near_the_same(placed: Memory) -> None:
    """No place is near a place, however that is asked for."""
    for near in ("home", ("home", "300 m"), "shop", (HOME, "200 m")):
        assert sorted(names(placed.timeline(near=near))) == ["key", "sea"]
        assert placed.count(near=near) == 2


def test_what_is_forgotten_near_a_place_keeps_its_name(placed: Memory) -> None:
    """Only the memories go."""
    assert placed.forget(near=(HOME, "1 km")) == 2
    assert set(placed.places()) == {"home", "shop"}


def test_a_place_is_listed_and_found_by_its_name(placed: Memory) -> None:
    """It is a record: the timeline, the number of records and keywords have it."""
    assert {"place:home", "place:shop"} <= set(names(placed.timeline()))
    assert [hit.record.id for hit in placed.recall(keywords="shop")] == ["place:shop"]


@pytest.mark.parametrize("tags", [None, ["place"], ["mine"]])
def test_a_place_is_never_shared(placed: Memory, tags: list[str] | None) -> None:
    """Neither listed, recalled, counted nor read by its id, nor by that of its point."""
    reader = f"ben of {placed.owner}"
    placed.remember(
        text="dog", id="dog", tags=["place", "mine"], metadata={"radius": 5}, place=HOME
    )
    placed.share(with_=reader, tags=tags, everything=tags is None)
    with placed.for_owner(reader) as ben:
        texts = {record.text for record in ben.timeline()}
        assert texts == ({"sea", "key", "dog"} if tags is None else {"dog"})
        assert ben.count() == len(texts)
        assert ben.recall(keywords="home") == ben.recall(keywords="shop") == []
        assert ben.places() == {}
        assert ben.tally("tags").get("place") == 1
        for name in ("place:home", "place:shop"):
            for given in (name, point_id(placed.owner, name)):
                with pytest.raises(RecordNotFoundError):
                    ben.get(given)
                with pytest.raises(RecordNotFoundError):
                    ben.history(given)
            assert ben.get_many([point_id(placed.owner, name)]) == []


def test_a_memory_that_looks_like_a_place_is_one_of_a_moment(memory: Memory) -> None:
    """The tag, a radius and a position do not make a name; nor does an id alone."""
    memory.remember_many(
        [
            Moment(text="sea", id="a", tags=["place"], metadata={"radius": 5}, place=HOME),
            Moment(text="key", id="place:b", place=HOME),
        ]
    )
    assert memory.count(near=(HOME, "1 m")) == 2
    first = memory.first()
    assert first is not None
    assert first.record.id == "a"
    assert memory.places() == {}
