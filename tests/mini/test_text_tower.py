"""The text tower gives the original's vectors, and cuts long texts into windows."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tests.support.golden_files import ROOT
from torch import Tensor

from sensorium.mini.loading import open_tower
from sensorium.mini.text_tower import FILL, READ, TextSizes, TextTower, text_windows
from sensorium.mini.wordpiece import CONTENT, END, POSITIONS, START, tokenize, wordpiece
from sensorium.percepts import Span
from training.text import renamed

GOLDENS = ROOT / "tests" / "goldens" / "minilm"
ROWS: list[dict[str, Any]] = json.loads((GOLDENS / "texts.json").read_text(encoding="utf-8"))
TEXTS = [row["text"] for row in ROWS]


@pytest.fixture(scope="module")
def tower() -> TextTower:
    """The tower that ships."""
    return open_tower("text", TextTower)


@torch.inference_mode()
def embed(tower: TextTower, texts: list[str]) -> Tensor:
    vectors: Tensor = tower(*tokenize(texts))
    return vectors


def cut(text: str) -> list[Span]:
    return [span for span, _ in text_windows(text)]


def stretch(text: str, span: Span) -> str:
    return text[int(span.start) : int(span.end)]


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
    ids, mask = tokenize(["a dog", "a much longer text about a dog"])
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


def check_windows(text: str) -> None:
    windows = list(text_windows(text))
    spans = [span for span, _ in windows]
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert spans[-1].end == len(text)
    for span, ids in windows:
        [content] = wordpiece().contents([stretch(text, span)])
        assert ids.tolist() == [START, *content, END]
        assert len(ids) <= POSITIONS


mixed = st.text(
    "abcé 日本한🎧12.,-'\x85\x00\t\n\u0301\u200b\u302e\u2028İß≠\u0385\u1100\u1161\ufffd"
)


@settings(deadline=None, max_examples=60)
@given(st.lists(mixed | st.text(), max_size=12), st.integers(1, 60))
@example(["a" * 101, " "], 400)
@example([" "], READ + 5)
@example(["b\u0301"], READ)
@example(["-\u0301\u302e日"], READ // 4 + 1)
def test_windows_lose_nothing_and_all_fit(pieces: list[str], times: int) -> None:
    """Windows lie back to back over any text, each with exactly the tokens of its stretch."""
    check_windows("".join(pieces) * times)


def test_windows_across_reads_are_as_within_one() -> None:
    """A text longer than one read has no seam: each cut falls before a word."""
    text = "internationalisation of harbours, 12.5 times; " * (3 * READ // 40)
    assert len(text) > 3 * READ
    check_windows(text)
    for left, right in pairwise(cut(text)):
        assert not (text[int(left.end) - 1].isalnum() and text[int(right.start)].isalnum())


def test_windows_are_few_and_even() -> None:
    """600 one-piece words become three windows of 200, not 254 + 254 + 92."""
    text = "dog " * 600
    assert [len(wordpiece().contents([stretch(text, s)])[0]) for s in cut(text)] == [200] * 3
    assert len(cut("dog " * CONTENT)) == 1
    assert len(cut("dog " * (CONTENT + 1))) == 2


@pytest.mark.parametrize("text", ["", " \n\t", "\x85"])
def test_a_text_without_words_is_one_window(text: str) -> None:
    """It is the start and end tokens, over the whole text."""
    [(span, ids)] = text_windows(text)
    assert span == Span(0, len(text))
    assert ids.tolist() == [START, END]


def test_long_texts_take_time_in_proportion() -> None:
    """A million characters are cut into windows that are nearly full."""
    text = "the dog and the sea " * 50_000
    spans = cut(text)
    assert spans[-1].end == len(text)
    assert len(spans) <= 1.05 * 250_000 / FILL
