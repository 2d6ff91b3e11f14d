"""The sounds of the videos that are remembered: found, and left out where there is none to hear."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from sensorium.encoders import Encoder, Encoding
from sensorium.errors import PerceptError, SensoriumError
from sensorium.memory.layout.sounds import AUDIO, Sound
from sensorium.percepts import Audio, Percept, Video

logger = logging.getLogger(__name__)

SILENT = 1e-3  # share of full scale, -60 dB; a track that is never louder is left out
LOOK = 1.0  # seconds of sound looked at together


def sounds_in(percepts: Sequence[Percept]) -> dict[int, Audio]:
    """Return the sound of each video among some percepts, by the video's index.

    There are none beside a sound that was given: it goes before. Of tracks that are silent or
    cannot be read there is none, either.
    """
    if any(isinstance(percept, Audio) for percept in percepts):
        return {}
    found: dict[int, Audio] = {}
    for index, percept in enumerate(percepts):
        if isinstance(percept, Video) and percept.has_sound:
            try:
                sound = percept.sound()
                if _is_audible(sound) and sound not in found.values():
                    found[index] = sound
            except PerceptError as error:
                _warn(error)
    return found


def _is_audible(sound: Audio) -> bool:
    """Return whether a sound is louder than `SILENT` anywhere; no more of it is decoded."""
    blocks = sound.blocks(sound.rate, seconds=LOOK)
    return any(float(block.max() - block.min()) / 2 > SILENT for block in blocks if block.size)


def encoded_sounds(
    sounds: dict[int, Audio], encodings: Sequence[Encoding | SensoriumError]
) -> list[Sound]:
    """Return sounds with their encodings; one that cannot be encoded is left out.

    Args:
        sounds: What `sounds_in` returned.
        encodings: The encoding of each, or the error.
    """
    made = []
    for (index, sound), encoding in zip(sounds.items(), encodings, strict=True):
        if isinstance(encoding, SensoriumError):
            _warn(encoding)
        else:
            made.append(Sound(sound, index, encoding))
    return made


def hears(encoder: Encoder, modalities: Collection[str]) -> bool:
    """Return whether an encoder makes vectors of sounds, and a collection takes them.

    Args:
        encoder: The encoder.
        modalities: Modalities of the collection.
    """
    return AUDIO in encoder.modalities and AUDIO in modalities


def _warn(error: SensoriumError) -> None:
    logger.warning("sensorium: a video is remembered without its sound: %s", error)
