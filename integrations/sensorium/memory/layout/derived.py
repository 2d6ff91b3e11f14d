"""What a record has of its percepts beside them: the sound of a video, the film of a photo.

It is listed after the record's own percepts and is never part of what the record is. A record has
it only where it has nothing of that modality itself. Its medium names in `of` where it comes from;
a sound names the file of its video, so that no signal is kept twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sensorium.encoders import Encoding
from sensorium.memory.layout.parts import stacked
from sensorium.memory.records import Medium
from sensorium.percepts import Audio, Percept, Video
from sensorium.percepts.files import file_from_percept
from sensorium.qdrant.points import Vectors

AUDIO, VIDEO = Audio.modality, Video.modality


@dataclass(frozen=True, eq=False)
class Derived:
    """The sound of a video, or the film of a photo.

    Attributes:
        percept: The sound or the film.
        of: Digest of the video or the photo.
        encoding: Its encoding.
    """

    percept: Percept
    of: str
    encoding: Encoding


def with_derived(
    percepts: Sequence[Percept],
    digests: Sequence[str],
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    derived: Sequence[Derived],
) -> tuple[list[Percept], list[str], list[Encoding], dict[int, Mapping[str, Any]]]:
    """Return percepts with what was derived of them, as `media_and_rows` takes them.

    Args:
        percepts: The percepts that were given.
        digests: The digest of each.
        encodings: The encoding of each.
        kept: What a `Medium` says of each file that was kept, by index: of the percepts, then of
            what was derived.
        derived: What was derived; films before their sounds.
    """
    names = [*digests, *(each.percept.digest for each in derived)]
    said = dict(kept)
    for index, each in enumerate(derived, len(percepts)):
        file = said.get(index, {})
        if isinstance(each.percept, Audio):
            file = _of_video(each.percept, said.get(names.index(each.of)))
        said[index] = {**file, "of": each.of}
    return (
        [*percepts, *(each.percept for each in derived)],
        names,
        [*encodings, *(each.encoding for each in derived)],
        said,
    )


def _of_video(sound: Audio, video: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what a medium says of the file of a video whose sound it is."""
    if video is None or "file" not in video:
        return {}
    file = file_from_percept(sound)
    return {**video, "mime": file.mime, "units": dict(file.units)}


def beside(derived: Sequence[Derived], own: Collection[str]) -> list[Derived]:
    """Return what was derived without what is of modalities that a record has itself."""
    left: list[Derived] = []
    gone: set[str] = set()
    for each in derived:
        if each.percept.modality in own or each.of in gone:
            gone.add(each.percept.digest)
        else:
            left.append(each)
    return left


def without(
    media: Sequence[Medium],
    rows: Mapping[str, Vectors],
    own: Collection[str],
    *,
    there: Collection[str] = (),
) -> tuple[list[Medium], dict[str, Vectors]]:
    """Leave out of a record what was derived of percepts that are gone, and its rows.

    Args:
        media: The media that stay, and what was derived.
        rows: The record's rows by modality.
        own: Modalities of which percepts are joining the record.
        there: Digests of those percepts.
    """
    left: list[Medium] = []
    found = {*there, *(medium.digest for medium in media if medium.of is None)}
    for medium in media:
        if medium.of is None or (medium.of in found and medium.modality not in own):
            found.add(medium.digest)
            left.append(medium)
    changed = {medium.modality for medium in media if medium not in left}
    return _renumbered(left, rows, changed)


def _renumbered(
    media: Sequence[Medium], rows: Mapping[str, Vectors], modalities: Collection[str]
) -> tuple[list[Medium], dict[str, Vectors]]:
    """Return the media with the rows of some modalities that belong to them, and no others."""
    blocks: dict[str, list[Vectors]] = {}
    moved: list[Medium] = []
    for medium in media:
        if medium.modality in modalities and medium.modality in rows:
            earlier = blocks.setdefault(medium.modality, [])
            moved.append(replace(medium, row=sum(map(len, earlier))))
            earlier.append(rows[medium.modality][medium.row : medium.row + medium.rows])
        else:
            moved.append(medium)
    others = {name: block for name, block in rows.items() if name not in modalities}
    return moved, others | {name: stacked(found) for name, found in blocks.items()}
