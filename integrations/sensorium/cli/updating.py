"""`sensorium update`: change the text, tags, metadata, source or place of a record."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.ids import find_id
from sensorium.cli.options import RecordId
from sensorium.cli.session import Session
from sensorium.cli.values import check_names, parse_metadata, parse_place
from sensorium.errors import RecordError


@command
def update(
    id: RecordId,
    *,
    text: Annotated[str | None, typer.Option(help="Text that replaces the record's.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", help="Tag that replaces all tags; repeat for more."),
    ] = None,
    add_tag: Annotated[
        list[str] | None, typer.Option("--add-tag", help="Tag to add; repeat for more.")
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE", help="Metadata that replaces all metadata; repeat for more."
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Source that replaces the record's.")] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--place",
            metavar="LAT,LON[,ALT]",
            help="Where it was, in degrees north and east, and metres above the sea: "
            "48.8584,2.2945.",
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Keep the memory as it was, too; see: sensorium history."),
    ] = False,
    session: Session,
) -> None:
    """Change a memory; what is not given stays as it is."""
    if text is None and source is None and where is None and not (tag or add_tag or meta):
        raise RecordError(
            "an update that changes nothing",
            "--text, --tag, --add-tag, --meta, --source or --place",
            "add one of them",
        )
    changes: dict[str, Any] = {
        "text": text,
        "source": source,
        "place": None if where is None else parse_place(where, "--place"),
        "metadata": parse_metadata(meta, "--meta") if meta else None,
    }
    tags, added = check_names(tag, "--tag") or None, check_names(add_tag, "--add-tag")
    with session.opened(encodes=text is not None) as memory:
        name = find_id(memory, id)
        if added:
            tags = list(dict.fromkeys([*(tags or memory.get(name).tags), *added]))
        record = memory.update(name, tags=tags, history=history, **changes)
    session.answer(record.to_dict(), f"updated: {record.id}")
