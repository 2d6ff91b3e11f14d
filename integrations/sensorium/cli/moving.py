"""`sensorium backup`, `restore`, `export`, `import` and `promote`: take memories elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.options import AsJson
from sensorium.cli.session import MEDIA_VARIABLE, Session
from sensorium.cli.terminal import counting
from sensorium.errors import ExportFormatError


@command
def backup(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="File to write; one that is a backup is replaced."),
    ],
    *,
    session: Session,
) -> None:
    """Write the whole folder of a memory, of all owners, to one compressed file."""
    with (
        session.opened(encodes=False) as memory,
        counting("backing up", as_json=session.as_json) as progress,
    ):
        done = memory.backup(file, progress=progress)
    _print_counts(session, {**asdict(done), "place": str(done.place)})


@command
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File `sensorium backup` wrote.")],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of the memory; new, or empty.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a memory's folder of a backup, and check every file in it."""
    from sensorium.memory.moving import restore as restored

    with counting("restoring", as_json=as_json) as progress:
        done = restored(file, folder, progress=progress)
    answered = Session(as_json=as_json)
    _print_counts(answered, {**asdict(done), "place": str(done.place)})


@command
def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory to write to; new, or empty.")
    ],
    *,
    session: Session,
) -> None:
    """Write all memories of an owner to a directory, as Parquet, with their media."""
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise ExportFormatError(
            f"{str(directory)!r}, which is not empty",
            "a new or empty directory",
            "name another",
        )
    with (
        session.opened(encodes=False) as memory,
        counting("exporting", as_json=session.as_json) as progress,
    ):
        done = memory.export(directory, progress=progress)
    _print_counts(session, {**asdict(done), "directory": str(done.directory)})


@command
def import_(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory that `sensorium export` wrote.")
    ],
    *,
    session: Session,
) -> None:
    """Read an export into a memory; importing it again changes nothing."""
    if not directory.is_dir():
        raise ExportFormatError(
            f"no directory {str(directory)!r}",
            "a directory that sensorium export wrote",
            "check the path",
        )
    with (
        session.opened(begin=True, encodes=False) as memory,
        counting("importing", as_json=session.as_json) as progress,
    ):
        done = memory.import_(directory, progress=progress)
    _print_counts(session, asdict(done))


@command
def promote(
    url: Annotated[
        str, typer.Argument(help="URL of a Qdrant server, whose key is read from QDRANT_API_KEY.")
    ],
    *,
    media: Annotated[
        str | None,
        typer.Option(
            envvar=MEDIA_VARIABLE,
            help="Where to copy the signals: a folder or an fsspec URL such as s3://...",
        ),
    ] = None,
    session: Session,
) -> None:
    """Copy a memory to a server, to be used with --memory URL from then on; the folder stays."""
    with (
        session.opened(encodes=False) as memory,
        counting("copying", as_json=session.as_json) as progress,
    ):
        done = memory.promote(url, media=media, progress=progress)
    _print_counts(session, asdict(done))
    if done.left_media and not session.as_json:
        typer.echo(f"{done.left_media} files of media stay here alone: to copy them, add --media")


def _print_counts(session: Session, record: dict[str, Any]) -> None:
    counts = (f"{name.replace('_', ' ')} {value}" for name, value in record.items())
    session.answer(record, ", ".join(counts))
