"""Points of one row each for the tests of Qdrant Edge."""

from __future__ import annotations

from uuid import uuid4

import numpy as np

from sensorium.encoders import EmbeddingSpace, normalise
from sensorium.qdrant import CollectionSchema, Filter, Point

D = 32
SPACE = EmbeddingSpace("planted", "0" * 64, "r1", D)
SCHEMA = CollectionSchema.for_space(SPACE)
MINE = Filter("rex")


def row(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return normalise(np.random.default_rng(seed).normal(size=(1, D)))


def point(seed: int, modality: str = "image") -> Point:
    payload = {"owner": "rex", "at": "2026-07-01T12:00:00.000000Z", "modalities": [modality]}
    return Point(str(uuid4()), {modality: row(seed)}, payload)
