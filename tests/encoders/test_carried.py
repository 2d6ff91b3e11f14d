"""A text encoder gets the senses of another: what that one recognises, in its own vectors."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sensorium.encoders import CarriedEncoder, EmbeddingSpace, FunctionEncoder
from sensorium.encoders.carried import By
from sensorium.errors import BatchError, EncodingError, UnsupportedModalityError
from sensorium.memory import Memory
from sensorium.mini import MiniEncoder
from sensorium.percepts import Audio, Image, Percept, Text
from sensorium.samples import sample

NAMES = ["bell", "bark", "rain", "horn"]
TURN = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]


def one_hot(texts: Sequence[Any]) -> list[list[float]]:
    """The carrier's space: an axis for each name, and one that only sounds use."""
    return [[float(name in text.text) + 0.01 for name in NAMES] + [0, 0] for text in texts]


def loudest(sounds: Sequence[Any]) -> Any:
    """Each sound names itself by its first sample, 0.1 for the first name, 0.2 for the second."""
    rows = np.zeros((len(sounds), 6))
    for row, sound in zip(rows, sounds, strict=True):
        row[round(10 * float(sound.to_array().reshape(-1)[0])) - 1] = 1
        row[5] = 3  # how it sounds, which no word says
    return rows.tolist()


def elsewhere(texts: Sequence[Any]) -> Any:
    """The host's space: the same names in other directions."""
    return (np.array(one_hot(texts)) @ TURN).tolist()


def tone(number: int) -> Audio:
    return Audio(np.full(16_000, number / 10, np.float32), rate=16_000)


CARRIER = FunctionEncoder("ears", {"text": one_hot, "audio": loudest}, dimension=6)
HOST = FunctionEncoder("words", {"text": elsewhere}, dimension=6)


def carried(by: By = "words", **options: Any) -> CarriedEncoder:
    return CarriedEncoder(HOST, senses=CARRIER, by=by, names={"audio": NAMES}, **options)


@pytest.mark.parametrize("by", ["words", "map"])
def test_a_sound_is_where_its_name_is_in_the_hosts_space(by: By) -> None:
    """The planted answer: each of four sounds is nearest to its own name, by either way."""
    encoder = carried(by)
    heard = encoder.embed([tone(number) for number in (1, 2, 3, 4)])
    named = HOST.embed([Text(name) for name in NAMES])
    assert (heard @ named.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert (heard * named).sum(axis=1).min() > 0.9


def test_what_the_host_encodes_stays_bit_for_bit() -> None:
    """Order and errors of a mixed batch are kept, too."""
    encoder = carried()
    picture = Image(np.zeros((4, 4, 3), np.uint8))
    first, heard, seen, last = encoder.try_encode([Text("bell"), tone(2), picture, Text("rain")])
    expected = HOST.encode([Text("bell"), Text("rain")])
    assert np.array_equal(first.vectors, expected[0].vectors)  # type: ignore[union-attr]  # no error
    assert np.array_equal(last.vectors, expected[1].vectors)  # type: ignore[union-attr]  # no error
    assert heard.modality == "audio"  # type: ignore[union-attr]  # no error
    assert isinstance(seen, UnsupportedModalityError)
    assert encoder.modalities == {"text", "audio"}
    with pytest.raises(BatchError, match="one of audio, text"):
        encoder.embed([picture])


def test_the_space_is_that_of_host_carrier_names_and_way() -> None:
    """Each of them changes it, and the host's own space is another one."""
    first = carried().space
    spaces: list[EmbeddingSpace] = [
        HOST.space,
        carried("map").space,
        CarriedEncoder(HOST, senses=CARRIER, names={"audio": NAMES[:3]}).space,
        CarriedEncoder(CARRIER_AS_HOST, senses=CARRIER, names={"audio": NAMES}).space,
    ]
    assert carried().space == first
    assert not any(space.agrees(first) for space in spaces)
    assert first.dimension == 6


CARRIER_AS_HOST = FunctionEncoder("other words", {"text": one_hot}, dimension=6)


def test_a_map_is_fitted_on_examples_too() -> None:
    """Percepts that both encode; other ones are refused, and so are examples without a map."""
    known = [Text("bell and rain"), Text("horn, bark")]
    assert not carried("map", examples=known).space.agrees(carried("map").space)
    with pytest.raises(EncodingError, match="examples of what both encode: text"):
        carried("map", examples=[tone(1)]).embed([tone(1)])
    with pytest.raises(EncodingError, match='by="map"'):
        carried("words", examples=known)


def test_what_shares_nothing_is_refused() -> None:
    """No text in either, nothing that the host lacks, or no names to say it with."""
    deaf = FunctionEncoder("eyes", {"image": lambda seen: [[1.0] * 6 for _ in seen]}, dimension=6)
    with pytest.raises(UnsupportedModalityError, match="a host that reads no text"):
        CarriedEncoder(deaf, senses=CARRIER, names={"audio": NAMES})
    with pytest.raises(UnsupportedModalityError, match="a carrier that reads no text"):
        CarriedEncoder(HOST, senses=deaf, names={"image": NAMES})
    with pytest.raises(UnsupportedModalityError, match="has all modalities of 'words'"):
        CarriedEncoder(CARRIER, senses=HOST)
    with pytest.raises(EncodingError, match=r'pass names=\{"audio"'):
        CarriedEncoder(HOST, senses=CARRIER)


def mini_names(texts: Sequence[Any]) -> Any:
    """A host of another make: the built-in text tower, seen through a turn of its space."""
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(384, 384)))[0]
    return MiniEncoder().embed(texts)[:, :384] @ turn


@pytest.fixture(scope="module")
def memory_of_senses() -> CarriedEncoder:
    mini = MiniEncoder()
    names = {modality: every[::20] for modality, every in mini.names.items()}
    known = {"audio": ["a dog barking", "rain falling"], "imu": ["walking"], "depth": ["mug"]}
    names |= {modality: [*names[modality], *some] for modality, some in known.items()}
    return CarriedEncoder(MiniText(), senses=mini, names=names)


@pytest.mark.slow
def test_a_host_finds_sounds_heat_depth_and_motion(memory_of_senses: CarriedEncoder) -> None:
    """Each sample of the package is found by a question in the host's own text vectors."""
    names = ["sound_dog_bark", "sound_rain", "imu_walking", "depth_mug"]
    percepts: list[Percept] = [sample(name) for name in names]
    asked = ["a dog barking", "rain", "a person walking", "a mug"]
    with Memory.open(":memory:", owner="rex", encoder=memory_of_senses) as memory:
        for name, percept in zip(names, percepts, strict=True):
            memory.remember(percept, id=name)
        for name, question, percept in zip(names, asked, percepts, strict=True):
            hits = memory.recall(question, limit=1, modalities=[percept.modality])
            assert [hit.record.id for hit in hits] == [name], question


def test_another_process_gets_the_same_space(memory_of_senses: CarriedEncoder) -> None:
    """It is pickled as its call, with what it was made of."""
    made = CarriedEncoder(MiniText(), senses=MiniEncoder())
    assert pickle.loads(pickle.dumps(made)).space == made.space


class MiniText(FunctionEncoder):
    """A host that can be pickled."""

    def __init__(self) -> None:
        super().__init__("turned", {"text": mini_names}, dimension=384)

    def __reduce__(self) -> tuple[type[MiniText], tuple[()]]:
        return MiniText, ()


def test_a_question_is_asked_in_the_hosts_way() -> None:
    """A host with its own way for questions keeps it under carried senses; sounds have none."""
    encoder = CarriedEncoder(Asked(), senses=CARRIER, names={"audio": NAMES})
    asked, heard = encoder.embed_questions([Text("bell"), tone(2)])
    np.testing.assert_array_equal(asked, Asked().embed([Text("rain")])[0])
    np.testing.assert_array_equal(heard, encoder.embed([tone(2)])[0])


class Asked(FunctionEncoder):
    """A host that reads every question as "rain"."""

    def __init__(self) -> None:
        super().__init__("words", {"text": elsewhere}, dimension=6)

    def embed_questions(self, percepts: Sequence[Any]) -> Any:
        return self.embed([Text("rain") for _ in percepts])
