"""`sensorium forget`, `sweep` and `compact`: less, and tidier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.ids import full
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
from sensorium.cli.terminal import confirmed, print_json, reporting, waiting
from sensorium.cli.values import ago, filters
from sensorium.errors import QueryError

if TYPE_CHECKING:
    from sensorium.memory import Memory

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
    words: Annotated[str | None, typer.Option(help="All of these words in the text.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Remove memories by id, or all that the options mean; asks first unless ids are given."""
    wanted: dict[str, Any] = {
        **filters(
            since=since,
            until=until,
            tags=tag,
            source=source,
            where=where,
            having=modality,
            words=words,
        )
    }
    if older_than:
        before = ago(older_than, "--older-than")
        wanted["until"] = min(before, wanted.get("until", before))
    with (
        reporting(as_json=as_json),
        opened(memory, owner=owner, encoder=encoder, encodes=False) as mine,
    ):
        if everything and (ids or wanted):
            raise QueryError(
                "--everything with something else", "one of them", "leave one of them out"
            )
        named = [full(mine, each) for each in ids or ()]
        if (wanted or everything) and not yes:
            _ask(mine, wanted, named, media_only=media_only)
        count = mine.forget(*named, everything=everything, media_only=media_only, **wanted)
        if as_json:
            print_json({"forgotten": count, "media_only": media_only})
        else:
            typer.echo(f"forgot {'the media of ' if media_only else ''}{_memories(count)}")


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


def _ask(memory: Memory, wanted: Mapping[str, Any], named: list[str], *, media_only: bool) -> None:
    """Have somebody confirm what is about to be lost.

    Raises:
        QueryError: Nobody does.
    """
    count = len(named) if named else memory.count(**wanted)
    subject = f"{'the media of ' if media_only else ''}{_memories(count)} of {memory.owner!r}"
    if not confirmed(f"Forget {subject}?"):
        raise QueryError(
            f"no consent to forget {subject}", "a yes", "pass --yes where nobody can answer"
        )


def _memories(count: int) -> str:
    return "1 memory" if count == 1 else f"{count} memories"
