"""`sensorium forget`, `sweep` and `compact`: remove memories, and tidy up the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.command import command
from sensorium.cli.ids import all_records, find_id
from sensorium.cli.options import ListingFilters, Yes
from sensorium.cli.session import Session
from sensorium.cli.terminal import FAILED, agreed, counting, waiting
from sensorium.cli.values import time_ago
from sensorium.errors import QueryError

if TYPE_CHECKING:
    from sensorium.memory import Filters, Memory, PurgeReceipt, Record

ALONE = "nothing to do: a server indexes by itself"
MEGABYTE = 1e6  # bytes
NO_GAIN = "nothing to gain: what is not indexed is so little that recalls compare it as fast"


@command
def forget(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Ids of records, or their first eight characters."),
    ] = None,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Only memories that started longer ago, such as 30d."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Forget all memories of this owner.")
    ] = False,
    media_only: Annotated[
        bool, typer.Option("--media-only", help="Remove the signals, keep the vectors.")
    ] = False,
    purge: Annotated[
        bool,
        typer.Option(
            "--purge",
            help="Erase what is removed, and was removed before, from the disk as well; alone, it "
            "removes nothing more. Needs room for a second copy.",
        ),
    ] = False,
    filters: ListingFilters,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be removed, and remove nothing.")
    ] = False,
    yes: Yes = False,
    session: Session,
) -> None:
    """Remove memories by id, or all that match the options; asks first unless ids are given."""
    restrictions = _with_age(filters.to_filters(), older_than)
    if not purge or ids or restrictions:
        _check(ids or [], restrictions, everything=everything)
    with session.opened(encodes=False) as memory:
        named = [find_id(memory, text) for text in ids or ()]
        if dry_run:
            _print_matching(session, _matching(memory, named, restrictions))
            return
        if (restrictions or everything) and not yes:
            count = len(_matching(memory, named, restrictions))
            if count and not _agreed(_memories(count, media_only=media_only), session.owner):
                session.answer({"forgotten": 0, "media_only": media_only}, "nothing forgotten")
                raise typer.Exit(FAILED)
        if purge:
            with counting("purging", as_json=session.as_json) as progress:
                receipt = memory.forget(
                    *named,
                    everything=everything,
                    media_only=media_only,
                    purge=True,
                    progress=progress,
                    **restrictions,
                )
            _print_receipt(session, receipt, media_only=media_only)
            return
        count = memory.forget(*named, everything=everything, media_only=media_only, **restrictions)
    forgotten = f"forgot {_memories(count, media_only=media_only)}"
    session.answer(
        {"forgotten": count, "media_only": media_only},
        forgotten if count else "nothing to forget",
    )


@command
def sweep(session: Session) -> None:
    """Remove memories that have expired, and media that no memory refers to."""
    with session.opened(encodes=False) as memory, waiting("sweeping"):
        swept = memory.sweep()
    size = f"{swept.files} files ({swept.bytes / MEGABYTE:.1f} MB)"
    session.answer(asdict(swept), f"removed {_memories(swept.records)} and {size}")


@command
def compact(session: Session) -> None:
    """Index what is not indexed yet, for faster recalls; says first how long it may take."""
    with session.opened(encodes=False) as memory:
        vectors = memory.backend.stats().get("unindexed_vectors")
        plan = "compacting" if vectors is None else _indexing(memory, vectors)
        with waiting(plan, elapsed=True):
            changed = memory.compact()
    idle = ALONE if vectors is None else NO_GAIN
    session.answer({"compacted": changed}, "compacted" if changed else idle)


def _indexing(memory: Memory, vectors: int) -> str:
    """Say what a compaction does, and about how long it takes."""
    from sensorium.qdrant.edge.indexing import expected_seconds

    seconds = expected_seconds(vectors, memory.backend.schema.space.dimension)
    long = f"{seconds / 60:.0f} min" if seconds > 90 else f"{max(1, seconds):.0f} s"
    return f"indexing {vectors:,} vectors, about {long} if nothing else is busy"


def _print_receipt(session: Session, receipt: PurgeReceipt, *, media_only: bool) -> None:
    forgotten = _memories(receipt.records, media_only=media_only)
    size = f"{receipt.bytes / MEGABYTE:.1f} MB"
    when = f"{receipt.at:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"forgot {forgotten} of {receipt.owner!r} and erased {size} at {when}",
        f"media files erased: {receipt.media_files}; still in use by other memories: "
        f"{len(receipt.media_in_use)}",
        *receipt.done,
        "not promised:",
        *(f"- {sentence}" for sentence in receipt.not_promised),
    ]
    fields = {"forgotten": receipt.records, "media_only": media_only, "receipt": receipt.to_dict()}
    session.answer(fields, "\n".join(lines))


def _with_age(filters: Filters, older_than: str | None) -> Filters:
    """Return filters that an age restricts further."""
    if older_than:
        before = time_ago(older_than, "--older-than")
        filters["until"] = min(before, filters.get("until") or before)
    return filters


def _check(ids: Sequence[str], filters: Filters, *, everything: bool) -> None:
    """Check that a command says what to forget, and says it once.

    Raises:
        QueryError: Nothing is named, or everything and something else.
    """
    if everything and (ids or filters):
        raise QueryError("--everything with something else", "one of them", "leave one of them out")
    if not (ids or filters or everything):
        raise QueryError(
            "a forget that does not say what",
            "ids, or options such as --tag or --older-than",
            "to forget all, add --everything",
        )


def _matching(memory: Memory, named: Sequence[str], filters: Filters) -> list[Record]:
    """Return the records that a command would forget."""
    if named and not filters:
        return [record for record in map(memory.get, named) if not record.shared]
    own: Filters = {**filters, "owners": [memory.owner]}  # what others share stays
    return [record for record in all_records(memory, **own) if not named or record.id in named]


def _print_matching(session: Session, records: Sequence[Record]) -> None:
    if records and not session.as_json:
        from sensorium.cli.tables import print_table, record_table

        print_table(record_table(records))
    session.answer(
        {"forgotten": 0, "would_forget": [record.to_dict() for record in records]},
        f"would forget {_memories(len(records))}" if records else "nothing to forget",
    )


def _agreed(memories: str, owner: str) -> bool:
    subject = f"{memories} of {owner!r}"
    return agreed(f"forget {subject}", f"Forget {subject}?")


def _memories(count: int, *, media_only: bool = False) -> str:
    memories = "1 memory" if count == 1 else f"{count} memories"
    return f"the media of {memories}" if media_only else memories
