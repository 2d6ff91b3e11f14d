"""How often something was: all matches counted by their confidence, with an interval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from itertools import product
from math import prod

import pytest
from tests.support.memories import ENCODER, NOON
from tests.support.planted import PlantedEncoder

from sensorium.errors import QueryError
from sensorium.memory import Memory, Moment
from sensorium.memory.chronology.counting import _quantile, count_matches, counted
from sensorium.memory.recalling.matching import Match, Matches

BARKS = {0: 14, 1: 0, 2: 30}  # by day


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """More barks than any page of hits has, among other sounds."""
    encoder = PlantedEncoder(background=True)
    with Memory.open(
        tmp_path_factory.mktemp("memory"), share=False, owner="rex", encoder=encoder
    ) as memory:
        moments = [
            Moment(text=f"bark*3 b{d}x{n}", at=NOON + timedelta(days=d, minutes=n))
            for d, count in BARKS.items()
            for n in range(count)
        ]
        moments += [
            Moment(text=f"w{n} v{n}", at=NOON + timedelta(days=n % 3, minutes=n))
            for n in range(100)
        ]
        memory.remember_many(moments)
        yield memory


def test_all_of_them_are_counted(week: Memory) -> None:
    """Not the best ten; the true number is in the interval, in all and for each day."""
    counts = week.how_often("bark", by="day")
    assert counts.total.low <= 44 <= counts.total.high
    assert abs(counts.total.expected - 44) < 8
    for day, count in {"2026-05-01": 14, "2026-05-03": 30}.items():
        assert counts.by[day].low <= count <= counts.by[day].high
    assert counts.by.get("2026-05-02", counted([])).low == 0
    assert week.how_often("kettle").total.low == 0
    assert week.how_often("bark", since=NOON + timedelta(days=1)).total.high < 44


def test_by_what_it_is_counted(week: Memory) -> None:
    """By week, by modality, and by hours of a zone."""
    assert {*week.how_often("bark", by="week").by} <= {"2026-W18", "2026-W19"}
    assert {*week.how_often("bark", by="modality").by} == {"text"}
    east = timezone(timedelta(hours=14))
    days = week.how_often("bark", by="day", zone=east).by
    assert max(days, key=lambda day: days[day].expected) == "2026-05-04"
    with pytest.raises(QueryError, match="one of hour, day"):
        week.how_often("bark", by="year")  # type: ignore[arg-type]  # what is tested


def test_occurrences_of_several_records_count_once(week: Memory) -> None:
    """If they are nearer than asked; each is as sure as its surest record."""
    runs = week.how_often("bark", apart="2 min")
    assert runs.total.high < 44
    assert runs.total.low <= 2 <= runs.total.high


@pytest.mark.parametrize("chances", [[0.5], [0.1, 0.9, 0.3], [0.2] * 8, []])
def test_quantiles_are_those_of_all_outcomes(chances: list[float]) -> None:
    """Compared with the sum over every way in which the events can happen."""
    import numpy as np

    ways = [
        (sum(way), prod(p if yes else 1 - p for p, yes in zip(chances, way, strict=True)))
        for way in product((False, True), repeat=len(chances))
    ]
    for share in (0.05, 0.5, 0.95):
        expected = next(
            n
            for n in range(len(chances) + 1)
            if sum(chance for count, chance in ways if count <= n) >= share - 1e-12
        )
        assert _quantile(np.array(chances), share) == expected


def test_the_interval_is_wider_than_chance_alone() -> None:
    """As all confidences may be wrong together."""
    sure, even = counted([1.0] * 20), counted([0.5] * 20)
    assert (sure.low, sure.high) == (20, 20)
    assert even.expected == pytest.approx(10)
    assert even.low <= 4
    assert even.high >= 16


def test_what_cannot_be_counted_is_refused(memory: Memory) -> None:
    """Without confidences, and where not all was looked at."""
    memory.remember(text="bark")
    with pytest.raises(QueryError, match="without confidences"):
        memory.how_often("bark")
    with pytest.raises(QueryError, match="without confidences"):
        memory.last("bark")
    one = Match("id", "2026-05-01T12:00:00.000000Z", "text", 0.9)
    with pytest.raises(QueryError, match="narrow it with since"):
        count_matches(Matches([one], False, True), None, timezone.utc, None)
    assert ENCODER.background is None


def test_a_zone_has_a_name(week: Memory) -> None:
    """Its name, an offset or itself count the same days; what is no zone is refused, with names."""
    east = week.how_often("bark", by="day", zone=timezone(timedelta(hours=14)))
    assert week.how_often("bark", by="day", zone="+14:00") == east
    assert week.how_often("bark", by="day", zone="Pacific/Kiritimati") == east
    for wrong in ("Mars/Base", "../x", "", "+99:00", 5, None):
        with pytest.raises(QueryError, match=r'write zone="Europe/Berlin"'):
            week.how_often("bark", by="day", zone=wrong)  # type: ignore[arg-type]  # what is tested
