"""A sense that tests bind: hums of several shapes, and an encoder of words to bind it to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import FunctionEncoder
from sensorium.percepts import Series, Text

RATE = 200  # Hz
SHAPES = ("sine", "saw", "square")
WORDS = {"sine": 0, "smooth": 0, "saw": 1, "square": 2, "blocky": 2}


class Hum(Series):
    """The pressure of a hum."""

    modality = "hum"
    factors: ClassVar[Mapping[str, float]] = {"Pa": 1.0, "mPa": 1e-3}


def wave(shape: str, seed: int, *, seconds: float = 1.0) -> NDArray[np.float32]:
    """Return a hum of 3 to 6 Hz, with some noise; each seed is another one."""
    draw = np.random.default_rng(seed)
    turns = draw.uniform(3, 6) * np.arange(round(seconds * RATE)) / RATE + draw.uniform()
    curve = {
        "sine": np.sin(2 * np.pi * turns),
        "saw": 2 * (turns % 1) - 1,
        "square": np.sign(np.sin(2 * np.pi * turns)),
    }[shape]
    return np.asarray(curve + 0.05 * draw.standard_normal(len(turns)), np.float32)


def hum(shape: str, seed: int) -> Hum:
    """Return a hum of one second."""
    return Hum(wave(shape, seed), rate=RATE, unit="Pa")


def pairs(count: int, *, start: int = 0) -> list[tuple[Hum, str]]:
    """Return hums with the names of their shapes, each shape in turn."""
    named = [SHAPES[index % len(SHAPES)] for index in range(count)]
    return [(hum(shape, start + index), shape) for index, shape in enumerate(named)]


def of_words(texts: Sequence[Text]) -> NDArray[np.float32]:
    """Encode words by their shape: each shape is a direction, other words are another one."""
    rows = np.full((len(texts), 5), 0.2, np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[WORDS.get(text.text, 3)] += 1
    return rows


def word_encoder(model: str = "words") -> FunctionEncoder:
    """Return an encoder of words, of five dimensions."""
    return FunctionEncoder(model, {"text": of_words}, dimension=5)
