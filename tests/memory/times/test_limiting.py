"""Recalling what happened at a time that the question names."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.support.planted import PlantedEncoder, sound

from sensorium.memory import AsyncMemory, Memory
from sensorium.memory.times import limit_by_times, read_times

NOW = datetime.now().astimezone()
NOON = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)


def remembered(memory: Memory) -> None:
    memory.remember(text="dog garden", at=NOON - DAY, id="yesterday")
    memory.remember(text="dog garden sea", at=NOON - 3 * DAY, id="before")


async def test_a_time_in_the_question_limits_the_recall() -> None:
    """Only if it is asked for; a bound that is given is not overruled."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        remembered(memory)

        def found(query: object, **options: object) -> list[str]:
            hits = memory.recall(query, **options)  # type: ignore[arg-type]  # of any kind
            return sorted(hit.record.id for hit in hits)

        assert found("dog yesterday") == ["before", "yesterday"]
        assert found("dog yesterday", read_times=True) == ["yesterday"]
        assert found("dog before yesterday", read_times=True) == ["before"]
        assert found([sound("dog"), "3 days ago"], read_times=True) == ["before"]
        assert found("dog yesterday", read_times=True, since=NOON - 9 * DAY) == [
            "before",
            "yesterday",
        ]
        assert found("dog", read_times=True) == ["before", "yesterday"]
        assert found(sound("dog"), read_times=True) == ["before", "yesterday"]
        assert found(None, keywords="garden", read_times=True) == ["before", "yesterday"]
    async with AsyncMemory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as other:
        await other.remember(text="dog", at=NOON - 9 * DAY)
        assert await other.recall("dog yesterday", read_times=True) == []


def test_the_words_of_a_time_leave_the_question() -> None:
    """What is left is asked for; a question of nothing else stays as it is."""
    query, filters, read = limit_by_times("the dog yesterday", {"tags": ["home"]})
    assert query == "the dog"
    assert read is not None
    assert filters == {"tags": ["home"], "since": read.since, "until": read.until}
    assert read.to_dict()["since"] == (NOON - DAY).replace(hour=0).isoformat()
    assert (
        str(read) == f"yesterday: since {NOON - DAY:%Y-%m-%d} 00:00, before {NOON:%Y-%m-%d} 00:00"
    )
    assert limit_by_times("yesterday", {})[0] == "yesterday"
    since = read_times("everything since yesterday")
    assert since is not None
    assert since.to_dict()["until"] is None
    assert str(since).endswith(f"since {NOON - DAY:%Y-%m-%d} 00:00")
