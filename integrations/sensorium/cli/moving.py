"""`sensorium export`, `import` and `promote`: memories go somewhere else."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sensorium.cli.opening import opened
from sensorium.cli.options import (
    ENCODER,
    HOME,
    MEDIA_VARIABLE,
    OWNER,
    AsJson,
    EncoderName,
    Owner,
    Place,
)
from sensorium.cli.terminal import counting, print_json, reporting
from sensorium.errors import ExportFormatError


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write; new, or empty.")
    ],
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Write everything an owner remembers to a directory: Parquet, and the media."""
    with reporting(as_json=as_json):
        if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
            raise ExportFormatError(
                f"{str(directory)!r}, which holds something",
                "a new or empty folder",
                "name another",
            )
        with (
            opened(memory, owner=owner, encoder=encoder, encodes=False) as mine,
            counting("exporting", as_json=as_json) as bar,
        ):
            done = mine.export(directory, progress=bar)
        _show({**asdict(done), "directory": str(done.directory)}, as_json=as_json)


def import_(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="What `sensorium export` wrote.")
    ],
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Read an export into a memory; doing it again does no harm."""
    with reporting(as_json=as_json):
        if not directory.is_dir():
            raise ExportFormatError(
                f"no folder {str(directory)!r}", "what sensorium export wrote", "check the path"
            )
        with (
            opened(memory, owner=owner, encoder=encoder, begin=True, encodes=False) as mine,
            counting("importing", as_json=as_json) as bar,
        ):
            done = mine.import_(directory, progress=bar)
        _show(asdict(done), as_json=as_json)


def promote(
    url: Annotated[str, typer.Argument(help="Of a Qdrant server; its key is QDRANT_API_KEY.")],
    *,
    media: Annotated[
        str | None,
        typer.Option(
            envvar=MEDIA_VARIABLE, help="Where the signals go: a folder or fsspec URL, s3://..."
        ),
    ] = None,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Copy a memory to a server, which then is used with --memory URL; the folder stays."""
    with (
        reporting(as_json=as_json),
        opened(memory, owner=owner, encoder=encoder, encodes=False) as mine,
    ):
        with counting("copying", as_json=as_json) as bar:
            done = mine.promote(url, media=media, progress=bar)
        _show(asdict(done), as_json=as_json)


def _show(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        typer.echo(", ".join(f"{name.replace('_', ' ')} {each}" for name, each in record.items()))
