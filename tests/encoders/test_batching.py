"""Mixed batches: cut into windows, batched by length, and put back in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from sensorium.encoders import EmbeddingSpace
from sensorium.encoders.batching import BatchedEncoder, Window, check_batch_size
from sensorium.encoders.encoder import Vectors
from sensorium.errors import EncodingError
from sensorium.percepts import Percept, Span, Text


class Angles(BatchedEncoder):
    """Each word of a text is a window: a number of degrees, and so is its vector."""

    space = EmbeddingSpace("angles", "0" * 64, "r1", 2)
    modalities = frozenset({"text"})

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size
        self.lengths: list[list[int]] = []

    def windows(self, percept: Percept) -> Iterator[Window]:
        assert isinstance(percept, Text)
        for index, word in enumerate(percept.text.split()):
            yield Window(Span(index, index + 1), torch.full((len(word),), float(word)))

    def forward(self, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Vectors:
        self.lengths.append([len(window) for window in inputs])
        radians = torch.deg2rad(torch.stack([window[0] for window in inputs]))
        vectors: Vectors = torch.stack([radians.cos(), radians.sin()], dim=1).numpy()
        return vectors


def degrees(vectors: Vectors) -> list[int]:
    return [round(float(angle)) for angle in np.rad2deg(np.arctan2(vectors[:, 1], vectors[:, 0]))]


def test_texts_go_through_by_length_and_come_back_in_order() -> None:
    """Short windows share a batch with short ones, and each row is that of its own span."""
    encoder = Angles(batch_size=2)
    encodings = encoder.encode([Text("170 5 00060 42"), Text("0007 9")])
    assert [degrees(encoding.vectors) for encoding in encodings] == [[170, 5, 60, 42], [7, 9]]
    assert encodings[0].spans == (Span(0, 1), Span(1, 2), Span(2, 3), Span(3, 4))
    assert encoder.lengths == [[1, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_room_for_a_window(batch_size: int) -> None:
    """A batch size below 1 is refused."""
    with pytest.raises(EncodingError, match=f"batch_size={batch_size}; needed 1 or more"):
        check_batch_size(batch_size)
