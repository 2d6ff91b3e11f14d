"""The sounds of a record's videos: listed after its own percepts, and never part of what it is.

A record has them only where it has no sound of its own. Their medium names its video in `of`, and
the file of the video, so that no signal is kept twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sensorium.encoders import Encoding
from sensorium.memory.records import Medium
from sensorium.percepts import Audio, Percept
from sensorium.percepts.files import file_from_percept
from sensorium.qdrant.points import Vectors

AUDIO = Audio.modality


@dataclass(frozen=True, eq=False)
class Sound:
    """The sound of a video.

    Attributes:
        percept: The sound.
        of: Index of the video among the percepts that were given.
        encoding: Its encoding.
    """

    percept: Audio
    of: int
    encoding: Encoding


def with_sounds(
    percepts: Sequence[Percept],
    digests: Sequence[str],
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    sounds: Sequence[Sound],
) -> tuple[list[Percept], list[str], list[Encoding], dict[int, Mapping[str, Any]]]:
    """Return percepts with the sounds of the videos among them, as `media_and_rows` takes them.

    Args:
        percepts: The percepts that were given.
        digests: The digest of each.
        encodings: The encoding of each.
        kept: What a `Medium` says of each file that was kept, by the percept's index.
        sounds: The sounds.
    """
    said = dict(kept)
    for index, sound in enumerate(sounds, len(percepts)):
        said[index] = {**_file(sound, kept.get(sound.of)), "of": digests[sound.of]}
    return (
        [*percepts, *(sound.percept for sound in sounds)],
        [*digests, *(sound.percept.digest for sound in sounds)],
        [*encodings, *(sound.encoding for sound in sounds)],
        said,
    )


def _file(sound: Sound, video: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what a medium says of the file of a video whose sound it is."""
    if video is None:
        return {}
    file = file_from_percept(sound.percept)
    return {**video, "mime": file.mime, "units": dict(file.units)}


def without(
    media: Sequence[Medium], rows: Mapping[str, Vectors], gone: Callable[[Medium], bool]
) -> tuple[list[Medium], dict[str, Vectors]]:
    """Leave sounds out of a record's media, and their rows out of its rows.

    Args:
        media: The media.
        rows: The record's rows by modality.
        gone: Whether a sound of a video goes.
    """
    left: list[Medium] = []
    blocks: list[Vectors] = []
    for medium in media:
        if medium.of is not None and gone(medium):
            continue
        if medium.modality == AUDIO and AUDIO in rows:
            left.append(replace(medium, row=sum(map(len, blocks))))
            blocks.append(rows[AUDIO][medium.row : medium.row + medium.rows])
        else:
            left.append(medium)
    if len(left) == len(media):
        return list(media), dict(rows)
    others = {modality: block for modality, block in rows.items() if modality != AUDIO}
    return left, {**others, AUDIO: np.concatenate(blocks)} if blocks else others
