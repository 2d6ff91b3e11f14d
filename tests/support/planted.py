"""An encoder whose vectors are planted: every word is a direction, every percept has its words.

Texts say their words themselves; other percepts are noise, whose `uri` says what is meant. A bar
parts windows: `sound("dog|sea")` is a bark, then the sea, a second each. `dog*0.5 sea` weighs
words; `unreadable` makes a percept that cannot be encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background, EmbeddingSpace, EncoderBase, Encoding, Pair, normalise
from sensorium.errors import PerceptTooShortError, SensoriumError
from sensorium.memory import Memory
from sensorium.memory.media.store import MediaStore
from sensorium.memory.place import StorePlace
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Text, Thermal
from sensorium.qdrant import Backend, CollectionSchema, EdgeBackend

D = 64  # dimensions: cosines of unrelated words are about 1/8
MODALITIES = ("text", "image", "audio", "depth", "thermal", "imu")
STILLS = ("image", "depth", "thermal")
RATE = 100  # Hz of planted sounds and motions
WINDOW = 1.0  # seconds
WORD = re.compile(r"([\w~'-]+)(?:\*(-?[\d.]+))?")
PLANTED = "planted:"  # begins a uri that says what is meant
UNREADABLE = "unreadable"
UNRELATED = 256  # vectors of each modality a background is measured on


@cache
def direction(word: str, dimension: int = D) -> NDArray[np.float32]:
    """The unit vector of a word: random, and the same everywhere."""
    return normalise(np.random.default_rng(crc32(word.encode())).normal(size=dimension))


def meant(percept: Percept) -> list[str]:
    """The words of each window."""
    if isinstance(percept, Text):
        return percept.text.split("|")
    return (percept.uri or "").removeprefix(PLANTED).split("|")


class PlantedEncoder(EncoderBase):
    """Vectors of what percepts mean, apart from each other by modality if there is a gap."""

    modalities = frozenset(MODALITIES)

    def __init__(self, *, model: str = "planted", gap: float = 0.0, background: bool = False):
        """Choose a space.

        Args:
            model: Another name is another space.
            gap: Length of what each modality adds of its own to every vector.
            background: Whether statistics are shipped.
        """
        self._space = EmbeddingSpace(model, "0" * 64, "none", D)
        self._gap = gap
        self._background = self._measured() if background else None

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def background(self) -> Background | None:
        return self._background

    def vector(self, words: str, modality: str) -> NDArray[np.float32]:
        """The unit vector of one window."""
        found = [(word, float(weight or 1)) for word, weight in WORD.findall(words.lower())]
        total = sum((weight * direction(word) for word, weight in found), np.zeros(D, np.float32))
        if not found:
            total = direction(words)
        return normalise(normalise(total) + self._gap * direction(f"gap of {modality}"))

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        return [self._encoded(percept) for percept in percepts]

    def _encoded(self, percept: Percept) -> Encoding | SensoriumError:
        windows = meant(percept)
        if any(UNREADABLE in words for words in windows):
            return PerceptTooShortError("an unreadable percept", "a readable one", "mend it")
        rows = np.stack([self.vector(words, percept.modality) for words in windows])
        return Encoding(percept.modality, rows, tuple(_spans(percept, windows)))

    def _measured(self) -> Background:
        """Measure the background on words that nobody uses."""
        vectors = {
            name: np.stack([self.vector(f"{name}~{i}", name) for i in range(UNRELATED)])
            for name in MODALITIES
        }
        centres = {name: rows.mean(axis=0) for name, rows in vectors.items()}
        centred = {name: normalise(rows - centres[name]) for name, rows in vectors.items()}
        pairs = [(asked, stored) for asked in MODALITIES for stored in MODALITIES]
        return Background(
            centres,
            {pair: _unrelated(vectors, *pair) for pair in pairs},
            {pair: _unrelated(centred, *pair) for pair in pairs},
            dict.fromkeys(pairs, 1.0),
        )


def _unrelated(rows: dict[str, NDArray[np.float32]], asked: str, stored: str) -> Pair:
    cosines = rows[asked] @ rows[stored].T
    others = cosines[~np.eye(len(cosines), dtype=bool)]
    return Pair(float(others.mean()), float(others.std()))


def _spans(percept: Percept, windows: Sequence[str]) -> Iterator[Span]:
    if isinstance(percept, Text):
        start = 0
        for words in windows:
            yield Span(start, start + len(words))
            start += len(words) + 1
    elif percept.modality not in STILLS:
        yield from (Span(i * WINDOW, (i + 1) * WINDOW) for i in range(len(windows)))


def _noise(words: str, *shape: int) -> NDArray[np.float32]:
    random = np.random.default_rng(crc32(words.encode()))
    return random.uniform(0, 1, size=shape).astype(np.float32)


def _said(words: str, at: datetime | None) -> dict[str, Any]:
    return {"uri": PLANTED + words, "at": at}


def picture(words: str, *, at: datetime | None = None) -> Image:
    """A picture of what the words say."""
    return Image((_noise(words, 4, 4, 3) * 255).astype(np.uint8), **_said(words, at))


def sound(words: str, *, at: datetime | None = None) -> Audio:
    """A sound, one second a window."""
    seconds = words.count("|") + 1
    return Audio(_noise(words, int(seconds * WINDOW * RATE)) - 0.5, rate=RATE, **_said(words, at))


def motion(words: str, *, at: datetime | None = None) -> IMU:
    """A motion, one second a window."""
    samples = _noise(words, int((words.count("|") + 1) * WINDOW * RATE), 6)
    return IMU(samples, rate=RATE, accel="g", gyro="rad/s", **_said(words, at))


def depth(words: str, *, at: datetime | None = None) -> Depth:
    """A depth map."""
    return Depth(_noise(words, 4, 4) + 1, unit="m", fx=100.0, **_said(words, at))


def thermal(words: str, *, at: datetime | None = None) -> Thermal:
    """A thermal picture."""
    return Thermal(_noise(words, 4, 4) * 10 + 20, unit="celsius", **_said(words, at))


def words(text: str, *, at: datetime | None = None) -> Text:
    """A text, which says what it means."""
    return Text(text, at=at)


MAKERS = {
    "text": words,
    "image": picture,
    "audio": sound,
    "depth": depth,
    "thermal": thermal,
    "imu": motion,
}


class House:
    """One store in which many owners live: a test needs an owner of its own, not a new store."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        """Keep media and samples in a folder."""
        self.backend = backend
        self.folder = folder

    def memory(self, owner: str, encoder: PlantedEncoder) -> Memory:
        """Open an owner's memory; the house closes the store."""
        media = MediaStore(self.folder / "media", owner=owner)
        place = StorePlace(self.backend, media, self.folder)
        return Memory(place, encoder, owner=owner, keep_media=True)


@contextmanager
def house(kind: str, folder: Path, encoder: PlantedEncoder) -> Iterator[House]:
    """Build a house on `"edge"` or on a `"client"` in memory."""
    schema = CollectionSchema.for_space(encoder.space, modalities=MODALITIES)
    if kind == "edge":
        backend: Backend = EdgeBackend.open(folder, schema=schema)
    else:
        from sensorium.qdrant.client.backend import ClientBackend

        backend = ClientBackend.open(":memory:", schema=schema)
    yield House(backend, folder)
    backend.close()
