"""A memory's folder in one file, and back: for all its owners, whoever has it open."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

from sensorium.encoders import check_cancelled
from sensorium.errors import StoreError, StoreFormatError, StoreFullError, StoreLockedError
from sensorium.memory.checks import check_kind
from sensorium.memory.media.folders import PART, enough_room
from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving.archive import (
    ArchiveReader,
    ArchiveWriter,
    BackupManifest,
    damaged,
    is_backup,
)
from sensorium.memory.receipts import BackupSummary
from sensorium.memory.records import Progress
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.durability import is_unfinished, sync_parents, sync_tree
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.edge.copying import copy_memory, shard_of
from sensorium.qdrant.edge.folder import DESCRIPTION, SHARD, kept_beside
from sensorium.qdrant.points import iso
from sensorium.qdrant.read_only import ReadOnlyBackend
from sensorium.qdrant.regular_files import check_tree, is_regular_folder, open_regular_file
from sensorium.qdrant.shared import SharedBackend

MEDIA = "media"
TOKENS = "tokens.toml"
SIGNAL = 3  # folders above a signal, in that of the memory
PRIVATE = 0o700
PARTLY = ".partly"  # ends the name of what is being made
RESERVE = 16 * 2**20  # bytes that stay free


def back_up(
    backend: Backend,
    folder: Path,
    file: str | Path,
    *,
    media: Path | None = None,
    progress: Progress | None = None,
) -> BackupSummary:
    """Write a memory's folder to one file, as it is at one moment.

    Args:
        backend: The open collection of the folder.
        folder: The folder.
        file: The file; one that is there is replaced if it is a backup, when the new one is whole.
        media: Where the signals are, if not in the folder.
        progress: Called with how many files are done, and of how many.
    Raises:
        ArgumentTypeError: `file` is not a path.
        StoreFormatError: `file` is there and is no backup; the folder is damaged.
        StoreLockedError: The memory was re-embedded or purged meanwhile, or, in one that is only
            read, another process never stopped writing.
        OperationCancelledError: The caller gave it up; nothing is left.
        StoreFullError: The disk has no room; nothing is left.
    """
    check_kind(file, (str, Path), "a file", "pass its path")
    target = Path(file).expanduser().absolute()
    if target.exists() and not is_backup(target):
        raise StoreFormatError(
            f"{str(target)!r}, which is there and is no backup", "a new name", "name another file"
        )
    _remove_remains(target)
    part = _beside(target)
    with enough_room(str(target.parent)):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                open(part, "xb", opener=_private) as stream,
                closing(ArchiveWriter(stream)) as writer,
            ):
                _add_memory(writer, backend, folder, media or folder / MEDIA, progress)
                manifest = writer.finish(iso(datetime.now(timezone.utc)))
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
            sync_parents(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return _summary(target, manifest, target.stat().st_size)


def _add_memory(
    writer: ArchiveWriter, backend: Backend, folder: Path, media: Path, progress: Progress | None
) -> None:
    """Add what a memory consists of."""
    # Before and after: a signal that a record names was there by one of the two times
    _add_folder(writer, media, MEDIA, None)
    with _snapshot(backend, folder) as taken:
        _add_folder(writer, taken, "", progress)
    _add_folder(writer, media, MEDIA, progress)
    for name in kept_beside(folder):
        is_state = name != MEDIA and not name.startswith(SHARD)
        if is_state and (folder / name).is_dir():
            _add_folder(writer, folder / name, name, None)
    if (folder / TOKENS).exists():
        _add(writer, folder / TOKENS, TOKENS)


def restore(
    file: str | Path, folder: str | Path, *, progress: Progress | None = None
) -> BackupSummary:
    """Make a memory's folder from a backup; every file is checked against its SHA-256.

    Args:
        file: The backup.
        folder: A new or empty folder, which appears when it is complete.
        progress: Called with how many bytes are done, and of how many.
    Raises:
        ArgumentTypeError: `file` or `folder` is not a path.
        FileNotFoundError: There is no such file.
        StoreFormatError: It is no backup or a damaged one, or the folder is not empty.
        SchemaVersionError: The memory has a layout that this release does not know.
        OperationCancelledError: The caller gave it up; nothing is left.
        StoreFullError: The disk has no room; nothing is left.
    """
    for given, what in ((file, "a file"), (folder, "a folder")):
        check_kind(given, (str, Path), what, "pass its path")
    source = Path(file).expanduser().absolute()
    target = Path(folder).expanduser().absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise StoreFormatError(
            f"the folder {str(target)!r}, which is not empty", "a new folder", "name another"
        )
    with source.open("rb") as stream, enough_room(str(target.parent)):
        reader = ArchiveReader(source, stream)
        target.parent.mkdir(parents=True, exist_ok=True)
        total = sum(entry.content for entry in reader.manifest.files)
        _check_room(target.parent, total)
        _remove_remains(target)
        part = _beside(target)
        done = 0

        def count(written: int) -> None:
            nonlocal done
            done += written
            if progress is not None:
                progress(done, total)

        try:
            part.mkdir(mode=PRIVATE)
            reader.unpack(part, count)
            _check_memory(source, part)
            sync_tree(part)
            if target.exists():
                target.rmdir()
            part.rename(target)
            sync_parents(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return _summary(target, reader.manifest, total)


def _check_memory(source: Path, part: Path) -> None:
    """Check that what was unpacked is a memory's folder."""
    names = {path.name for path in part.iterdir()}
    if DESCRIPTION not in names:
        raise damaged(source, "no memory in it")
    try:
        shard_of(part)
    except StoreFormatError as error:
        raise damaged(source, error.came) from error


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise StoreFullError(
            f"{free / 1e6:,.0f} MB free on the disk of {str(folder)!r}",
            f"{(needed + RESERVE) / 1e6:,.0f} MB",
            "make room, or restore to another disk; nothing was written",
        )


@contextmanager
def _snapshot(backend: Backend, folder: Path) -> Iterator[Path]:
    """Copy the description and the shard, as they are at one moment, and remove the copy."""
    if isinstance(backend, (EdgeBackend, SharedBackend)):
        taken = folder / backend.snapshot()
        try:
            yield taken
        except FileNotFoundError as error:
            raise StoreLockedError(
                f"the memory {str(folder)!r}, which was re-embedded or given up meanwhile",
                "a memory that stays in its place while it is backed up",
                "run the backup again; nothing is left of this one",
            ) from error
        finally:
            shutil.rmtree(taken, ignore_errors=True)
        return
    with tempfile.TemporaryDirectory(prefix="sensorium-") as place:
        taken = Path(place) / "memory"
        copy_memory(folder, taken)  # of a memory that is only read: nothing is written to it
        yield taken


def _add_folder(
    writer: ArchiveWriter, folder: Path, inside: str, progress: Progress | None
) -> None:
    """Add the files of a folder, without those that are being written or in it already."""
    if not is_regular_folder(folder):
        return
    check_tree(folder)
    known = {entry.name for entry in writer.files}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for done, path in enumerate(files, 1):
        check_cancelled()
        name = "/".join(filter(None, (inside, path.relative_to(folder).as_posix())))
        if name not in known and not is_unfinished(path.name) and PART not in path.name:
            try:
                _add(writer, path, name)
            except FileNotFoundError:
                if not inside:
                    raise
                # A signal that was forgotten meanwhile
        if progress is not None:
            progress(done, len(files))


def _add(writer: ArchiveWriter, path: Path, name: str) -> None:
    with open_regular_file(path) as stream:
        writer.add(stream, name)


def _summary(place: Path, manifest: BackupManifest, size: int) -> BackupSummary:
    media = [
        entry
        for entry in manifest.files
        if entry.name.startswith(f"{MEDIA}/") and entry.name.count("/") == SIGNAL
    ]
    return BackupSummary(place, len(manifest.files), len(media), size)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}{PARTLY}")


def _remove_remains(target: Path) -> None:
    """Remove what a killed call left beside its target."""
    for path in target.parent.glob(f".{_escaped(target.name)}.????????????????{PARTLY}"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def folder_of(state: Path | None, backend: Backend) -> Path:
    """Return the folder of a memory, which is that of its state, if it keeps any.

    Raises:
        StoreError: The memory is on a server.
    """
    if state is not None:
        return state
    if isinstance(backend, ReadOnlyBackend) and (Path(backend.place) / DESCRIPTION).is_file():
        return Path(backend.place)
    raise StoreError(
        "a memory on a server, to be backed up",
        "a memory in a folder",
        "use the server's own snapshots, or export()",
    )


def media_beside(media: MediaStore | None) -> Path | None:
    """Return the folder of signals that are kept elsewhere on this machine, or in the folder."""
    root = None if media is None else Path(media.root)
    return root if root is not None and root.is_dir() else None
