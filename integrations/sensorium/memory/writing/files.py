"""The files of a record's percepts: kept before its points are written, dropped after they go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sensorium.memory.layout.payload import TEXT
from sensorium.memory.media.store import MediaStore
from sensorium.memory.shelf import Shelf
from sensorium.percepts import Percept
from sensorium.percepts.files import file_from_percept
from sensorium.qdrant import Equal, Filter


def keep_files(
    shelf: Shelf,
    media: MediaStore | None,
    percepts: Sequence[Percept],
    *,
    in_use: Collection[str] = (),
) -> dict[int, dict[str, Any]]:
    """Keep the files of one record's percepts: all of them, or none.

    Args:
        shelf: The memory, whose records may name the same files.
        media: Where to keep them; `None` keeps nothing.
        percepts: The percepts. The payload holds a text, so it gets no file.
        in_use: Names of files to leave alone on failure: records that wait to be written name them.
    Returns:
        What a `Medium` says of each file, by the index of its percept.
    Raises:
        SensoriumError: One of them cannot be kept.
    """
    kept: dict[int, dict[str, Any]] = {}
    if media is None:
        return kept
    try:
        for index, percept in enumerate(percepts):
            if percept.modality != TEXT:
                kept[index] = _keep_file(media, percept)
    except BaseException:
        drop_files(shelf, {fields["file"] for fields in kept.values()} - set(in_use))
        raise
    return kept


def drop_files(shelf: Shelf, names: Iterable[str]) -> None:
    """Remove files of records that are gone, unless another record names them, too."""
    media = shelf.media
    if media is None:
        return
    # A record that another thread is writing may have found its file there.
    with shelf.lock:
        unused = [
            name
            for name in set(names)
            if not shelf.backend.count(Filter(shelf.owner, Equal("hashes", name), parts=True))
        ]
        media.drop(unused)


def _keep_file(media: MediaStore, percept: Percept) -> dict[str, Any]:
    file = file_from_percept(percept)
    with file.source.open() as content:
        name = media.put(content, extension=file.extension)
    units = dict(file.units)
    return {"file": name, "mime": file.mime, "bytes": file.source.size, "units": units}
