"""`sensorium forget`, `sweep` and `compact`: less, and tidier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.ids import PAGE, full
from sensorium.cli.opening import opened
from sensorium.cli.options import (
    ENCODER,
    HOME,
    OWNER,
    AsJson,
    EncoderName,
    Modality,
    Owner,
    Place,
    Since,
    Source,
    Tag,
    Until,
    Where,
)
from sensorium.cli.terminal import FAILED, can_ask, confirmed, print_json, reporting, waiting
from sensorium.cli.values import ago, filters
from sensorium.errors import QueryError

if TYPE_CHECKING:
    from sensorium.memory import Filters, Memory, Record

MEGABYTE = 1e6  # bytes


def forget(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="As shown, or the whole id.")
    ] = None,
    *,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help='Those longer ago, such as "30d".')
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="All memories of this owner.")
    ] = False,
    media_only: Annotated[
        bool, typer.Option("--media-only", help="Remove the signals, keep the vectors.")
    ] = False,
    modality: Modality = None,
    since: Since = None,
    until: Until = None,
    tag: Tag = None,
    source: Source = None,
    where: Where = None,
    text_contains: Annotated[
        str | None, typer.Option(help="All of these words in the text.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would go, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Remove memories by id, or all that the options mean; asks first unless ids are given."""
    with reporting(as_json=as_json):
        wanted = _wanted(
            filters(
                since=since,
                until=until,
                tags=tag,
                source=source,
                where=where,
                with_modalities=modality,
                text_contains=text_contains,
            ),
            older_than,
        )
        _check(ids or [], wanted, everything=everything)
        with opened(memory, owner=owner, encoder=encoder, encodes=False) as mine:
            named = [full(mine, each) for each in ids or ()]
            meant = _meant(mine, named, wanted) if dry_run or wanted or everything else []
            subject = f"{'the media of ' if media_only else ''}{_memories(len(meant))}"
            if dry_run:
                _show(meant, as_json=as_json)
                return
            asks = bool(wanted or everything) and meant and not yes
            agreed = not asks or _agreed(f"{subject} of {owner!r}")
            count = 0
            if agreed:
                count = mine.forget(*named, everything=everything, media_only=media_only, **wanted)
        if as_json:
            print_json({"forgotten": count, "media_only": media_only})
        elif not agreed:
            typer.echo("nothing forgotten")
        elif not count:
            typer.echo("nothing to forget")
        else:
            typer.echo(f"forgot {'the media of ' if media_only else ''}{_memories(count)}")
    if not agreed:
        raise typer.Exit(FAILED)


def sweep(
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Remove memories that have expired, and media that no memory names."""
    with (
        reporting(as_json=as_json),
        opened(memory, owner=owner, encoder=encoder, encodes=False) as mine,
    ):
        with waiting("sweeping"):
            swept = mine.sweep()
        if as_json:
            print_json(asdict(swept))
        else:
            size = f"{swept.files} files ({swept.bytes / MEGABYTE:.1f} MB)"
            typer.echo(f"removed {_memories(swept.records)} and {size}")


def compact(
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Index what is not indexed yet, for faster recalls; a minute for 50,000 memories."""
    with (
        reporting(as_json=as_json),
        opened(memory, owner=owner, encoder=encoder, encodes=False) as mine,
    ):
        with waiting("compacting"):
            changed = mine.compact()
        if as_json:
            print_json({"compacted": changed})
        else:
            typer.echo("compacted" if changed else "nothing to do")


def _wanted(conditions: Filters, older_than: str | None) -> Filters:
    """Add an age to what restricts the command."""
    if older_than:
        before = ago(older_than, "--older-than")
        conditions["until"] = min(before, conditions.get("until") or before)
    return conditions


def _check(ids: Sequence[str], wanted: Filters, *, everything: bool) -> None:
    """Refuse a command that names nothing, or everything and something.

    Raises:
        QueryError: It does.
    """
    if everything and (ids or wanted):
        raise QueryError("--everything with something else", "one of them", "leave one of them out")
    if not (ids or wanted or everything):
        raise QueryError(
            "a forget that does not say what",
            "ids, or options such as --tag or --older-than",
            "to forget all, add --everything",
        )


def _meant(memory: Memory, named: Sequence[str], wanted: Filters) -> list[Record]:
    """List the records that a command means."""
    if named and not wanted:
        return [memory.get(each) for each in named]
    page = memory.timeline(limit=PAGE, **wanted)
    records = list(page)
    while page.cursor:
        page = memory.timeline(limit=PAGE, cursor=page.cursor, **wanted)
        records += page
    return [record for record in records if not named or record.id in named]


def _show(meant: Sequence[Record], *, as_json: bool) -> None:
    """Print what would be forgotten."""
    if as_json:
        print_json({"forgotten": 0, "would_forget": [record.to_dict() for record in meant]})
        return
    if meant:
        from sensorium.cli.tables import record_table, show

        show(record_table(meant))
    typer.echo(f"would forget {_memories(len(meant))}" if meant else "nothing to forget")


def _agreed(subject: str) -> bool:
    """Have somebody confirm what is about to be lost.

    Raises:
        QueryError: Nobody can.
    """
    if not can_ask():
        raise QueryError(
            f"no consent to forget {subject}", "a yes", "pass --yes where nobody can answer"
        )
    return confirmed(f"Forget {subject}?")


def _memories(count: int) -> str:
    return "1 memory" if count == 1 else f"{count} memories"
