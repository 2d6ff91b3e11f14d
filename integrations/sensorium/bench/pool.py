"""The items of a benchmark, encoded once, and a memory of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorium.bench.data import Data, Item, items
from sensorium.encoders import Encoder, Encoding
from sensorium.memory import Memory
from sensorium.percepts import Text

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pool:
    """Items that an encoder knows, with their vectors.

    Attributes:
        encoder: The encoder.
        data: Where the items are.
        items: The items, of the encoder's modalities.
        encodings: The encoding of each item.
        captions: Vector of each item's caption, `(N, D)`: what a memory of captions would have.
        seed: Of all that is drawn.
    """

    encoder: Encoder
    data: Data
    items: Sequence[Item]
    encodings: Sequence[Encoding]
    captions: Vectors
    seed: int

    @classmethod
    def of(cls, encoder: Encoder, data: Data, seed: int) -> Pool:
        """Encode all items of the encoder's modalities."""
        chosen = [
            item for item in (*items(), *data.motions()) if item.modality in encoder.modalities
        ]
        encodings = encoder.encode([data.percept(item) for item in chosen])
        captions = encoder.embed([Text(item.caption) for item in chosen])
        return cls(encoder, data, chosen, encodings, captions, seed)

    @property
    def modalities(self) -> list[str]:
        """Modalities of the items, in the order of their first ones."""
        return list(dict.fromkeys(item.modality for item in self.items))

    def of_modality(self, modality: str) -> list[int]:
        """Return the places of the items of a modality."""
        return [place for place, item in enumerate(self.items) if item.modality == modality]

    def kinds(self) -> dict[str, list[int]]:
        """Return the places of the items of each kind."""
        found: dict[str, list[int]] = {}
        for place, item in enumerate(self.items):
            found.setdefault(item.kind, []).append(place)
        return found

    def similarity(self, asked: Vectors, places: Sequence[int]) -> Vectors:
        """Return cosines of questions `(Q, D)` with items, by their best window: `(Q, N)`."""
        columns = [(asked @ self.encodings[place].vectors.T).max(axis=1) for place in places]
        return np.stack(columns, axis=1)

    @contextmanager
    def memory(self) -> Iterator[Memory]:
        """Open a memory of all items, by their ids."""
        with Memory.open(":memory:", owner="bench", encoder=self.encoder) as memory:
            for item in self.items:
                memory.remember(self.data.percept(item), id=item.id, sound=False)
            yield memory


def named(kind: str) -> str:
    """Return a question for a kind: "a dog", "walking"."""
    if kind.endswith(("ing", "ing down", "s")) or kind in UNCOUNTED:
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


UNCOUNTED = frozenset({"rain", "water", "fire", "gravel", "grass", "text", "badminton"})
