"""The sounds of the videos, and the films of the photos, that are remembered with them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sensorium.encoders import Encoder, Encoding
from sensorium.errors import PerceptError, SensoriumError
from sensorium.memory.layout.derived import AUDIO, VIDEO, Derived
from sensorium.percepts import Audio, Image, Percept, Video

logger = logging.getLogger(__name__)

SILENT = 1e-3  # share of full scale, -60 dB; a track that is never louder is left out
LOOK = 1.0  # seconds of sound looked at together


class Beside(NamedTuple):
    """A sound or a film that is to be encoded, and the video or the photo that it is of."""

    percept: Percept
    of: Percept


def beside(percepts: Sequence[Percept], modalities: Collection[str]) -> list[Beside]:
    """Return the films of the photos among some percepts, then the sounds of the videos.

    There are no films beside a video that was given, nor sounds beside a sound: these go before. Of
    tracks that are silent, and of what cannot be read, there is none, either.

    Args:
        percepts: The percepts that were given.
        modalities: Modalities that may be derived.
    """
    given = {percept.modality for percept in percepts}
    found: list[Beside] = []
    if VIDEO in modalities and VIDEO not in given:
        found += _films(percepts)
    if AUDIO in modalities and AUDIO not in given:
        found += _sounds([*percepts, *(film.percept for film in found)])
    return found


def _films(percepts: Sequence[Percept]) -> Iterator[Beside]:
    for percept in percepts:
        if isinstance(percept, Image):
            try:
                film = percept.film()
            except PerceptError as error:
                _warn("photo", "film", error)
                continue
            if film is not None:
                yield Beside(film, percept)


def _sounds(percepts: Sequence[Percept]) -> Iterator[Beside]:
    for percept in percepts:
        if isinstance(percept, Video) and percept.has_sound:
            try:
                sound = percept.sound()
                if _is_audible(sound):
                    yield Beside(sound, percept)
            except PerceptError as error:
                _warn("video", "sound", error)


def _is_audible(sound: Audio) -> bool:
    """Return whether a sound is louder than `SILENT` anywhere; no more of it is decoded."""
    blocks = sound.blocks(sound.rate, seconds=LOOK)
    return any(float(block.max() - block.min()) / 2 > SILENT for block in blocks if block.size)


def encoded(
    found: Sequence[Beside], encodings: Sequence[Encoding | SensoriumError]
) -> list[Derived]:
    """Return sounds and films with their encodings; one that cannot be encoded is left out.

    Args:
        found: What `beside` returned.
        encodings: The encoding of each, or the error.
    """
    made: list[Derived] = []
    for each, encoding in zip(found, encodings, strict=True):
        if isinstance(encoding, SensoriumError):
            of_video = isinstance(each.of, Video)
            _warn(*(("video", "sound") if of_video else ("photo", "film")), encoding)
        elif isinstance(each.of, Image) or _is_there(each.of, found, made):
            made.append(Derived(each.percept, each.of.digest, encoding))
    return made


def _is_there(video: Percept, found: Sequence[Beside], made: Sequence[Derived]) -> bool:
    """Return whether a video was given, or is a film that was encoded."""
    is_film = any(each.percept is video for each in found)
    return not is_film or any(each.percept is video for each in made)


def derivable(encoder: Encoder, modalities: Collection[str], *, sound: bool) -> frozenset[str]:
    """Return the modalities that an encoder makes vectors of, and a collection takes.

    Args:
        encoder: The encoder.
        modalities: Modalities of the collection.
        sound: Whether the sounds of videos are wished.
    """
    wished = {VIDEO, AUDIO} if sound else {VIDEO}
    return frozenset(wished & encoder.modalities & {*modalities})


def _warn(of: str, what: str, error: SensoriumError) -> None:
    logger.warning("sensorium: a %s is remembered without its %s: %s", of, what, error)
