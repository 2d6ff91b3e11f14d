"""Kept signals, opened as percepts again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sensorium.errors import MediaNotFoundError
from sensorium.memory.checks import check_kind
from sensorium.memory.media.store import MediaStore
from sensorium.memory.records import Medium, Record
from sensorium.percepts import Percept, Text
from sensorium.percepts.files import percept_from_file
from sensorium.qdrant.points import from_iso


def open_percepts(record: Record, opened: Callable[[Medium], Percept]) -> list[Percept]:
    """Open the signals of a record: its text, and each medium that was kept.

    Args:
        record: The record.
        opened: Opens a medium that was kept.
    Raises:
        ArgumentTypeError: `record` is not a record.
        MediaNotFoundError: No signal of it was kept, or a file is gone.
    """
    check_kind(record, Record, "a record", "pass one of timeline(), or get(id)")
    texts: list[Percept] = [Text(record.text, at=record.at)] if record.text else []
    kept = [opened(medium) for medium in record.media if medium.file]
    if not texts and not kept:
        raise MediaNotFoundError(
            f"the record {record.id}, none of whose signals was kept",
            "a record remembered with keep_media",
            "forget it, then remember it with keep_media=True",
        )
    return [*texts, *kept]


def no_more_shared(record: Record) -> MediaNotFoundError:
    """Return the error of a record that another owner let somebody read, and does not now."""
    return MediaNotFoundError(
        f"the record {record.id} of {record.owner!r}, who has ended its share or forgotten it",
        "a record that may be read now",
        f"ask {record.owner!r} to share it again; shares() lists what is shared",
    )


def open_medium(media: MediaStore | None, medium: Medium) -> Percept:
    """Open one kept percept.

    Raises:
        ArgumentTypeError: `medium` is not a medium.
        MediaNotFoundError: It was not kept, or its file is gone.
    """
    store, name = _kept(media, medium)
    path = store.path(name)
    return percept_of(medium, path if path is not None else store.read(name))


def percept_of(medium: Medium, content: Path | bytes) -> Percept:
    """Make the percept of a medium again, of the content of its file."""
    at = from_iso(medium.at) if medium.at else None
    return percept_from_file(
        content, modality=medium.modality, units=medium.units, at=at, uri=medium.uri
    )


def open_file(media: MediaStore | None, medium: Medium) -> BinaryIO:
    """Open the kept file of a percept for reading, at its start; the caller closes it.

    Raises:
        ArgumentTypeError: `medium` is not a medium.
        MediaNotFoundError: It was not kept, or its file is gone.
    """
    store, name = _kept(media, medium)
    return store.open(name)


def name_of(medium: Medium) -> str:
    """Return the name of a percept's file in the media store.

    Raises:
        ArgumentTypeError: `medium` is not a medium.
        MediaNotFoundError: It was not kept.
    """
    check_kind(medium, Medium, "a medium", "pass one of record.media")
    if medium.file is None:
        raise _not_kept(medium)
    return medium.file


def _kept(media: MediaStore | None, medium: Medium) -> tuple[MediaStore, str]:
    """Return the store of a percept's file, and its name there."""
    name = name_of(medium)
    if media is None:
        raise _not_kept(medium)
    return media, name


def _not_kept(medium: Medium) -> MediaNotFoundError:
    return MediaNotFoundError(
        f"a {medium.modality} that was not kept", "one with a file", "see Medium.file"
    )
