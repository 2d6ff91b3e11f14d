"""`sensorium timeline` and `sensorium stats`: what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

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
from sensorium.cli.terminal import print_json, reporting
from sensorium.cli.values import filters, whole

MEGABYTE = 1e6  # bytes


def timeline(
    *,
    limit: Annotated[int, typer.Option(help="Records of a page.")] = 50,
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="Rather than newest first.")
    ] = False,
    cursor: Annotated[str | None, typer.Option(help="Of the page before, for the next.")] = None,
    modality: Modality = None,
    since: Since = None,
    until: Until = None,
    tag: Tag = None,
    source: Source = None,
    where: Where = None,
    text_contains: Annotated[
        str | None, typer.Option(help="All of these words in the text.")
    ] = None,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """List memories in order of time."""
    with reporting(as_json=as_json):
        wanted = filters(
            since=since,
            until=until,
            tags=tag,
            source=source,
            where=where,
            with_modalities=modality,
            text_contains=text_contains,
        )
        whole(limit, "--limit")
        with opened(memory, owner=owner, encoder=encoder, encodes=False) as mine:
            page = mine.timeline(
                limit=limit, newest_first=not oldest_first, cursor=cursor, **wanted
            )
        if as_json:
            records = [record.to_dict() for record in page]
            print_json({"records": records, "cursor": page.cursor})
            return
        if not len(page):
            typer.echo("nothing found")
            return
        from sensorium.cli.tables import record_table, show

        show(record_table(page))
        if page.cursor:
            typer.echo(f"more: --cursor {page.cursor}")


def stats(
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Describe the memory: records by sense, times, media, the store."""
    with (
        reporting(as_json=as_json),
        opened(memory, owner=owner, encoder=encoder, encodes=False) as mine,
    ):
        found = mine.stats()
    if as_json:
        print_json(found)
        return
    from sensorium.cli.tables import show, table

    shown = table("what", "value", wide="value")
    for name, value in _lines(found):
        shown.add_row(name, value)
    show(shown)


def _lines(found: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten a description; bytes are shown in megabytes."""
    for key, value in found.items():
        name = f"{prefix}{key.replace('_', ' ')}"
        if isinstance(value, dict) and key == "store":
            yield from _lines(value, "store ")
        elif isinstance(value, dict):
            counts = ", ".join(f"{count} {each}" for each, count in value.items())
            yield name, counts or "none"
        elif key.endswith("bytes"):
            yield name, "not kept" if value is None else f"{value / MEGABYTE:.1f} MB"
        elif key in ("first", "last") and value is not None:
            from sensorium.cli.tables import when

            yield name, when(datetime.fromisoformat(value))
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, "none" if value is None else str(value)
