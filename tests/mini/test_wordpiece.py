"""Texts become the original's word pieces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.golden_files import ROOT

from sensorium.errors import CheckpointFormatError
from sensorium.mini.manifest import DIRECTORY
from sensorium.mini.wordpiece import END, START, tokenize, wordpiece

GOLDENS = ROOT / "tests" / "goldens" / "minilm"
ROWS: list[dict[str, Any]] = json.loads((GOLDENS / "texts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:20].encode("unicode_escape"))
def test_tokens_equal_the_originals(row: dict[str, Any]) -> None:
    """Accents, CJK, emoji, marks, control characters and over-long texts give the golden ids."""
    ids, mask = tokenize([row["text"]])
    assert ids[0].tolist() == row["ids"]
    assert mask.all()


def test_no_texts_give_no_rows() -> None:
    """An empty batch has no rows."""
    ids, mask = tokenize([])
    assert len(ids) == len(mask) == 0


def test_special_tokens_cannot_be_written() -> None:
    """The literal [SEP], [CLS] or [MASK] inside a text is characters."""
    [content] = wordpiece().contents(["a [SEP] b [CLS] c [MASK] [PAD]"])
    assert {0, START, END, 103}.isdisjoint(content)


@pytest.mark.parametrize("length", [0, 100_000])
def test_a_damaged_vocabulary_is_named(tmp_path: Path, length: int) -> None:
    """A vocabulary cut short would shift nothing and miss words: it is refused."""
    content = (DIRECTORY / "vocab.txt").read_bytes()
    (tmp_path / "vocab.txt").write_bytes(content[:length])
    with pytest.raises(CheckpointFormatError, match=r"vocab\.txt.*reinstall"):
        wordpiece(tmp_path)
