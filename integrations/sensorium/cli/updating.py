"""`sensorium update`: other words, tags or metadata for a record that is there."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sensorium.cli.ids import full
from sensorium.cli.opening import opened
from sensorium.cli.options import ENCODER, HOME, OWNER, AsJson, EncoderName, Owner, Place, RecordId
from sensorium.cli.terminal import print_json, reporting
from sensorium.cli.values import metadata, names
from sensorium.errors import RecordError


def update(
    id: RecordId,
    *,
    text: Annotated[str | None, typer.Option(help="In place of its words.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="In place of all its tags; repeat for more.")
    ] = None,
    add_tag: Annotated[
        list[str] | None, typer.Option("--add-tag", help="Besides its tags; repeat for more.")
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="In place of all its metadata; repeat for more."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where it came from.")] = None,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Change a memory; what is not given stays as it is. --tag and --meta replace what there is."""
    with reporting(as_json=as_json):
        if text is None and source is None and not (tag or add_tag or meta):
            raise RecordError(
                "an update that changes nothing",
                "--text, --tag, --add-tag, --meta or --source",
                "add one of them",
            )
        changes: dict[str, Any] = {
            "text": text,
            "source": source,
            "metadata": metadata(meta, "--meta") if meta else None,
        }
        tags, added = names(tag, "--tag") or None, names(add_tag, "--add-tag")
        needed = text is not None  # words are embedded
        with opened(memory, owner=owner, encoder=encoder, encodes=needed) as mine:
            name = full(mine, id)
            if added:
                tags = list(dict.fromkeys([*(tags or mine.get(name).tags), *added]))
            record = mine.update(name, tags=tags, **changes)
        if as_json:
            print_json(record.to_dict())
        else:
            typer.echo(f"updated: {record.id}")
