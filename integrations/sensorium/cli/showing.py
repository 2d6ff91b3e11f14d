"""`sensorium show` and `save`: one record, and the signals that were kept with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import typer

from sensorium.cli.command import command
from sensorium.cli.ids import find_id, short_id
from sensorium.cli.options import RecordId
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.values import printable
from sensorium.errors import MediaNotFoundError, RecordError

if TYPE_CHECKING:
    from datetime import datetime

    from sensorium.memory import Medium, Record
    from sensorium.memory.media.store import MediaStore


@command
def show(id: RecordId, *, session: Session) -> None:
    """Show everything about one memory, and where its signals are."""
    with session.opened(encodes=False) as memory:
        record = memory.get(find_id(memory, id))
    store = session.media_store(record.owner)
    paths = [_path(store, medium) for medium in record.media]
    if session.as_json:
        fields = record.to_dict()
        for medium, path in zip(fields["media"], paths, strict=True):
            medium["path"] = path and str(path)
        print_json(fields)
        return
    for name, value in _lines(record, paths):
        typer.echo(f"{name:9} {value}")


@command
def save(
    id: RecordId,
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIR",
            help="A new file, or the folder to put the files in; DIR/ is made if it is not there.",
        ),
    ],
    *,
    session: Session,
) -> None:
    """Copy the signals that were kept with a memory to ordinary files."""
    with session.opened(encodes=False) as memory:
        record = memory.get(find_id(memory, id))
    store = session.media_store(record.owner)
    kept = list(record.files)
    if store is None or not kept:
        raise MediaNotFoundError(
            f"the memory {short_id(record.id)}, with which no signal was kept",
            "a memory that was remembered without --no-media",
            f"for its text, run: sensorium show {short_id(record.id)}",
        )
    files = _targets(target, record, kept)
    for medium, file in zip(kept, files, strict=True):
        with store.open(str(medium.file)) as signal, file.open("xb") as copy:
            shutil.copyfileobj(signal, copy)
    names = [str(file) for file in files]
    session.answer({"id": record.id, "files": names}, "\n".join(names))


def _path(store: MediaStore | None, medium: Medium) -> Path | None:
    """Return where a kept signal is on this machine's disk; `None` if it is not."""
    if store is None or medium.file is None or not store.exists(medium.file):
        return None
    return store.path(medium.file)


def _lines(record: Record, paths: list[Path | None]) -> Iterator[tuple[str, object]]:
    """Yield the name and the value of each thing that a record has."""
    yield "id", record.id
    yield "at", _local(record.at)
    if record.until != record.at:
        yield "until", _local(record.until)
    yield "made", _local(record.created_at)
    if record.expires_at:
        yield "expires", _local(record.expires_at)
    yield "modality", ", ".join(record.modalities)
    whose = record.owner if record.shared else None
    named = (("owner", whose), ("tags", ", ".join(record.tags)), ("source", record.source))
    for name, value in named:
        if value:
            yield name, printable(value)
    if record.place is not None:
        from sensorium.memory.places.words import place_text

        yield "place", place_text(record.place)  # as --place takes it
    for key, entry in record.metadata.items():
        yield "metadata", printable(f"{key}={entry}")
    for line in record.text.splitlines():
        yield "text", printable(line)
    for medium, path in zip(record.media, paths, strict=True):
        units = "".join(f", {key}={value}" for key, value in medium.units.items())
        length = f", {medium.duration:.1f} s" if medium.duration else ""
        is_part = medium.of is not None and medium.modality == "audio"
        where = "of the video" if is_part else path or medium.file or "not kept"
        if medium.modality != "text" or medium.file is not None:  # the words stand above
            yield medium.modality, printable(f"{where}{length}{units}")
        if medium.uri and not is_part:
            yield "from", printable(unquote(medium.uri))
        for finding in record.findings:
            if finding.of == medium.digest:
                at = f"{finding.span.start:.1f} s: " if finding.span else ""
                yield finding.origin, printable(f"{at}{finding.text}")


def _local(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S%z}"


def _targets(name: str, record: Record, kept: list[Medium]) -> list[Path]:
    """Return the paths of the files to write.

    Raises:
        RecordError: A file exists already, or one file is to hold several signals.
    """
    target = Path(name)
    if name.endswith(("/", os.sep)):
        _make_folder(target)
    if target.is_dir():
        files = [target / name for name in _names(record, kept)]
    elif len(kept) == 1:
        files = [target]
    else:
        raise RecordError(
            f"the file {str(target)!r} for {len(kept)} signals",
            "a folder",
            f"write {target}{os.sep} to make one",
        )
    existing = [file for file in files if file.exists()]
    if existing:
        raise RecordError(
            f"{str(existing[0])!r}, which exists already", "a new file", "name another"
        )
    return files


def _make_folder(target: Path) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise RecordError(
            f"the folder {str(target)!r}, which is a file", "a folder", "name another"
        ) from error


def _names(record: Record, kept: list[Medium]) -> Iterator[str]:
    """Name each signal like the file it came from, or after the record where that is not clear."""
    taken: set[str] = set()
    for number, medium in enumerate(kept, start=1):
        suffix = Path(str(medium.file)).suffix
        stem = PurePosixPath(unquote(urlsplit(medium.uri or "").path)).stem
        name = f"{stem}{suffix}"
        if not stem or name in taken:
            name = f"{record.id[:8]}-{number}{suffix}"
        taken.add(name)
        yield name
