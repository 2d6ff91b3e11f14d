"""When things were, what held before, and where: what a memory knows beyond likeness, for tools.

The tool `when`, of every framework and of REST, is described and answered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from sensorium.agents.arguments import (
    NULL_IS_BLANK,
    Limit,
    Near,
    Origins,
    Query,
    Since,
    Until,
)
from sensorium.agents.limits import RECORDS
from sensorium.agents.time_arguments import WRITTEN_TIME
from sensorium.agents.wording import quoted_words, times_line
from sensorium.encoders.noting import noted
from sensorium.errors import ToolArgumentError
from sensorium.memory import Area, Conflict, Filters, Hit, Memory, Occurrences, Record
from sensorium.memory.chronology.counting import By as CountedBy
from sensorium.memory.chronology.ends import TIME
from sensorium.memory.memory import WITHIN
from sensorium.memory.places.words import near_text
from sensorium.memory.times import TimesRead, limit_by_times

Moment: TypeAlias = "Hit | Record | datetime"
What: TypeAlias = Literal[
    "first",
    "last",
    "before",
    "after",
    "around",
    "how_often",
    "sequence",
    "history",
    "conflicts",
    "places",
    "arrived",
]
# What each takes, beside `limit`, which lists have and the others do without
TAKES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("first", "last"), frozenset({"query", "min_confidence", "modalities"})),
    **dict.fromkeys(("before", "after"), frozenset({"query", "moment"})),
    "around": frozenset({"query", "moment", "within"}),
    "how_often": frozenset({"query", "within", "by", "modalities"}),
    "sequence": frozenset({"query", "within", "min_confidence", "modalities"}),
    "history": frozenset({"moment"}),
    "conflicts": frozenset({"among"}),
    "places": frozenset(),
    "arrived": frozenset({"query", "moment", "min_confidence", "modalities"}),
}
UNFILTERED = ("history", "places")  # of which conditions make no sense
AROUND = "10 min"

Looked = Annotated[
    What,
    Field(
        description="sequence: query has a step a line; history: what held before; conflicts: "
        "contradictions; arrived: new since moment, the last cursor."
    ),
]
Anchor = Annotated[
    str, NULL_IS_BLANK, Field(description="Id of a memory, or a time; or query: its last match.")
]
Within = Annotated[
    str,
    NULL_IS_BLANK,
    Field(
        description="around: this far, 10 min. sequence: to the next. how_often: nearer are one."
    ),
]
GroupedBy = Annotated[CountedBy | None, Field(description="how_often: also by this.")]


class When(BaseModel):
    """What is asked of `when`."""

    model_config = ConfigDict(extra="forbid")

    what: Looked
    query: Query = ""
    moment: Anchor = ""
    within: Within = ""
    by: GroupedBy = None
    limit: Limit = RECORDS
    since: Since = None
    until: Until = None
    near: Near = ""
    origins: Origins = None


@dataclass(frozen=True)
class Asked:
    """One question about time, as a caller put it.

    Attributes:
        what: Kind of the question.
        query: Words and percepts; empty if none were given. Of a sequence, its steps: words with
            several lines are as many.
        moment: Id of a memory, or a time in ISO 8601; of `arrived` a time or a cursor, and now by
            default; `""` was not given.
        within: A length of time; `""` was not given.
        by: What occurrences are counted by, too.
        zone: Zone of the hours, days, weeks and months.
        modalities: Modalities to search; `None` for all.
        min_confidence: Least confidence of `first`, `last` and `arrived`; `None` for that of
            `Memory`.
        limit: The most records or conflicts.
        given: Conditions. Beside a question that names a moment, they are of that question.
        among: How many texts are compared for conflicts; `None` for as many as `Memory` does.
        read_times: Whether times in the words are conditions.
    """

    what: What
    query: Sequence[Any] = ()
    moment: str = ""
    within: str | timedelta = ""
    by: CountedBy | None = None
    zone: tzinfo = timezone.utc
    modalities: Sequence[str] | None = None
    min_confidence: float | None = None
    limit: int = RECORDS
    given: Filters = field(default_factory=Filters)
    among: int | None = None
    read_times: bool = True


@dataclass(frozen=True)
class Chronicle:
    """What was found.

    Attributes:
        what: Kind of the question.
        hit: The memory that `first` or `last` found, or that a question named as a moment.
        rows: Of a sequence, the first memory of each row, with the others in its `then`.
        records: Memories in the order of the answer.
        occurrences: How often something was.
        conflicts: Memories that may contradict each other.
        places: Places by their names.
        times: The times that were read in the words.
        notes: What makes the answer doubtful.
        sought: Whether a question was to name a moment.
        arrived: Memories that arrived, in order.
        cursor: From where on the next question of what arrived goes on; else `None`.
    """

    what: What
    hit: Hit | None = None
    rows: Sequence[Hit] = ()
    records: Sequence[Record] = ()
    occurrences: Occurrences | None = None
    conflicts: Sequence[Conflict] = ()
    places: Mapping[str, Area] = field(default_factory=dict)
    times: TimesRead | None = None
    notes: Sequence[str] = ()
    sought: bool = False
    arrived: Sequence[Hit] = ()
    cursor: str | None = None

    def lines(
        self, hit_line: Callable[[Hit], str], record_line: Callable[[Record], str]
    ) -> list[str]:
        """Write the answer for a model.

        Args:
            hit_line: Writes a hit, on one line or several.
            record_line: Writes a memory.
        """
        found = list(self._found(hit_line, record_line))
        return [*times_line(self.times), *self.notes, *found]

    def _found(
        self, hit_line: Callable[[Hit], str], record_line: Callable[[Record], str]
    ) -> Iterator[str]:
        if self.hit is not None:
            by_time = self.hit.modality == TIME
            yield record_line(self.hit.record) if by_time else hit_line(self.hit)
        elif self.sought:
            yield "nothing matches with enough confidence; recall lists what resembles it"
            return
        if self.cursor is not None:
            yield from self._arrivals(hit_line, record_line)
        elif self.occurrences is not None:
            yield f"{self.occurrences.total}, estimated from confidences; the interval is of 90 %"
            yield from (f"{key}: {counted}" for key, counted in self.occurrences.by.items())
        elif self.what == "conflicts":
            for conflict in self.conflicts:
                yield f"may contradict each other in {', '.join(conflict.differences)}:"
                yield record_line(conflict.earlier)
                yield record_line(conflict.later)
            if not self.conflicts:
                yield "no contradictions found"
        elif self.what == "places":
            yield from (place_line(name, area) for name, area in self.places.items())
            if not self.places:
                yield "no place has a name"
        elif self.what == "sequence":
            yield from self._rows(hit_line)
        elif self.what not in ("first", "last"):
            yield from map(record_line, self.records)
            if not self.records:
                yield "no memories"

    def _arrivals(
        self, hit_line: Callable[[Hit], str], record_line: Callable[[Record], str]
    ) -> Iterator[str]:
        for hit in self.arrived:
            yield record_line(hit.record) if hit.modality == TIME else hit_line(hit)
        if not self.arrived:
            yield "nothing has arrived that matches"
        yield f"next time, give moment={self.cursor}"

    def _rows(self, hit_line: Callable[[Hit], str]) -> Iterator[str]:
        for number, row in enumerate(self.rows, start=1):
            yield f"{number}. in a row, {row.score:.0%} sure together:"
            yield from map(hit_line, (row, *row.then))
        if not self.rows:
            yield "nothing surely happened in this order"

    def to_dict(
        self, hit_data: Callable[[Hit], Any], record_data: Callable[[Record], Any]
    ) -> dict[str, Any]:
        """Return it JSON-ready, with what was asked for and nothing else.

        Args:
            hit_data: Describes a hit.
            record_data: Describes a memory.
        """
        told: dict[str, Any] = {
            "what": self.what,
            "times": str(self.times) if self.times else None,
            "notes": list(self.notes),
        }
        if self.what in ("first", "last") or self.sought:
            told["hit"] = None if self.hit is None else hit_data(self.hit)
        if self.cursor is not None:
            told |= {"hits": list(map(hit_data, self.arrived)), "cursor": self.cursor}
        elif self.occurrences is not None:
            told |= self.occurrences.to_dict()
        elif self.what == "conflicts":
            told["conflicts"] = [
                {
                    "earlier": record_data(each.earlier),
                    "later": record_data(each.later),
                    "differences": list(each.differences),
                    "similarity": each.similarity,
                }
                for each in self.conflicts
            ]
        elif self.what == "places":
            told["places"] = {name: area_data(area) for name, area in self.places.items()}
        elif self.what == "sequence":
            told["rows"] = [[hit_data(hit) for hit in (row, *row.then)] for row in self.rows]
        elif self.what not in ("first", "last"):
            told["records"] = list(map(record_data, self.records))
        return told


def place_line(name: str, area: Area) -> str:
    """Write a place with its name: `"home": 48.85,2.29 within 100.0 m`."""
    return f"{quoted_words(name)}: {near_text((area.place, area.radius))}"


def area_data(area: Area) -> dict[str, Any]:
    """Describe a place and how far it reaches, JSON-ready; the radius in metres."""
    return {"place": area.place.to_dict(), "radius": area.radius}


def look_up(memory: Memory, asked: Asked) -> Chronicle:
    """Answer a question about time, with the times that its words name as conditions.

    Args:
        memory: The memory.
        asked: The question.
    Raises:
        ToolArgumentError: Something is missing, or was given that this kind does not take.
        SensoriumError: As the method of `Memory` does.
    """
    _check(asked)
    with noted() as notes:
        found = _answer(memory, asked)
    return Chronicle(**{**vars(found), "notes": (*found.notes, *notes)})


def _answer(memory: Memory, asked: Asked) -> Chronicle:
    what, limit = asked.what, asked.limit
    if what == "history":
        return Chronicle(what, records=memory.history(asked.moment)[:limit])
    if what == "conflicts":
        more = {} if asked.among is None else {"among": asked.among}
        found = memory.conflicts(limit=limit, **more, **asked.given)
        return Chronicle(what, conflicts=found)
    if what == "places":
        return Chronicle(what, places=memory.places())
    if what == "arrived":
        return _arrived(memory, asked)
    if asked.moment:
        return _beside(memory, asked, moment_named(memory, asked.moment), asked.given)
    return _answer_words(memory, asked)


def _arrived(memory: Memory, asked: Asked) -> Chronicle:
    """Tell what has arrived since a cursor or a time, as much as a limit allows."""
    options: dict[str, Any] = {"modalities": asked.modalities} if asked.modalities else {}
    if asked.min_confidence is not None:
        options["min_confidence"] = asked.min_confidence
    if asked.moment:
        is_time = WRITTEN_TIME.fullmatch(asked.moment.strip())
        options |= (
            {"after": _time_written(asked.moment)} if is_time else {"cursor": asked.moment.strip()}
        )
    with memory.watch(list(asked.query) or None, timeout=0, **options, **asked.given) as watch:
        hits = list(islice(watch, asked.limit))
        return Chronicle("arrived", arrived=hits, cursor=watch.cursor)


def _answer_words(memory: Memory, asked: Asked) -> Chronicle:
    """Answer what words and percepts ask for."""
    what = asked.what
    query, given, times = list(asked.query), asked.given, None
    if what == "sequence":
        query = [step for part in query for step in _steps(part)]
    if asked.read_times and query:
        query, given, times = limit_by_times(query, given)
    options = {"modalities": asked.modalities} if asked.modalities else {}
    if what == "how_often":
        apart = asked.within or None
        counted = memory.how_often(
            query, by=asked.by, apart=apart, zone=asked.zone, **options, **given
        )
        return Chronicle(what, occurrences=counted, times=times)
    if what == "sequence":
        rows = memory.recall(
            sequence=query,
            within=asked.within or WITHIN,
            limit=asked.limit,
            modalities=asked.modalities,
            min_confidence=asked.min_confidence,
            **given,
        )
        return Chronicle(what, rows=rows, times=times)
    if what in ("first", "last"):
        end = memory.first if what == "first" else memory.last
        if asked.min_confidence is not None:
            options["min_confidence"] = asked.min_confidence  # type: ignore[assignment]  # of any type
        hit = end(query or None, **options, **given)  # type: ignore[arg-type]  # by their names
        return Chronicle(what, hit=hit, times=times, sought=True)
    hit = memory.last(query, **given)
    if hit is None:
        return Chronicle(what, times=times, sought=True)
    beside = _beside(memory, asked, hit, {})
    return Chronicle(what, hit=hit, records=beside.records, times=times, sought=True)


def _steps(part: Any) -> list[Any]:
    """Return the steps of a sequence that words with several lines are."""
    if not isinstance(part, str):
        return [part]
    return [line.strip() for line in part.splitlines() if line.strip()]


def _beside(memory: Memory, asked: Asked, moment: Moment, given: Filters) -> Chronicle:
    """List what is before, after or around a moment."""
    limit = asked.limit
    if asked.what == "before":
        found: Sequence[Record] = memory.before(moment, limit=limit, **given)
    elif asked.what == "after":
        found = memory.after(moment, limit=limit, **given)
    else:
        found = memory.around(moment, asked.within or AROUND, limit=limit, **given).records
    return Chronicle(asked.what, records=found)


def moment_named(memory: Memory, text: str) -> Record | datetime:
    """Return the memory whose id a text is, or the time that it writes in ISO 8601.

    Raises:
        ToolArgumentError: A time without its zone, or none of the calendar.
        RecordNotFoundError: No memory has that id.
    """
    return _time_written(text) if WRITTEN_TIME.fullmatch(text.strip()) else memory.get(text)


def _time_written(text: str) -> datetime:
    """Return the time that a text writes in ISO 8601.

    Raises:
        ToolArgumentError: It has no zone, or is none of the calendar.
    """
    written = text.strip()
    try:
        read = datetime.fromisoformat(f"{written[:-1]}+00:00" if written[-1] in "Zz" else written)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise ToolArgumentError(
            f"the moment {written}",
            "an id, or a time of the calendar with its zone",
            "write it like 2026-07-01T12:00:00Z",
        )
    return read


def _check(asked: Asked) -> None:
    """Check that a question has what its kind needs, and nothing that would be passed over.

    Raises:
        ToolArgumentError: It has not.
    """
    what, takes = asked.what, TAKES[asked.what]
    given = {
        "query": bool(asked.query),
        "moment": bool(asked.moment),
        "within": bool(asked.within),
        "by": asked.by is not None,
        "modalities": bool(asked.modalities),
        "min_confidence": asked.min_confidence is not None,
        "among": asked.among is not None,
    }
    unused = [name for name, is_given in given.items() if is_given and name not in takes]
    unused += sorted(asked.given) if what in UNFILTERED else []
    if unused:
        raise ToolArgumentError(
            f"{', '.join(unused)} with {what}",
            ", ".join(sorted(takes)) or "nothing more",
            f"leave {', '.join(unused)} out",
        )
    if what == "how_often" and not asked.query:
        raise ToolArgumentError(
            "how_often without a query", "what is counted, in words", "give query"
        )
    if what == "history" and not asked.moment:
        raise ToolArgumentError("history without a moment", "the id of a memory", "give moment")
    if what in ("before", "after", "around") and given["query"] == given["moment"]:
        raise ToolArgumentError(
            f"{what} with {'both query and moment' if asked.moment else 'no moment'}",
            "moment, or a query whose last match is the moment",
            "give one of them",
        )
