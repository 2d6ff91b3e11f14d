"""From vectors to percepts by a decoder of the same space; words and kept media are retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sensorium.decoders import imagine, nearest_words
from sensorium.encoders import EmbeddingSpace, FunctionEncoder
from sensorium.errors import (
    EncodingError,
    MediaNotFoundError,
    SourceTypeError,
    SpaceMismatchError,
    VectorError,
)
from sensorium.memory import Memory, NearestMedia
from sensorium.mini import MiniEncoder
from sensorium.percepts import Image, Text
from sensorium.samples import sample

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


def seen(pictures: Sequence[Any]) -> Any:
    return [np.asarray(each.picture()).mean(axis=(0, 1)) for each in pictures]


def read(texts: Sequence[Any]) -> Any:
    return [COLOURS[each.text] for each in texts]


ENCODER = FunctionEncoder("colours", {"text": read, "image": seen}, dimension=3)
OTHER = FunctionEncoder("other colours", {"text": read}, dimension=3)


class Painter:
    """A decoder: one pixel of the colour that a vector is."""

    space: EmbeddingSpace = ENCODER.space

    def decode(self, vector: Any) -> Image:
        return Image(np.round(255 * np.asarray(vector)[None, None].clip(0)).astype(np.uint8))


def pixel(image: Any) -> list[int]:
    values: list[int] = np.asarray(image.picture())[0, 0].tolist()
    return values


def test_a_vector_a_percept_and_a_sum_become_a_percept() -> None:
    """What the decoder gets is the unit vector of what is asked, with its weights."""
    decoder = Painter()
    assert pixel(imagine("red", decoder=decoder, encoder=ENCODER)) == [255, 0, 0]
    vector = np.array([0, 2, 0], np.float32)
    assert pixel(imagine(vector, decoder=decoder, encoder=ENCODER)) == [0, 255, 0]
    both: list[Any] = ["red", Text("blue")]
    assert pixel(imagine(both, decoder=decoder, encoder=ENCODER)) == [180, 0, 180]
    less = imagine([*both, vector], decoder=decoder, encoder=ENCODER, weights=[3, 4, -1e-9])
    assert pixel(less) == [153, 0, 204]


def test_a_decoder_of_another_space_is_refused_by_name() -> None:
    """Both spaces are in the message, and what to do without a decoder."""
    with pytest.raises(SpaceMismatchError, match=r"of colours@.* vectors of other colours@.*words"):
        imagine("red", decoder=Painter(), encoder=OTHER)


def test_what_cannot_be_imagined_is_refused() -> None:
    """Another dimension, nothing, what is no percept on either side."""
    decoder = Painter()
    wrongs: list[Any] = [np.zeros(4, np.float32), np.array([1, 2, 3]), []]
    for wrong in wrongs:
        with pytest.raises(VectorError):
            imagine(wrong, decoder=decoder, encoder=ENCODER)
    with pytest.raises(SourceTypeError, match="wrap a file"):
        imagine([3], decoder=decoder, encoder=ENCODER)  # type: ignore[list-item]  # on purpose

    class Careless(Painter):
        def decode(self, vector: Any) -> Any:
            return vector

    with pytest.raises(SourceTypeError, match="from the decoder Careless"):
        imagine("red", decoder=Careless(), encoder=ENCODER)


def test_the_nearest_words_of_a_vector() -> None:
    """Of the names given, or those that the encoder knows; none known is refused."""
    words = nearest_words("red", encoder=ENCODER, words=list(COLOURS), limit=2)
    assert words[0].word == "red"
    assert words[0].similarity == pytest.approx(1)
    assert len(words) == 2
    with pytest.raises(EncodingError, match=r"pass words="):
        nearest_words("red", encoder=ENCODER)


@pytest.mark.slow
def test_the_built_in_space_names_a_photo() -> None:
    """It has no decoder; a dog and a bark say so in words for any model that starts from text."""
    names = ["leopard", "guitar", "dog", "rain falling", "pizza"]
    mini = MiniEncoder()
    [photo] = nearest_words(
        sample("photo_dog"), encoder=mini, words=names, modality="image", limit=1
    )
    asked = mini.embed([sample("sound_dog_bark")])[0]
    [sound] = nearest_words(asked, encoder=mini, words=names, modality="audio", limit=1)
    assert (photo.word, sound.word) == ("dog", "dog")


def test_the_nearest_kept_medium_stands_where_a_decoder_does() -> None:
    """It is one that was remembered; a memory that keeps none says so."""
    with Memory.open(":memory:", owner="rex", encoder=ENCODER) as memory:
        near = NearestMedia(memory)
        with pytest.raises(MediaNotFoundError, match="no image is kept"):
            imagine("red", decoder=near, encoder=ENCODER)
        for name, colour in COLOURS.items():
            memory.remember(Image(np.full((2, 2, 3), colour, np.uint8)), id=name)
        memory.remember(Image(np.full((2, 2, 3), (255, 9, 0), np.uint8)), keep_media=False)
        asked = ["red", "blue"]
        found = imagine(asked, decoder=near, encoder=ENCODER, weights=[1, 0.5])
        assert pixel(found) == [255, 0, 0]
        with pytest.raises(SpaceMismatchError):
            imagine("red", decoder=near, encoder=OTHER)
