"""`sensorium show` and `save`: one record, and the signals that were kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import typer

from sensorium.cli.ids import full, short
from sensorium.cli.opening import media_store, opened
from sensorium.cli.options import ENCODER, HOME, OWNER, AsJson, EncoderName, Owner, Place, RecordId
from sensorium.cli.terminal import print_json, reporting
from sensorium.errors import MediaNotFoundError, RecordError

if TYPE_CHECKING:
    from sensorium.memory import Medium, Record
    from sensorium.memory.media.store import MediaStore


def show(
    id: RecordId,
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Show all there is of one memory, and where its signals are."""
    with reporting(as_json=as_json):
        with opened(memory, owner=owner, encoder=encoder, encodes=False) as mine:
            record = mine.get(full(mine, id))
        store = media_store(memory, owner)
        paths = [_path(store, medium) for medium in record.media]
        if as_json:
            fields = record.to_dict()
            for medium, path in zip(fields["media"], paths, strict=True):
                medium["path"] = path and str(path)
            print_json(fields)
            return
        for name, value in _lines(record, paths):
            typer.echo(f"{name:9} {value}")


def save(
    id: RecordId,
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A new file, or a folder to put them in.")
    ],
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Copy the signals that were kept of a memory out of it, as ordinary files."""
    with reporting(as_json=as_json):
        with opened(memory, owner=owner, encoder=encoder, encodes=False) as mine:
            record = mine.get(full(mine, id))
        store = media_store(memory, owner)
        kept = [medium for medium in record.media if medium.file]
        if store is None or not kept:
            raise MediaNotFoundError(
                f"the memory {short(record.id)}, of which no signal was kept",
                "one remembered without --no-media",
                f"for its words, run: sensorium show {short(record.id)}",
            )
        files = _targets(target, record, kept)
        for medium, file in zip(kept, files, strict=True):
            with store.open(str(medium.file)) as signal, file.open("xb") as copy:
                shutil.copyfileobj(signal, copy)
        if as_json:
            print_json({"id": record.id, "files": [str(file) for file in files]})
        else:
            typer.echo("\n".join(map(str, files)))


def _path(store: MediaStore | None, medium: Medium) -> Path | None:
    """Say where a kept signal lies on this machine's disk; `None` where it does not."""
    if store is None or medium.file is None or not store.exists(medium.file):
        return None
    return store.path(medium.file)


def _lines(record: Record, paths: list[Path | None]) -> Iterator[tuple[str, object]]:
    """Give what a record has, by name; what it has not is left out."""
    from sensorium.cli.tables import printable

    yield "id", record.id
    yield "at", f"{record.at.astimezone():%Y-%m-%d %H:%M:%S%z}"
    if record.until != record.at:
        yield "until", f"{record.until.astimezone():%Y-%m-%d %H:%M:%S%z}"
    yield "made", f"{record.created_at.astimezone():%Y-%m-%d %H:%M:%S%z}"
    if record.expires_at:
        yield "expires", f"{record.expires_at.astimezone():%Y-%m-%d %H:%M:%S%z}"
    yield "senses", ", ".join(record.modalities)
    for name, value in (("tags", ", ".join(record.tags)), ("source", record.source)):
        if value:
            yield name, printable(value)
    for key, each in record.metadata.items():
        yield "metadata", printable(f"{key}={each}")
    for line in record.text.splitlines():
        yield "text", printable(line)
    for medium, path in zip(record.media, paths, strict=True):
        units = "".join(f", {key}={value}" for key, value in medium.units.items())
        length = f", {medium.duration:.1f} s" if medium.duration else ""
        yield medium.modality, printable(f"{path or medium.file or 'not kept'}{length}{units}")


def _targets(target: Path, record: Record, kept: list[Medium]) -> list[Path]:
    """Name the files to write, none of which is there.

    Raises:
        RecordError: One is there, or one file is to hold several signals.
    """
    if target.is_dir():
        files = [target / name for name in _names(record, kept)]
    elif len(kept) == 1:
        files = [target]
    else:
        raise RecordError(
            f"the file {str(target)!r} for {len(kept)} signals",
            "a folder that is there",
            f"run: mkdir -p {target}",
        )
    there = [file for file in files if file.exists()]
    if there:
        raise RecordError(
            f"{str(there[0])!r}, which is there already", "a new file", "name another"
        )
    return files


def _names(record: Record, kept: list[Medium]) -> Iterator[str]:
    """Name each signal as the file it came from; by the record's id where that is not clear."""
    taken: set[str] = set()
    for number, medium in enumerate(kept, start=1):
        suffix = Path(str(medium.file)).suffix
        stem = PurePosixPath(unquote(urlsplit(medium.uri or "").path)).stem
        name = f"{stem}{suffix}"
        if not stem or name in taken:
            name = f"{record.id[:8]}-{number}{suffix}"
        taken.add(name)
        yield name
