"""An encoder as a LlamaIndex embedding model: whole batches, every sense, never on the loop."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.embeddings import MultiModalEmbedding
from tests.support.llama_indexing import vector
from tests.support.planted import D, PlantedEncoder, depth, motion, picture, sound, thermal

from sensorium.encoders import Encoding, load_encoder, registry
from sensorium.errors import (
    BatchError,
    MediaDecodeError,
    SensoriumError,
    SourceRefusedError,
    SourceTypeError,
    UnknownEncoderError,
)
from sensorium.llama_index import SensoriumEmbedding
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video
from sensorium.samples import FOLDER as MEDIA

DOG = MEDIA / "photo_dog.jpg"


class Recorder(PlantedEncoder):
    """Notes the batches it encodes, and in which threads."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()
        self._seconds = seconds

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        self.batches.append([percept.modality for percept in percepts])
        self.threads.add(threading.get_ident())
        time.sleep(self._seconds)
        return super().try_encode(percepts)


@pytest.fixture(scope="module")
def mini() -> SensoriumEmbedding:
    return SensoriumEmbedding()


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[Recorder]:
    """Encoders opened under the name "recorder"."""
    opened: list[Recorder] = []

    def open_one(**_: str) -> Recorder:
        time.sleep(0.05)
        opened.append(Recorder())
        return opened[-1]

    monkeypatch.setitem(registry._registered, "recorder", open_one)
    return opened


def test_texts_are_encoded_as_percepts_are() -> None:
    """Questions, texts and batches of them have the encoder's vectors, as lists of floats."""
    model = SensoriumEmbedding(PlantedEncoder())
    assert isinstance(model, MultiModalEmbedding)
    assert model.get_query_embedding("sea") == model.get_text_embedding("sea") == vector("sea")
    assert model.get_text_embedding_batch(["sea", "dog"]) == [vector("sea"), vector("dog")]
    assert model.get_text_embedding_batch([]) == []
    assert type(vector("sea")[0]) is type(model.get_text_embedding("sea")[0]) is float


def test_batches_are_passed_on_whole() -> None:
    """A batch is one call of the encoder, of at most `embed_batch_size`."""
    encoder = Recorder()
    model = SensoriumEmbedding(encoder, embed_batch_size=4)
    model.get_text_embedding_batch([f"t{n}" for n in range(10)])
    assert [len(batch) for batch in encoder.batches] == [4, 4, 2]
    encoder.batches.clear()
    model.get_image_embedding_batch([str(DOG)] * 5)
    assert encoder.batches == [["image"] * 4, ["image"]]


@pytest.mark.parametrize(
    "given", [str(DOG), DOG, DOG.read_bytes(), BytesIO(DOG.read_bytes())], ids=type
)
def test_pictures_come_in_every_form(mini: SensoriumEmbedding, given: Any) -> None:
    """A path, bytes or a file object, wherever it stands."""
    if isinstance(given, BytesIO):
        given.seek(0, 2)
    expected = mini.encoder.embed([Image(DOG)])[0]
    np.testing.assert_allclose(mini.get_image_embedding(given), expected, atol=1e-6)
    np.testing.assert_allclose(mini.get_image_embedding_batch([given])[0], expected, atol=1e-6)


PERCEPTS: list[Percept] = [
    Audio(MEDIA / "sound_rooster.ogg"),
    Video(np.zeros((8, 32, 32, 3), np.uint8), fps=4),
    Depth(MEDIA / "depth_mug.png", unit="mm", fx="assume-60deg"),
    Thermal(MEDIA / "thermal_cheetah.png", unit="white-hot"),
    IMU(np.ones((200, 6)), rate=50, accel="g", gyro="rad/s"),
]


@pytest.mark.slow
@pytest.mark.parametrize("percept", PERCEPTS, ids=lambda percept: percept.modality)
async def test_percepts_of_every_modality_are_embedded(
    mini: SensoriumEmbedding, percept: Percept
) -> None:
    """One and many, at once and awaited, have the encoder's vectors."""
    [expected] = mini.encoder.embed([percept])
    one = mini.get_percept_embedding(percept)
    both = mini.get_percept_embeddings([percept, percept])
    assert one == await mini.aget_percept_embedding(percept)
    assert both == await mini.aget_percept_embeddings([percept, percept])
    for row in (one, *both):
        np.testing.assert_allclose(row, expected, atol=1e-6)


def test_modalities_share_one_space() -> None:
    """Percepts of all modalities may be mixed; rows keep their order."""
    made = [sound("sea"), picture("sea"), Text("sea"), depth("dog"), thermal("sea"), motion("sea")]
    rows = SensoriumEmbedding(PlantedEncoder()).get_percept_embeddings(made)
    for place, row in enumerate(rows):
        np.testing.assert_allclose(row, vector("dog" if place == 3 else "sea"), atol=1e-6)


async def test_the_loop_goes_on() -> None:
    """Awaited methods encode in other threads, a batch in one call."""
    encoder = Recorder(seconds=0.1)
    model = SensoriumEmbedding(encoder, embed_batch_size=4)
    started = time.monotonic()
    work = asyncio.gather(
        model.aget_text_embedding("sea"),
        model.aget_query_embedding("sea"),
        model.aget_text_embedding_batch(["sea"] * 4),
        model.aget_image_embedding(str(DOG)),
        model.aget_image_embedding_batch([str(DOG)] * 3),
        model.aget_percept_embeddings([Text("sea")]),
    )
    await asyncio.sleep(0)
    assert time.monotonic() - started < 0.1
    await work
    assert sorted(map(len, encoder.batches)) == [1, 1, 1, 1, 3, 4]
    assert threading.get_ident() not in encoder.threads


def test_an_encoder_is_loaded_once_when_it_is_used(named: list[Recorder]) -> None:
    """Making a model loads nothing; first uses that fall together wait for one loading."""
    model = SensoriumEmbedding("recorder")
    assert (named, model.model_name) == ([], "recorder")
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(model.get_text_embedding, ["sea"] * 4))
    assert len(named) == 1
    assert rows == [vector("sea")] * 4


def test_a_copy_names_the_encoder(named: list[Recorder]) -> None:
    """Dictionaries and pickles open it by name; a deep copy shares it."""
    model = SensoriumEmbedding("recorder", embed_batch_size=7)
    model.get_text_embedding("sea")
    for same in (
        SensoriumEmbedding.from_dict(model.to_dict()),
        SensoriumEmbedding.from_json(model.to_json()),
        pickle.loads(pickle.dumps(model)),
    ):
        assert (same.model_name, same.embed_batch_size) == ("recorder", 7)
        assert same.get_text_embedding("sea") == vector("sea")
    assert len(named) == 4
    assert copy.deepcopy(model).encoder is model.encoder
    assert SensoriumEmbedding(PlantedEncoder(model="own")).to_dict()["model_name"] == "own"
    assert model.to_dict()["class_name"] == SensoriumEmbedding.class_name()


def test_callbacks_hear_of_every_modality() -> None:
    """Percepts that LlamaIndex has no method for are reported, too."""
    counter = TokenCountingHandler()
    model = SensoriumEmbedding(PlantedEncoder(), callback_manager=CallbackManager([counter]))
    ended = []
    counter.on_event_end = lambda *x, **y: ended.append(y)  # type: ignore[method-assign]
    model.get_percept_embedding(sound("sea"))
    assert len(ended) == 1


def test_what_cannot_be_embedded_is_said(mini: SensoriumEmbedding) -> None:
    """Web addresses, damaged files, single percepts, signals that are not, and unknown names."""
    with pytest.raises(SourceRefusedError, match="fetches nothing"):
        mini.get_image_embedding("https://example.org/a.png")
    damaged: Any = b"no picture"
    with pytest.raises(MediaDecodeError):
        mini.get_image_embedding(damaged)
    wrong: list[Any] = [sound("a"), "sound.ogg", ["sound.ogg"]]
    for percepts in wrong:
        with pytest.raises(SourceTypeError, match="a list of percepts"):
            mini.get_percept_embeddings(percepts)
    with pytest.raises(BatchError, match="percept 1"):
        SensoriumEmbedding(PlantedEncoder()).get_percept_embeddings(
            [sound("a"), sound("unreadable")]
        )
    with pytest.raises(UnknownEncoderError, match="no-such"):
        SensoriumEmbedding("no-such").get_text_embedding("sea")
    with pytest.raises(TypeError, match="no field embed_batch"):
        SensoriumEmbedding(embed_batch=3)


def test_the_default_is_the_encoder_inside(mini: SensoriumEmbedding) -> None:
    """Words find the sound they name."""
    assert mini.model_name == load_encoder().space.model == "sensorium-mini"
    names = ["rain falling", "a rooster crowing", "a piano"]
    heard = np.array(mini.get_percept_embedding(Audio(MEDIA / "sound_rooster.ogg")))
    said = np.array(mini.get_text_embedding_batch(names))
    assert names[int(np.argmax(said @ heard))] == "a rooster crowing"
    assert len(heard) != D
