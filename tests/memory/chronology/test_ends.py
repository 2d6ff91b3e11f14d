"""First and last of what surely matches, and what was before, after and around a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.support.memories import NOON
from tests.support.planted import PlantedEncoder, sound

from sensorium.errors import FilterError, QueryError
from sensorium.memory import Memory, Moment

MINUTE = timedelta(minutes=1)
ENCODER = PlantedEncoder(background=True)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """A mug at 1, 30 and 50 minutes past noon, in a memory of an hour of other words."""
    with Memory.open(
        tmp_path_factory.mktemp("memory"), share=False, owner="rex", encoder=ENCODER
    ) as memory:
        moments = [
            Moment(
                text=f"mug*3 m{n}" if n in (1, 30, 50) else f"w{n} v{n}",
                id=str(n),
                at=NOON + n * MINUTE,
                tags=["kitchen"] if n < 40 else [],
            )
            for n in range(60)
        ]
        memory.remember_many(moments)
        yield memory


def ids(records: object) -> list[str]:
    return [record.id for record in records]  # type: ignore[attr-defined]  # records


def test_the_first_and_the_last_of_all_matches(day: Memory) -> None:
    """Not the best ones; within filters; nothing where nothing matches."""
    first, last = day.first("mug"), day.last("mug")
    assert first is not None
    assert last is not None
    assert (first.record.id, last.record.id) == ("1", "50")
    assert last.confidence is not None
    assert last.confidence >= 0.5
    kitchen = day.last("mug", tags=["kitchen"])
    assert kitchen is not None
    assert kitchen.record.id == "30"
    assert day.last("kettle") is None


def test_without_a_question_time_alone_counts(day: Memory) -> None:
    """Of what the filters let through."""
    first, last = day.first(), day.last(tags=["kitchen"])
    assert first is not None
    assert last is not None
    assert (first.record.id, last.record.id, last.modality) == ("0", "39", "time")
    assert day.last(tags=["garden"]) is None


def test_beside_a_moment(day: Memory) -> None:
    """The nearest first, the moment itself left out; around it, in order and included."""
    mug = day.get("30")
    assert ids(day.before(mug, limit=2)) == ["29", "28"]
    assert ids(day.after(mug, limit=2)) == ["31", "32"]
    assert ids(day.around(mug, "2 min")) == ["28", "29", "30", "31", "32"]
    assert ids(day.around(NOON, timedelta(minutes=1))) == ["0", "1"]
    assert ids(day.before(NOON + 2 * MINUTE)) == ["1", "0"]
    assert ids(day.after(day.recall("mug m50", limit=1)[0], limit=1)) == ["51"]
    assert ids(day.after(mug, tags=["kitchen"], until=NOON + 33 * MINUTE)) == ["31", "32"]
    assert ids(day.after(mug, until=NOON)) == []
    assert ids(day.before(mug, since=NOON + 29 * MINUTE)) == ["29"]


def test_the_stretch_of_a_hit_is_the_moment(day: Memory) -> None:
    """Of a sound whose third second matched."""
    day.remember(sound("n1|n2|bark|n3"), id="sound", at=NOON + 90 * MINUTE)
    day.remember(text="w", id="within", at=NOON + 90 * MINUTE + timedelta(seconds=1))
    day.remember(text="v", id="then", at=NOON + 90 * MINUTE + timedelta(seconds=3))
    [hit] = day.recall("bark", limit=1)
    assert hit.span is not None
    assert hit.span.start == 2
    assert ids(day.before(hit, limit=1)) == ["within"]
    assert ids(day.after(hit, limit=1)) == ["then"]


def test_what_goes_on_has_not_begun_after(day: Memory) -> None:
    """It is around the moment."""
    day.remember(sound("|".join(f"n{i}" for i in range(100))), id="long", at=NOON + 20 * MINUTE)
    at = NOON + 20 * MINUTE + timedelta(seconds=50)
    assert ids(day.after(at, limit=1)) == ["21"]
    assert ids(day.around(at, "1 s")) == ["long"]


@pytest.mark.parametrize("moment", ["30", 5, None, datetime(2026, 5, 1)], ids=repr)
def test_what_is_no_moment_is_refused(day: Memory, moment: object) -> None:
    """With what is one."""
    for verb in (day.before, day.after, day.around):
        with pytest.raises((QueryError, FilterError), match="zone"):
            verb(moment)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("within", ["", "ten minutes", "-5 min", "0 s", 5, None, timedelta(0)])
def test_what_is_no_length_is_refused(day: Memory, within: object) -> None:
    """With what to write."""
    with pytest.raises(QueryError, match='write within="10 min"'):
        day.around(NOON, within)  # type: ignore[arg-type]  # what is tested


def test_times_beside_a_moment_are_refused(day: Memory) -> None:
    """As they would contradict it."""
    with pytest.raises(QueryError, match="leave since out"):
        day.around(NOON, since=NOON)


def test_the_ends_of_the_calendar_are_no_end(day: Memory) -> None:
    """However long before and after."""
    assert len(day.around(NOON, "4000000 d", limit=100)) == day.count()
