"""`memory.episodes` and `recall(group="episode")`: found in a store, continued, and bounded."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from tests.support.memories import ENCODER
from tests.support.planted import House, picture, sound

from sensorium.errors import FilterError, QueryError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Place

MORNING = datetime(2026, 5, 1, 8, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
SCENES = ("kitchen kettle", "garden birds", "street cars")


def scene(number: int, first: datetime, count: int = 20) -> list[Moment]:
    """Moments of one scene, five seconds apart, each with a word of its own."""
    words = SCENES[number]
    return [
        Moment(
            (picture if i % 2 else sound)(f"{words} {words} own{number}x{i}*0.7"),
            at=first + 5 * i * SECOND,
            id=f"{number}-{i}",
            place=Place(52.5 + number / 100, 13.4),
        )
        for i in range(count)
    ]


def day() -> list[Moment]:
    """Three scenes: the second follows at once, the third after an hour."""
    second = MORNING + 100 * SECOND
    return [
        *scene(0, MORNING),
        *scene(1, second),
        *scene(2, second + timedelta(hours=1)),
    ]


def test_scenes_are_episodes(memory: Memory) -> None:
    """Each has its span, senses, place and telling moments; the newest comes first."""
    memory.remember_many(day()).raise_first()
    third, second, first = memory.episodes()
    assert [each.records for each in (first, second, third)] == [20, 20, 20]
    assert first.start == MORNING
    assert first.end >= MORNING + 95 * SECOND
    assert first.modalities == {"audio": 10, "image": 10}
    assert first.places == (Place(52.5, 13.4),)
    assert [record.id[0] for record in second.moments] == ["1"] * 3
    assert {name for r in second.moments for name in r.modalities} == {"audio", "image"}
    assert [each.is_last for each in (first, second, third)] == [False, False, True]


@pytest.mark.slow
def test_a_stream_has_the_episodes_of_what_is_kept(memory: Memory, home: House) -> None:
    """Asked after each few memories, it finds what it finds when it is asked once."""
    for start in range(0, 60, 7):
        memory.remember_many(day()[start : start + 7]).raise_first()
        memory.episodes()
    assert home.memory(memory.owner, ENCODER).episodes() == memory.episodes()
    assert len(memory.episodes()) == 3


def test_what_is_removed_changed_or_replaced_is_looked_at_again(memory: Memory) -> None:
    """Nothing that was kept outlives the records it came from."""
    memory.remember_many(day()).raise_first()
    assert len(memory.episodes()) == 3
    memory.forget(*(f"1-{i}" for i in range(20)))
    assert [each.records for each in memory.episodes()] == [20, 20]
    memory.update("0-0", at=MORNING - timedelta(days=2))
    assert [each.records for each in memory.episodes()] == [20, 19, 1]
    memory.remember(sound("kitchen kettle"), id="0-0", at=MORNING - timedelta(days=9))
    assert memory.episodes()[-1].start == MORNING - timedelta(days=9)


def test_unchanged_memories_are_not_read_again(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer counts, and reads only the telling moments."""
    memory.remember_many(day()).raise_first()
    before = memory.episodes()

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the store was read again")

    monkeypatch.setattr(type(memory.backend), "scroll", refuse)
    assert memory.episodes() == before


def test_a_time_restricts_them(memory: Memory) -> None:
    """Episodes that go on at `since`, or begin before `until`."""
    memory.remember_many(day()).raise_first()
    assert [each.records for each in memory.episodes(until=MORNING + 50 * SECOND)] == [20]
    later = memory.episodes(since=MORNING + 150 * SECOND, newest_first=False, limit=1)
    assert [each.start for each in later] == [MORNING + 100 * SECOND]
    assert memory.episodes(since=MORNING + timedelta(days=1)) == []


def test_of_each_episode_the_best_hit(memory: Memory) -> None:
    """Grouped by episode, no two hits are of one, and each tells of its own."""
    memory.remember_many(day()).raise_first()
    hits = memory.recall("garden birds", limit=3, group="episode")
    assert hits[0].record.id[0] == "1"
    assert sorted(hit.record.id[0] for hit in hits) == ["0", "1", "2"]
    assert hits[0].episode is not None
    assert hits[0].episode.start == MORNING + 100 * SECOND
    assert hits[0].episode.records == 20
    assert all(hit.episode is None for hit in memory.recall("garden birds"))
    assert hits[0].to_dict()["episode"]["records"] == 20


def test_other_owners_are_not_looked_at(memory: Memory, home: House) -> None:
    """Another owner's memories make no episode and move no border."""
    memory.remember_many(scene(0, MORNING)).raise_first()
    other = home.memory(str(uuid4()), ENCODER)
    assert other.episodes() == []
    other.remember_many(scene(1, MORNING + 50 * SECOND)).raise_first()
    assert [each.records for each in other.episodes()] == [20]
    assert [each.records for each in memory.episodes()] == [20]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"since": datetime(2026, 1, 1)}, FilterError),
        ({"since": MORNING, "until": MORNING - SECOND}, FilterError),
        ({"limit": 0}, QueryError),
        ({"moments": -1}, QueryError),
        ({"moments": 1.5}, QueryError),
    ],
)
def test_wrong_arguments_are_refused(
    memory: Memory, wrong: dict[str, Any], error: type[Exception]
) -> None:
    """A window that ends before it begins, and numbers out of range, are refused."""
    with pytest.raises(error, match=next(iter(wrong)) if len(wrong) == 1 else "until"):
        memory.episodes(**wrong)


def test_another_group_is_refused(memory: Memory) -> None:
    """Hits are grouped by episode only."""
    with pytest.raises(QueryError, match="group='day'"):
        memory.recall("dog", group="day")
