"""Embeddings for LangChain are the encoder's vectors, of every sense, in its order."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.support.forking import in_child
from tests.support.golden_files import ROOT
from tests.support.planted import PlantedEncoder, depth, motion, picture, sound, thermal

from sensorium.agents.signals import Content
from sensorium.encoders import Encoding, load_encoder, register_encoder
from sensorium.errors import (
    BatchError,
    EmptyPerceptError,
    MediaDecodeError,
    PerceptFormatError,
    SensoriumError,
    SourceNotFoundError,
    SourceRefusedError,
    SourceTypeError,
    UnitError,
    UnknownEncoderError,
)
from sensorium.langchain import SensoriumEmbeddings
from sensorium.percepts import IMU, Audio, Image, Percept, Text
from sensorium.samples import FOLDER as MEDIA


class Counting(PlantedEncoder):
    """A planted encoder that notes its batches, and in which threads they are encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.threads: set[int] = set()

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        self.batches.append(len(percepts))
        self.threads.add(threading.get_ident())
        return super().try_encode(percepts)


def test_rows_belong_to_texts_in_order() -> None:
    """Row i is the encoder's vector of text i, as Python floats."""
    rows = SensoriumEmbeddings(PlantedEncoder()).embed_documents(["dog", "sea", "dog sea"])
    expected = [PlantedEncoder().vector(words, "text") for words in ("dog", "sea", "dog sea")]
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    assert all(type(number) is float for row in rows for number in row)


def test_a_batch_is_one_call() -> None:
    """A hundred texts are one batch of the encoder; none is no call at all."""
    encoder = Counting()
    embeddings = SensoriumEmbeddings(encoder)
    assert len(embeddings.embed_documents([f"note {n}" for n in range(100)])) == 100
    assert embeddings.embed_documents([]) == []
    assert embeddings.embed_image([]) == []
    assert encoder.batches == [100]


def test_a_question_is_embedded_like_a_document() -> None:
    """There is one space: `embed_query` is a batch of one."""
    embeddings = SensoriumEmbeddings(PlantedEncoder())
    assert embeddings.embed_query("dog") == embeddings.embed_documents(["dog"])[0]


def test_long_texts_are_pooled() -> None:
    """Several windows become one unit vector, which resembles each."""
    [row] = SensoriumEmbeddings(PlantedEncoder()).embed_documents(["dog|sea"])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-6)
    for word in ("dog", "sea"):
        assert np.dot(row, PlantedEncoder().vector(word, "text")) > 0.6


@pytest.mark.parametrize("make", [picture, sound, depth, thermal, motion])
async def test_every_sense_has_its_method(make: object) -> None:
    """`embed_image` and its like take percepts; the asynchronous ones give the same."""
    percepts = [make("dog"), make("sea")]  # type: ignore[operator]  # one of planted's makers
    embeddings, sense = SensoriumEmbeddings(PlantedEncoder()), percepts[0].modality
    rows = getattr(embeddings, f"embed_{sense}")(percepts)
    np.testing.assert_allclose(rows, PlantedEncoder().embed(percepts), atol=1e-6)
    assert await getattr(embeddings, f"aembed_{sense}")(percepts) == rows


@pytest.mark.slow
def test_files_bytes_and_percepts_are_one() -> None:
    """A path, a file: URI, bytes, a data: URI and a percept of one photo have one vector."""
    path = MEDIA / "photo_dog.jpg"
    contents: list[Content] = [str(path), path, path.as_uri(), path.read_bytes(), Image(path)]
    rows = np.array(SensoriumEmbeddings().embed_image(contents))
    np.testing.assert_allclose(rows, np.repeat(rows[:1], len(rows), axis=0), atol=1e-6)
    [sound] = SensoriumEmbeddings().embed_audio([MEDIA / "sound_rain.ogg"])
    expected = load_encoder().embed([Audio(MEDIA / "sound_rain.ogg")])[0]
    np.testing.assert_allclose(sound, expected, atol=1e-6)


def test_units_are_keywords(tmp_path: Path) -> None:
    """Depth, heat and motion are read with the units given; without them they are refused."""
    embeddings = SensoriumEmbeddings()
    assert embeddings.embed_depth([MEDIA / "depth_mug.png"], unit="mm", fx="assume-60deg")
    assert embeddings.embed_thermal([MEDIA / "thermal_cheetah.png"], unit="white-hot")
    walk = MEDIA / "imu_walking.npz"
    rows = embeddings.embed_imu([walk], accel="m/s^2", gyro="rad/s")
    expected = load_encoder().embed([IMU(walk, accel="m/s^2", gyro="rad/s")])
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    with pytest.raises(UnitError, match="unit"):
        embeddings.embed_depth([MEDIA / "depth_mug.png"])
    with pytest.raises(PerceptFormatError, match="colour"):
        embeddings.embed_image([MEDIA / "photo_dog.jpg"], colour="red")


@pytest.mark.parametrize(
    ("contents", "error", "message"),
    [
        (["http://example.org/dog.jpg"], SourceRefusedError, "fetches nothing"),
        (["nowhere.jpg"], SourceNotFoundError, "nowhere.jpg"),
        ("photo.jpg", SourceTypeError, "a list of them"),
        ([Text("a dog")], PerceptFormatError, "modality 'text'"),
        ([7], SourceTypeError, "int"),
        ([b""], EmptyPerceptError, "length 0"),
        ([b"no picture at all"], MediaDecodeError, "picture"),
    ],
)
def test_what_is_no_picture_is_refused(
    contents: list[object], error: type[Exception], message: str
) -> None:
    """Each wrong content has its error, before anything is encoded."""
    with pytest.raises(error, match=message):
        SensoriumEmbeddings().embed_image(contents)  # type: ignore[arg-type]  # wrong on purpose


def test_a_bare_text_is_refused() -> None:
    """`embed_documents("dog")` would otherwise embed three letters."""
    with pytest.raises(SourceTypeError, match="embed_query"):
        SensoriumEmbeddings(PlantedEncoder()).embed_documents("dog")  # type: ignore[arg-type]  # wrong on purpose


def test_a_failure_names_its_text_and_keeps_the_rest() -> None:
    """What cannot be encoded fails alone."""
    with pytest.raises(BatchError) as caught:
        SensoriumEmbeddings(PlantedEncoder()).embed_documents(["dog", "unreadable", "sea"])
    assert list(caught.value.failures) == [1]
    assert [result is None for result in caught.value.results] == [False, True, False]


def test_an_encoder_is_loaded_once_when_it_is_needed() -> None:
    """Constructing loads nothing; concurrent first uses load one encoder."""
    loads: list[str] = []

    def opener(*, device: str, dtype: str) -> PlantedEncoder:
        time.sleep(0.05)  # long enough for all threads to be waiting
        loads.append(device + dtype)
        return PlantedEncoder()

    register_encoder("slow-to-load", opener)
    embeddings = SensoriumEmbeddings("slow-to-load", device="cpu", dtype="float32")
    assert not loads
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(embeddings.embed_query, ["dog"] * 8))
    assert loads == ["cpufloat32"]
    assert all(row == rows[0] for row in rows)


def test_an_unknown_encoder_is_reported_when_it_is_used() -> None:
    """The name is looked up at the first use, and the message lists those there are."""
    embeddings = SensoriumEmbeddings("no-such-encoder")
    with pytest.raises(UnknownEncoderError, match="sensorium-mini"):
        embeddings.embed_query("dog")


async def test_the_loop_goes_on() -> None:
    """Asynchronous methods encode in other threads; concurrent ones all answer."""
    encoder = Counting()
    embeddings = SensoriumEmbeddings(encoder)
    rows = await asyncio.gather(
        *(embeddings.aembed_query(f"note {n}") for n in range(20)),
        embeddings.aembed_image([picture("dog")]),
    )
    assert threading.get_ident() not in encoder.threads
    assert rows[:20] == [embeddings.embed_query(f"note {n}") for n in range(20)]
    assert rows[20] == embeddings.embed_image([picture("dog")])


@pytest.mark.slow
def test_importing_loads_no_encoder() -> None:
    """`import sensorium.langchain` and `SensoriumEmbeddings()` import no model."""
    program = (
        "import sys; from sensorium.langchain import SensoriumEmbeddings; SensoriumEmbeddings()\n"
        "heavy = {'sensorium.mini', 'sensorium.imagebind', 'qdrant_client'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.strip() == "[]"


def test_a_missing_langchain_is_explained() -> None:
    """Without langchain-core the import names the extra that brings it."""
    program = (
        "import sys; sys.modules['langchain_core'] = None\n"
        "try: import sensorium.langchain\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.startswith("MissingExtraError")
    assert 'pip install "sensorium[langchain]"' in run.stdout


@pytest.mark.slow
def test_a_forked_child_embeds() -> None:
    """Also if a thread of its parent was loading the encoder."""
    embeddings = SensoriumEmbeddings()
    np.testing.assert_allclose(
        in_child(lambda: embeddings.embed_query("a dog")),
        embeddings.embed_query("a dog"),
        atol=1e-5,
    )
