"""A film with a bark in it is found by the bark, by the encoder that is shipped."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.films import RATE, film

from sensorium.encoders import load_encoder
from sensorium.memory import Memory
from sensorium.percepts import Audio, Image, Video
from sensorium.samples import sample

SIZE = (320, 240)


def photograph(name: str) -> np.ndarray:
    picture = sample(name)
    assert isinstance(picture, Image)
    return np.asarray(picture.picture().convert("RGB").resize(SIZE))


def heard(name: str) -> np.ndarray:
    found = sample(name)
    assert isinstance(found, Audio)
    return found.mono(RATE)


def late_bark() -> Video:
    """A sailboat of 14 s, and a dog that barks from 10 s on."""
    quiet = np.zeros(10 * RATE, np.float32)
    bark = heard("sound_dog_bark")[: 4 * RATE]
    return Video(
        film(np.concatenate([quiet, bark]), picture=photograph("photo_sailboat"), seconds=14)
    )


@pytest.mark.slow
@pytest.mark.parametrize("wish", [True, False])
def test_a_bark_in_a_film_of_a_boat(wish: bool) -> None:
    """The words and another bark find it, at its time; without sound they do not."""
    others = [sample("photo_lotus"), sample("sound_rain"), sample("sound_piano")]
    with Memory.open(":memory:", owner="me", encoder=load_encoder("sensorium-mini")) as memory:
        memory.remember_many([late_bark(), *others], sound=wish)
        [boat] = memory.recall("a sailboat on the sea", limit=1)
        found = [
            memory.recall("a dog barking", limit=1)[0],
            memory.recall(sample("sound_dog_bark"), limit=1)[0],
        ]
    assert boat.modality == "video"
    for hit in found:
        is_it = hit.record.id == boat.record.id and hit.modality == "audio"
        assert is_it is wish
        if wish:
            assert hit.span is not None
            assert 8 <= hit.span.start <= 12
