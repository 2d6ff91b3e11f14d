"""A real, tiny encoder of words and pictures: three colours in a space of three numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding
from sensorium.errors import SensoriumError, UnsupportedModalityError
from sensorium.percepts import Image, Percept, Text

COLOURS = {"red": 0, "green": 1, "blue": 2}


class ColourEncoder(EncoderBase):
    """A real, tiny encoder: words and pictures of three colours share a space of three numbers."""

    modalities = frozenset({"text", "image"})

    @property
    def space(self) -> EmbeddingSpace:
        return EmbeddingSpace("colours", "0" * 64, "r1", 3)

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        return [self._one(percept) for percept in percepts]

    def _one(self, percept: Percept) -> Encoding | SensoriumError:
        if isinstance(percept, Text):
            vector = np.array([[0.1 + (name in percept.text) for name in COLOURS]])
        elif isinstance(percept, Image):
            vector = np.asarray(percept.picture(), np.float64).mean(axis=(0, 1))[None] + 1
        else:
            return UnsupportedModalityError(percept.modality, "text, image", "pass one")
        unit = vector / np.linalg.norm(vector)
        return Encoding(percept.modality, unit.astype(np.float32))


def open_colours(*, device: str, dtype: str) -> ColourEncoder:
    assert (device, dtype) == ("auto", "auto")
    return ColourEncoder()


def swatch(*levels: int) -> Image:
    return Image(np.full((8, 8, 3), levels, np.uint8))
