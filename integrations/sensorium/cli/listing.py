"""`sensorium timeline` and `sensorium stats`: list and count memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.options import ListingFilters
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.values import check_count

MEGABYTE = 1e6  # bytes


@command
def timeline(
    *,
    limit: Annotated[int, typer.Option(help="Largest number of records on the page.")] = 50,
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="List the oldest first instead of the newest.")
    ] = False,
    cursor: Annotated[
        str | None, typer.Option(help="Cursor that the page before ended with.")
    ] = None,
    filters: ListingFilters,
    session: Session,
) -> None:
    """List memories in order of time."""
    restrictions = filters.to_filters()
    check_count(limit, "--limit")
    with session.opened(encodes=False) as memory:
        page = memory.timeline(
            limit=limit, newest_first=not oldest_first, cursor=cursor, **restrictions
        )
    if session.as_json:
        print_json({"records": [record.to_dict() for record in page], "cursor": page.cursor})
        return
    if not len(page):
        typer.echo("nothing found")
        return
    from sensorium.cli.tables import print_table, record_table

    print_table(record_table(page))
    if page.cursor:
        typer.echo(f"more: --cursor {page.cursor}")


@command
def stats(session: Session) -> None:
    """Describe the memory: records by modality, times, media, the store."""
    with session.opened(encodes=False) as memory:
        found = memory.stats()
    if session.as_json:
        print_json(found)
        return
    from sensorium.cli.tables import print_table, table

    shown = table("what", "value", wide="value")
    for name, value in _lines(found):
        shown.add_row(name, value)
    print_table(shown)


def _lines(found: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten a description; bytes are shown in megabytes."""
    for key, value in found.items():
        name = f"{prefix}{key.replace('_', ' ')}"
        if isinstance(value, dict) and key == "store":
            yield from _lines(value, "store ")
        elif isinstance(value, dict):
            counts = ", ".join(f"{count} {label}" for label, count in value.items())
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
