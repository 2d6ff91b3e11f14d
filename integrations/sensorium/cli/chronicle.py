"""`sensorium first`, `last`, `around`, `how-often`, `history`, `conflicts`: when something was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.ids import find_id, short_id
from sensorium.cli.options import MODALITIES, ListingFilters, RecallFilters, RecordId
from sensorium.cli.recalling import QueryFiles
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.units import Units
from sensorium.cli.values import check_choice, check_count, check_modality, check_share, moment_of
from sensorium.errors import QueryError

if TYPE_CHECKING:
    from sensorium.agents.chronicle import Asked, Chronicle
    from sensorium.memory import Conflict, Hit, Memory, Occurrences

BY = ("hour", "day", "week", "month", "modality")  # as in sensorium.memory
NOT_SURE = (
    "nothing matches with enough confidence; to list what resembles it, run: sensorium recall"
)
LOCALTIME = "/etc/localtime"  # a link into the folder of zones, by whose end one is named

Words = Annotated[str | None, typer.Argument(help="What to look for.")]
Modalities = Annotated[
    list[str] | None,
    typer.Option(
        "--modality", help=f"Search only this modality: {MODALITIES}; repeat for several."
    ),
]
MinConfidence = Annotated[
    float | None, typer.Option(help="From 0 to 1: least confidence of a match. By default 0.5.")
]
ReadTimes = Annotated[
    bool,
    typer.Option(
        help='Read times in the words, such as "this week", unless --since or --until is given.'
    ),
]
Limit = Annotated[int, typer.Option(help="Largest number of memories.")]


@dataclass(frozen=True)
class MatchOptions:
    """The options of a question of which all matches are looked at."""

    modality: Modalities = None
    read_times: ReadTimes = True

    def to_arguments(self) -> dict[str, Any]:
        """Return the arguments that `Asked` takes.

        Raises:
            BadParameter: An option has a value that cannot be read.
        """
        names = [check_modality(name, "--modality") for name in self.modality or ()]
        return {"modalities": names or None, "read_times": self.read_times}


@command
def first(
    words: Words = None,
    *,
    files: QueryFiles,
    min_confidence: MinConfidence = None,
    matches: MatchOptions,
    filters: RecallFilters,
    units: Units,
    session: Session,
) -> None:
    """Find the earliest memory that surely matches, of all matches and not of the best ten."""
    arguments = _end_arguments(words, files, units, min_confidence, matches)
    _show_end(session, "first", arguments, filters)


@command
def last(
    words: Words = None,
    *,
    files: QueryFiles,
    min_confidence: MinConfidence = None,
    matches: MatchOptions,
    filters: RecallFilters,
    units: Units,
    session: Session,
) -> None:
    """Find the latest memory that surely matches: where was it seen last?"""
    arguments = _end_arguments(words, files, units, min_confidence, matches)
    _show_end(session, "last", arguments, filters)


def _end_arguments(
    words: str | None,
    files: QueryFiles,
    units: Units,
    min_confidence: float | None,
    matches: MatchOptions,
) -> dict[str, Any]:
    share = check_share(min_confidence, "--min-confidence")
    query = question(words, files, units)
    return {"query": query, "min_confidence": share, **matches.to_arguments()}


def question(words: str | None, files: QueryFiles, units: Units) -> list[Any]:
    """Return the parts of a question: words, then files.

    Raises:
        QueryError: The words are blank.
    """
    if words is not None and not words.strip():
        raise QueryError("blank words", "words to look for", "leave them out")
    return [*([] if words is None else [words]), *files.percepts(units)]


def _show_end(
    session: Session, what: Any, arguments: dict[str, Any], filters: RecallFilters
) -> None:
    given = filters.to_filters()
    with session.opened() as memory:
        found = _looked_up(memory, what, given=given, **arguments)
    if not _printed(session, found) and found.hit is None:
        typer.echo(NOT_SURE if arguments["query"] else "nothing found")


@command
def around(
    moment: Annotated[
        str | None,
        typer.Argument(
            help="Id of a memory or its first eight characters, a time such as 2026-05-01T12:00, "
            "or an age such as 2h."
        ),
    ] = None,
    *,
    query: Annotated[
        str | None,
        typer.Option(help="Instead of MOMENT: words, whose last sure match is the moment."),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help='How far on both sides. By default "10 min".'),
    ] = None,
    before: Annotated[
        bool, typer.Option("--before", help="List what began before it, the nearest first.")
    ] = False,
    after: Annotated[
        bool, typer.Option("--after", help="List what began after it, the nearest first.")
    ] = False,
    limit: Limit = 20,
    filters: ListingFilters,
    session: Session,
) -> None:
    """List what was around a moment, or before it, or after it.

    With --query, the other options that restrict are of the question.
    """
    if before and after:
        raise QueryError("both --before and --after", "one of them", "leave both out for both")
    if (moment is None) == (query is None):
        raise QueryError(
            "both a moment and --query" if query else "no moment",
            "an id, a time or --query",
            'write sensorium around 2026-05-01T12:00, or sensorium around --query "a knock"',
        )
    check_count(limit, "--limit")
    given = filters.to_filters()
    what: Any = "before" if before else "after" if after else "around"
    with session.opened(encodes=query is not None) as memory:
        named = "" if moment is None else _moment(memory, moment)
        asked: dict[str, Any] = {"within": within or "", "limit": limit, "given": given}
        words = [] if query is None else [query]
        found = _looked_up(memory, what, query=words, moment=named, **asked)
    if _printed(session, found):
        return
    if query is not None and found.hit is None:
        typer.echo(NOT_SURE)
    elif not found.records:
        typer.echo("nothing found")


def _moment(memory: Memory, text: str) -> str:
    """Return a moment as `Asked` takes it: a time with its zone, or the whole id."""
    at = moment_of(text)
    return find_id(memory, text) if at is None else at.isoformat()


@command
def how_often(
    words: Words = None,
    *,
    files: QueryFiles,
    by: Annotated[
        str | None, typer.Option(help=f"Also by {', '.join(BY)}; in this machine's zone.")
    ] = None,
    apart: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help='Matches nearer than this are one, such as "10 s".'),
    ] = None,
    matches: MatchOptions,
    filters: RecallFilters,
    units: Units,
    session: Session,
) -> None:
    """Estimate how often something was, with an interval of 90 %.

    All that may match counts by its confidence; stats and timeline count what options can name.
    """
    if by is not None:
        check_choice(BY, by, "--by")
    query = question(words, files, units)
    if not query:
        raise QueryError(
            "nothing to count", "words or a file", 'write sensorium how-often "a dog barking"'
        )
    given = filters.to_filters()
    with session.opened() as memory:
        asked: dict[str, Any] = {"within": apart or "", "by": by, "zone": local_zone()}
        found = _looked_up(
            memory, "how_often", query=query, given=given, **asked, **matches.to_arguments()
        )
    if not _printed(session, found) and found.occurrences is not None:
        _print_occurrences(found.occurrences, by)


@command
def history(id: RecordId, session: Session) -> None:
    """List what a memory said before, and what stands in its place now, the latest first."""
    with session.opened(encodes=False) as memory:
        found = _looked_up(memory, "history", moment=find_id(memory, id), limit=10_000)
    _printed(session, found)


@command
def conflicts(*, limit: Limit = 20, filters: ListingFilters, session: Session) -> None:
    """List memories that may contradict each other: near-equal texts with another number or name.

    Nothing is decided or changed.
    """
    check_count(limit, "--limit")
    given = filters.to_filters()
    with session.opened(encodes=False) as memory:
        found = _looked_up(memory, "conflicts", limit=limit, given=given)
    if _printed(session, found):
        return
    if not found.conflicts:
        typer.echo("no contradictions found")
        return
    _print_conflicts(found.conflicts)


def _looked_up(memory: Memory, what: Any, **asked: Any) -> Chronicle:
    from sensorium.agents.chronicle import Asked, look_up

    question: Asked = Asked(what, **asked)
    return look_up(memory, question)


def _printed(session: Session, found: Chronicle) -> bool:
    """Print JSON, or what there is of notes and memories; return whether it was JSON."""
    if session.as_json:
        told = found.to_dict(lambda hit: hit.to_dict(), lambda record: record.to_dict())
        print_json({**told, "times": found.times and found.times.to_dict()})
        return True
    if found.times:
        typer.echo(f"read {found.times}", err=True)
    for line in found.notes:
        typer.echo(f"note: {line}", err=True)
    if found.hit is not None:
        print_hit(found.hit)
    if found.records:
        from sensorium.cli.tables import print_table, record_table

        print_table(record_table(found.records, exact=True))
    return False


def print_hit(hit: Hit) -> None:
    """Print one memory with its time, its place and how sure it is."""
    from sensorium.agents.wording import confidence_words
    from sensorium.cli.tables import exactly, matching
    from sensorium.cli.values import printable
    from sensorium.memory.places.words import place_text

    record = hit.record
    said = [exactly(record.at), *([] if record.place is None else [place_text(record.place)])]
    if hit.confidence is not None:
        said += [hit.modality, confidence_words(hit)]
    typer.echo(f"{', '.join(said)}: {printable(matching(hit))} ({short_id(record.id)})")


def _print_occurrences(found: Occurrences, by: str | None) -> None:
    typer.echo(f"{found.total}, of {found.looked_at} that may match")
    if not found.by:
        return
    from sensorium.cli.tables import print_table, table

    shown = table(by or "", "about", "at least", "at most", right=["about", "at least", "at most"])
    for key, counted in found.by.items():
        shown.add_row(key, f"{counted.expected:.1f}", str(counted.low), str(counted.high))
    print_table(shown)


def _print_conflicts(found: Sequence[Conflict]) -> None:
    from sensorium.cli.tables import cut, exactly, print_table, table, what

    shown = table("when", "what", "id", "differ in", wide="what")
    for each in found:
        for record, said in ((each.earlier, ", ".join(each.differences)), (each.later, "")):
            shown.add_row(exactly(record.at), cut(what(record)), short_id(record.id), said)
    print_table(shown)


def local_zone() -> tzinfo:
    """Return the zone of this machine by its name if that is known, else as it is now."""
    import os
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    linked = os.path.realpath(LOCALTIME).partition("zoneinfo/")[2]
    for name in (os.environ.get("TZ", "").lstrip(":"), linked):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return datetime.now().astimezone().tzinfo or timezone.utc
