"""One tool for times: what each kind of question takes, and how the answers are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from tests.support.memories import NOON
from tests.support.planted import PlantedEncoder

from sensorium.agents.chronicle import TAKES, Asked, Chronicle, What, look_up
from sensorium.agents.wording import hit_line, record_line
from sensorium.errors import FilterError, QueryError, RecordNotFoundError, ToolArgumentError
from sensorium.memory import Memory, Moment

MINUTE = timedelta(minutes=1)
MUGS = (1, 30, 50)  # minutes past noon


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """A mug at 1, 30 and 50 minutes past noon, among an hour of other words."""
    with Memory.open(
        tmp_path_factory.mktemp("memory"),
        share=False,
        owner="rex",
        encoder=PlantedEncoder(background=True),
    ) as memory:
        memory.remember_many(
            Moment(
                text=f"mug*3 m{n}" if n in MUGS else f"w{n} v{n}",
                id=str(n),
                at=NOON + n * MINUTE,
                origin="web" if n == 50 else "sensor",
            )
            for n in range(60)
        )
        memory.name_place("home", (48.5, 2.5), "80 m")
        memory.remember(
            text="Ben lives in Oslo", id="now", at=NOON, tags=["fact"], supersedes=["3"]
        )
        yield memory


def asked(day: Memory, what: What, *query: str, **more: Any) -> Chronicle:
    return look_up(day, Asked(what, query, **more))


def ids(found: Chronicle) -> list[str]:
    return [record.id for record in found.records]


def test_the_ends_are_found_among_all_and_within_conditions(day: Memory) -> None:
    """The last one of the web is not the last one that a sensor saw."""
    assert [
        found.hit and found.hit.record.id
        for found in (
            asked(day, "first", "mug"),
            asked(day, "last", "mug"),
            asked(day, "last", "mug", given={"origins": ["sensor"]}),
            asked(day, "last", "kettle"),
        )
    ] == ["1", "50", "30", None]


def test_a_moment_is_an_id_a_time_or_what_a_question_finds_last(day: Memory) -> None:
    """The lists are those of `Memory`, the nearest first, or in order of time."""
    assert ids(asked(day, "before", moment="30", limit=2)) == ["29", "28"]
    assert ids(asked(day, "after", moment="2026-05-01T12:30:00Z", limit=2)) == ["31", "32"]
    after = asked(day, "after", "mug", limit=2)
    assert after.hit is not None
    assert (after.hit.record.id, ids(after)) == ("50", ["51", "52"])
    assert ids(asked(day, "around", moment="30", within="1 min")) == ["29", "30", "31"]
    # Conditions are of the question: what follows need not have them
    sensed = asked(day, "after", "mug", limit=1, given={"until": NOON + 10 * MINUTE})
    assert sensed.hit is not None
    assert (sensed.hit.record.id, ids(sensed)) == ("1", ["2"])


def test_times_in_words_are_conditions(day: Memory) -> None:
    """And are told, so that a model can correct them."""
    found = asked(day, "how_often", "mug in 2019")
    assert found.times is not None
    assert found.occurrences is not None
    assert found.occurrences.total.high == 0
    assert "2019" in found.lines(hit_line, record_line)[0]
    assert asked(day, "how_often", "mug in 2019", read_times=False).times is None


def test_occurrences_conflicts_history_and_places_are_told(day: Memory) -> None:
    """Each in lines for a model, and as data with what was asked for alone."""
    often = asked(day, "how_often", "mug", by="day")
    data = often.to_dict(repr, repr)
    assert data["low"] <= 3 <= data["high"]
    assert list(data["by"]) == ["2026-05-01"]
    first, second = often.lines(hit_line, record_line)
    assert first.startswith("about ")
    assert first.endswith("estimated from confidences; the interval is of 90 %")
    assert second.startswith("2026-05-01: about ")
    assert ids(asked(day, "history", moment="3")) == ["now", "3"]
    places = asked(day, "places")
    assert places.lines(hit_line, record_line) == ['"home": 48.5,2.5 within 80.0 m']
    assert places.to_dict(repr, repr)["places"]["home"]["radius"] == 80.0
    day.remember(text="Ben lives in Rome", id="then", at=NOON - MINUTE, tags=["fact"])
    conflicts = asked(day, "conflicts", given={"tags": ["fact"]})
    told = conflicts.lines(hit_line, record_line)
    assert told[0] == "may contradict each other in names:"
    assert ["Rome" in told[1], "Oslo" in told[2]] == [True, True]
    day.forget("then")


def test_nothing_is_said_to_be_nothing(day: Memory) -> None:
    """In words; as data it is null or empty."""
    last = asked(day, "last", "kettle")
    assert last.lines(hit_line, record_line) == [
        "nothing matches with enough confidence; recall lists what resembles it"
    ]
    assert last.to_dict(repr, repr)["hit"] is None
    assert asked(day, "before", moment="2020-01-01T00:00:00Z").lines(hit_line, record_line) == [
        "no memories"
    ]


@pytest.mark.parametrize("what", sorted(TAKES))
def test_what_would_be_passed_over_is_refused(day: Memory, what: What) -> None:
    """Each kind of question takes its arguments, and names those that it does not take."""
    given: dict[str, Any] = {
        "query": ["mug"],
        "moment": "30",
        "within": "1 min",
        "by": "day",
        "modalities": ["text"],
        "min_confidence": 0.5,
    }
    for name, value in given.items():
        if name not in TAKES[what]:
            with pytest.raises(ToolArgumentError, match=rf"\b{name}\b.* with {what}"):
                look_up(day, Asked(what, **{name: value}))
    if what in ("history", "places"):
        with pytest.raises(ToolArgumentError, match="origins with"):
            asked(day, what, moment="3" if what == "history" else "", given={"origins": ["web"]})


@pytest.mark.parametrize(
    ("what", "given", "error", "words"),
    [
        ("how_often", {}, ToolArgumentError, "how_often without a query"),
        ("history", {}, ToolArgumentError, "history without a moment"),
        ("before", {}, ToolArgumentError, "before with no moment"),
        ("around", {"moment": "1", "query": ["a"]}, ToolArgumentError, "both query and moment"),
        ("after", {"moment": "2026-05-01T12:00"}, ToolArgumentError, "with its zone"),
        ("after", {"moment": "2026-02-31T12:00Z"}, ToolArgumentError, "of the calendar"),
        ("after", {"moment": "nobody"}, RecordNotFoundError, "nobody"),
        ("around", {"moment": "1", "within": "soon"}, QueryError, 'within="soon"'),
        ("how_often", {"query": ["a"], "within": "-1 s"}, QueryError, 'apart="-1 s"'),
    ],
)
def test_what_is_missing_or_wrong_is_told(
    day: Memory, what: What, given: Any, error: type[Exception], words: str
) -> None:
    """The message names the argument."""
    with pytest.raises(error, match=words):
        look_up(day, Asked(what, **given))


def test_what_has_arrived_goes_on_from_the_last_answer(day: Memory) -> None:
    """As much as the limit allows, in order; now where nothing is given, or after a time."""
    begun = asked(day, "arrived", "kettle")
    assert (begun.arrived, begun.records) == ([], ())
    assert begun.lines(hit_line, record_line)[0] == "nothing has arrived that matches"
    for n in range(3):
        day.remember(text=f"kettle*3 k{n}", id=f"k{n}", origin="web" if n == 1 else "sensor")
    first = asked(day, "arrived", "kettle", moment=begun.cursor or "", limit=2)
    rest = asked(day, "arrived", "kettle", moment=f" {first.cursor} ")
    assert [[hit.record.id for hit in each.arrived] for each in (first, rest)] == [
        ["k0", "k1"],
        ["k2"],
    ]
    assert first.lines(hit_line, record_line)[-1] == f"next time, give moment={first.cursor}"
    told = rest.to_dict(lambda hit: hit.record.id, lambda record: record.id)
    assert told == {
        **{"what": "arrived", "times": None, "notes": []},
        **{"hits": ["k2"], "cursor": rest.cursor},
    }
    web = asked(day, "arrived", moment=begun.cursor or "", given={"origins": ["web"]})
    assert [hit.record.id for hit in web.arrived] == ["k1"]
    assert "k1" in web.lines(hit_line, record_line)[0]
    ago = (datetime.now(timezone.utc) - timedelta(minutes=5)).isoformat()
    since = asked(day, "arrived", "kettle", moment=ago, min_confidence=0.5, limit=1)
    assert [hit.record.id for hit in since.arrived] == ["k0"]
    with pytest.raises(FilterError, match="cursor of a watch"):
        asked(day, "arrived", "kettle", moment="damaged")
    with pytest.raises(ToolArgumentError, match="with its zone"):
        asked(day, "arrived", "kettle", moment="2026-05-01T12:00:00")
    with pytest.raises(ToolArgumentError, match="within with arrived"):
        asked(day, "arrived", "kettle", within="1 min")


def test_a_sequence_is_a_step_a_line(day: Memory) -> None:
    """Both steps of the row are told, in order; the wrong order is no row."""
    found = asked(day, "sequence", "w29\n mug\n", within="2 min")
    assert [[hit.record.id for hit in (row, *row.then)] for row in found.rows] == [["29", "30"]]
    told = found.lines(hit_line, record_line)
    assert len(told) == 3
    assert told[0].startswith("1. in a row, ")
    data = found.to_dict(lambda hit: hit.record.id, lambda record: record.id)
    assert data["rows"] == [["29", "30"]]
    none = asked(day, "sequence", "mug", "w29", within="2 min")
    assert none.lines(hit_line, record_line) == ["nothing surely happened in this order"]
    assert not asked(day, "sequence", "w29\nmug", within="10 s").rows


def test_a_sequence_of_one_step_is_refused(day: Memory) -> None:
    """One line is no sequence."""
    with pytest.raises(QueryError, match="a list of 2 to"):
        asked(day, "sequence", "mug")
