"""The text tower gives the original's vectors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.support.golden_files import ROOT
from torch import Tensor

from sensorium.mini.wordpiece import tokenize
from training.text import renamed
from training.towers.loading import open_tower
from training.towers.text_tower import TextSizes, TextTower

GOLDENS = ROOT / "tests" / "goldens" / "minilm"
ROWS: list[dict[str, Any]] = json.loads((GOLDENS / "texts.json").read_text(encoding="utf-8"))
TEXTS = [row["text"] for row in ROWS]


@pytest.fixture(scope="module")
def tower() -> TextTower:
    """The tower that ships."""
    return open_tower("text", TextTower)


@torch.inference_mode()
def embed(tower: TextTower, texts: list[str]) -> Tensor:
    vectors: Tensor = tower(*map(torch.from_numpy, tokenize(texts)))
    return vectors


def test_vectors_equal_the_originals(tower: TextTower) -> None:
    """In 8 bits each vector points where the original's does."""
    ours = torch.cat([embed(tower, TEXTS[at : at + 8]) for at in range(0, len(TEXTS), 8)])
    cosine = (ours * torch.from_numpy(np.load(GOLDENS / "vectors.npy"))).sum(1)
    wordless = torch.tensor([len(row["ids"]) == 2 for row in ROWS])
    assert cosine.mean() > 0.999  # measured: 0.99915
    assert cosine[~wordless].min() > 0.998  # measured: 0.9983
    assert cosine[wordless].min() > 0.996  # measured: 0.9962


def test_a_tiny_bert_is_computed_exactly() -> None:
    """In float32, converted as the original is, the tower gives BERT's own mean-pooled vectors."""
    state = load_file(GOLDENS / "tiny_bert.safetensors")
    ids, mask, expected = (state.pop(name) for name in ("in.ids", "in.mask", "out"))
    sizes = TextSizes(vocabulary=40, positions=12, width=16, blocks=2, heads=4, hidden=32)
    tiny = TextTower(sizes)
    tiny.load_state_dict(renamed(state, sizes))
    with torch.inference_mode():
        torch.testing.assert_close(tiny(ids.long(), mask.bool()), expected, rtol=0, atol=1e-5)


def test_vectors_are_unit_float32(tower: TextTower) -> None:
    """Also of the empty text, which is the start and end tokens alone."""
    vectors = embed(tower, ["", "a dog barks"])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_batch_mates_do_not_change_a_vector(tower: TextTower) -> None:
    """A text gets the same vector alone as padded in a batch."""
    texts = [*TEXTS[:36:4], TEXTS[38]]
    alone = torch.cat([embed(tower, [text]) for text in texts])
    torch.testing.assert_close(embed(tower, texts), alone, rtol=0, atol=1e-5)


def test_padding_is_never_read(tower: TextTower) -> None:
    """Whatever ids stand at the padding, the vector is the same."""
    given = tokenize(["a dog", "a much longer text about a dog"])
    ids, mask = map(torch.from_numpy, given)
    other = ids.masked_fill(~mask, 2000)
    assert not torch.equal(ids, other)
    with torch.inference_mode():
        torch.testing.assert_close(tower(other, mask), tower(ids, mask), rtol=0, atol=1e-6)


def test_meaning_decides_the_neighbour(tower: TextTower) -> None:
    """A question finds its answer among others."""
    question, *answers = embed(
        tower, ["who makes that noise?", "the dog is barking", "two plus two", "a red bicycle"]
    )
    assert int(torch.stack(answers).mv(question).argmax()) == 0
