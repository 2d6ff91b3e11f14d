"""Planted records of six modalities with planted vectors, for `memory.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding, normalise
from sensorium.errors import SensoriumError
from sensorium.memory import Moment
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Text, Thermal

DIMENSION = 1024
TOPICS = 500  # clusters of vectors
NOISE = 1.0  # standard deviation of a vector from its topic, over the topic's own
MODALITIES = ("text", "image", "audio", "depth", "thermal", "imu")
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
RARE = 100  # one record in so many belongs to the other owner
WORDS = ["dog", "postman", "river", "rain", "clock", "garden", "sea", "train", "piano", "night"]


class Vectors:
    """Clustered unit vectors, made from a seed; row i belongs to record i."""

    def __init__(self, count: int, seed: int = 0) -> None:
        """Make `count` rows."""
        draw = np.random.default_rng(seed)
        topics = draw.standard_normal((TOPICS, DIMENSION), np.float32)
        self.rows = np.empty((count, DIMENSION), np.float32)
        for start in range(0, count, 10_000):
            block = self.rows[start : start + 10_000]
            block[:] = draw.standard_normal(block.shape, np.float32) * np.float32(NOISE)
            block += topics[draw.integers(TOPICS, size=len(block))]
            block[:] = normalise(block)

    def questions(self, count: int) -> NDArray[np.float32]:
        """Make questions near some of the rows."""
        draw = np.random.default_rng(1)
        near = self.rows[draw.integers(len(self.rows), size=count)]
        noise = draw.standard_normal(near.shape, np.float32) / np.float32(np.sqrt(DIMENSION))
        return normalise(near + noise)


class Planted(EncoderBase):
    """Looks vectors up by the number of a percept: its `uri`, or the first word of a text."""

    space = EmbeddingSpace(model="planted", weights="none", preprocessing="r1", dimension=DIMENSION)
    modalities = frozenset(MODALITIES)

    def __init__(self, vectors: Vectors) -> None:
        """Look vectors up in these."""
        self._rows = vectors.rows

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Look up a row for each percept."""
        return [self._one(percept) for percept in percepts]

    def _one(self, percept: Percept) -> Encoding:
        if isinstance(percept, Text):
            number, spans = percept.text.split(" ", 1)[0], (Span(0, len(percept.text)),)
        else:
            number, spans = percept.uri or "", ()
        return Encoding(percept.modality, self._rows[int(number)][None], spans)


def texts(count: int) -> Iterator[Moment]:
    """Yield records of one text each."""
    for number in range(count):
        words = " ".join(WORDS[(number * step) % len(WORDS)] for step in range(1, 7))
        yield Moment(text=f"{number} {words}")


def pictures(count: int) -> Iterator[Moment]:
    """Yield records of one picture each, a second apart."""
    for number in range(count):
        yield Moment((_image(number),), at=START + timedelta(seconds=number))


def mixed(count: int) -> Iterator[Moment]:
    """Yield records of one percept each, of six modalities in turn, a second apart."""
    makers = [_text, _image, _audio, _depth, _thermal, _imu]
    for number in range(count):
        at = START + timedelta(seconds=number)
        yield Moment((makers[number % len(makers)](number),), at=at)


def _text(number: int) -> Percept:
    return Text(f"{number} {WORDS[number % len(WORDS)]}")


def _image(number: int) -> Percept:
    return Image(np.full((2, 2, 3), number % 256, np.uint8), uri=str(number))


def _audio(number: int) -> Percept:
    return Audio(np.zeros(400, np.float32), rate=16_000, uri=str(number))


def _depth(number: int) -> Percept:
    return Depth(np.ones((2, 2), np.float32), unit="relative", uri=str(number))


def _thermal(number: int) -> Percept:
    return Thermal(np.full((2, 2), 20.0, np.float32), unit="celsius", uri=str(number))


def _imu(number: int) -> Percept:
    still = np.tile(np.array([0, 0, 9.8, 0, 0, 0], np.float32), (2, 1))
    return IMU(still, rate=50, accel="m/s^2", gyro="rad/s", uri=str(number))
