"""The retriever: questions of every kind, and documents that say what matched and how well."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.messages.content import create_audio_block, create_image_block
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from pydantic import ValidationError

from sensorium.errors import (
    MediaDecodeError,
    PerceptFormatError,
    QueryError,
    SensoriumError,
    SourceRefusedError,
    SourceTypeError,
    UnitError,
)
from sensorium.langchain import SensoriumRetriever
from sensorium.memory import Memory
from sensorium.percepts import IMU, Audio, Depth, Image, Text, Thermal
from sensorium.qdrant import Equal
from sensorium.samples import FOLDER as MEDIA

NOON = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)
G: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}


def encoded(name: str) -> str:
    return base64.b64encode((MEDIA / name).read_bytes()).decode("ascii")


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    """A picture, a sound, depth, heat, motion and a note, with the embedded encoder."""
    with Memory.open(":memory:", owner="rex") as opened:
        opened.remember(Image(MEDIA / "photo_dog.jpg"), id="dog", at=NOON, tags=["pets"])
        sea = Audio(MEDIA / "sound_sea_waves.ogg", uri="beach.ogg")
        opened.remember(sea, id="sea", metadata={"score": "theirs", "place": "beach"}, source="mic")
        mug = Depth(MEDIA / "depth_mug.png", unit="mm", fx="assume-60deg")
        opened.remember(mug, id="mug", at=NOON + timedelta(days=1))
        opened.remember(Thermal(MEDIA / "thermal_cheetah.png", unit="white-hot"), id="cheetah")
        opened.remember(IMU(MEDIA / "imu_walking.npz", **G), id="walk")
        opened.remember(text="the tax return is due in March", id="tax")
        yield opened


QUESTIONS: dict[str, tuple[Any, str]] = {
    "words": ("a dog", "dog"),
    "message": (HumanMessage("waves on a beach"), "sea"),
    "image block": (create_image_block(base64=encoded("photo_dog.jpg")), "dog"),
    "image data URL": (
        {"type": "image", "url": f"data:image/jpeg;base64,{encoded('photo_dog.jpg')}"},
        "dog",
    ),
    "OpenAI's image": (
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/jpeg;base64,{encoded('photo_dog.jpg')}"},
        },
        "dog",
    ),
    "audio message": (
        HumanMessage(
            content_blocks=[
                {"type": "text", "text": "  "},
                create_audio_block(base64=encoded("sound_sea_waves.ogg"), mime_type="audio/ogg"),
            ]
        ),
        "sea",
    ),
    "OpenAI's sound": (
        [
            {
                "type": "input_audio",
                "input_audio": {"data": encoded("sound_sea_waves.ogg"), "format": "ogg"},
            }
        ],
        "sea",
    ),
    "file": (
        {"type": "file", "base64": encoded("photo_dog.jpg"), "mime_type": "image/jpeg"},
        "dog",
    ),
    "plain text": ({"type": "text-plain", "text": "taxes", "mime_type": "text/plain"}, "tax"),
    "words among blocks": (["a dog", {"type": "text", "text": "a puppy"}], "dog"),
    "percept": (Image(MEDIA / "photo_dog.jpg"), "dog"),
    "percept of words": (Text("taxes"), "tax"),
    "percept among words": (["a walk", IMU(MEDIA / "imu_walking.npz", **G)], "walk"),
    "percept among blocks": (
        ({"type": "text", "text": " "}, Audio(MEDIA / "sound_sea_waves.ogg")),
        "sea",
    ),
    "an answer": (AIMessage("your tax return"), "tax"),
    "motion": (
        {
            "type": "non_standard",
            "value": {"modality": "imu", "base64": encoded("imu_walking.npz"), **G},
        },
        "walk",
    ),
    "depth": (
        {
            "type": "non_standard",
            "value": {
                "modality": "depth",
                "base64": encoded("depth_mug.png"),
                "unit": "mm",
                "fx": "assume-60deg",
            },
        },
        "mug",
    ),
    "heat": (
        {
            "type": "non_standard",
            "value": {
                "modality": "thermal",
                "base64": encoded("thermal_cheetah.png"),
                "unit": "white-hot",
            },
        },
        "cheetah",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUESTIONS)
async def test_any_question_finds_what_it_means(memory: Memory, kind: str) -> None:
    """Words, messages and blocks of every sense, awaited or not."""
    question, expected = QUESTIONS[kind]
    retriever = SensoriumRetriever(memory=memory, k=2)
    found = retriever.invoke(question)
    assert found[0].id == expected
    assert await retriever.ainvoke(question) == found


def test_samples_and_parts_are_added_up(memory: Memory) -> None:
    """Motion may come as numbers; several blocks are one question."""
    with np.load(MEDIA / "imu_walking.npz") as file:
        samples, rate = file["data"].tolist(), float(file["fs"])
    motion = {"modality": "imu", "samples": samples, "rate": rate, **G}
    retriever = SensoriumRetriever(memory=memory, k=2)
    block: Any = {"type": "non_standard", "value": motion}
    assert retriever.invoke(block)[0].id == "walk"
    both: Any = [
        create_image_block(base64=encoded("photo_dog.jpg")),
        {"type": "text", "text": "taxes"},
    ]
    assert {document.id for document in retriever.invoke(both)} == {"dog", "tax"}


def test_documents_say_what_matched(memory: Memory) -> None:
    """The metadata hold the hit, JSON-ready, and the record's own under a key of their own."""
    [found] = SensoriumRetriever(memory=memory, k=1).invoke("waves on a beach")
    [hit] = memory.recall("waves on a beach", limit=1)
    assert hit.span is not None
    at = f"{hit.record.at:%Y-%m-%d %H:%M:%S}"
    assert found.page_content == f"audio beach.ogg, {at} UTC, from mic (id sea)"
    assert found.metadata == {
        "id": "sea",
        "modality": "audio",
        "span": [hit.span.start, hit.span.end],
        "uri": "beach.ogg",
        "mime_type": "audio/ogg",
        "score": hit.score,
        "confidence": hit.confidence,
        "certainty": hit.certainty,
        "similarity": hit.similarity,
        "at": hit.record.at.isoformat(),
        "tags": [],
        "source": "mic",
        "origin": None,
        "metadata": {"score": "theirs", "place": "beach"},
    }
    assert json.loads(json.dumps(found.metadata)) == found.metadata


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"filters": {"tags": ["pets"]}}, ["dog"]),
        ({"filters": {"where": {"place": "beach"}}}, ["sea"]),
        ({"filters": {"where": Equal("metadata.place", "moon")}}, []),
        ({"filters": {"until": NOON + timedelta(days=2)}}, ["dog", "mug"]),
        ({"filters": {"since": NOON, "until": NOON + timedelta(hours=1)}}, ["dog"]),
        ({"modalities": ["thermal"]}, ["cheetah"]),
        ({"min_confidence": 0.2}, ["dog"]),
        ({"k": 1}, ["dog"]),
    ],
)
def test_wishes_work_when_made_and_when_asked(
    memory: Memory, options: dict[str, Any], expected: list[str]
) -> None:
    """Each wish holds as an attribute, and as a keyword of `invoke`."""
    made = SensoriumRetriever(memory=memory, **options).invoke("a dog")
    asked = SensoriumRetriever(memory=memory).invoke("a dog", **options)
    assert [document.id for document in made] == expected
    assert asked == made


def test_what_is_older_counts_less(memory: Memory) -> None:
    """A half-life lowers the score of what was long ago, as an attribute and as a keyword."""
    week = timedelta(days=7)
    [found] = SensoriumRetriever(memory=memory, k=1).invoke("a dog")
    options: dict[str, Any] = {"half_life": week}
    for retriever, asked in (
        (SensoriumRetriever(memory=memory, half_life=week), {}),
        (SensoriumRetriever(memory=memory), options),
    ):
        [aged] = retriever.invoke("a dog", filters={"tags": ["pets"]}, **asked)
        assert aged.id == found.id == "dog"
        assert 0 <= aged.metadata["score"] < found.metadata["score"] / 100


REFUSED: dict[str, tuple[Any, type[SensoriumError], str]] = {
    "a web address": (
        {"type": "image", "url": "https://example.org/dog.jpg"},
        SourceRefusedError,
        "fetches nothing.*download it",
    ),
    "a provider's file": ({"type": "image", "file_id": "f1"}, PerceptFormatError, "'f1'"),
    "a local file": (
        {"type": "image", "url": (MEDIA / "photo_dog.jpg").as_uri()},
        SourceRefusedError,
        "roots",
    ),
    "a path": (
        {"type": "non_standard", "value": {"modality": "imu", "path": "/etc/passwd", **G}},
        SourceRefusedError,
        "roots",
    ),
    "samples that are a path": (
        {"type": "non_standard", "value": {"modality": "imu", "samples": "/etc/passwd", **G}},
        SourceRefusedError,
        "roots",
    ),
    "a document": (
        {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
        MediaDecodeError,
        "application/pdf",
    ),
    "broken base64": ({"type": "image", "base64": "%%%"}, SourceTypeError, "b64encode"),
    "a truncated picture": (
        {"type": "image", "base64": encoded("photo_dog.jpg")[:4000]},
        SensoriumError,
        "picture|image",
    ),
    "no content": ({"type": "audio"}, PerceptFormatError, "no content"),
    "motion without units": (
        {
            "type": "non_standard",
            "value": {"modality": "imu", "base64": encoded("imu_walking.npz")},
        },
        UnitError,
        "accel",
    ),
    "an unknown unit": (
        {"type": "non_standard", "value": {"modality": "image", "base64": "AAAA", "colour": 1}},
        PerceptFormatError,
        "colour",
    ),
    "an unknown sense": (
        {"type": "non_standard", "value": {"modality": "smell", "base64": "AAAA"}},
        PerceptFormatError,
        "smell",
    ),
    "a block of somebody else's": (
        {"type": "non_standard", "value": {"type": "thought"}},
        PerceptFormatError,
        "'thought'.*only the blocks",
    ),
    "an unknown block": ({"type": "foo"}, PerceptFormatError, "of type 'foo'"),
    "no sense": (
        {"type": "non_standard", "value": {"base64": "AAAA"}},
        PerceptFormatError,
        "'non_standard'.*modality",
    ),
    "a dictionary": (
        {"question": "a dog", "history": []},
        QueryError,
        r"without 'type' \(question, history\).*itemgetter\(\"question\"\) \| retriever",
    ),
    "a dictionary among blocks": (["a dog", {"text": "x"}], QueryError, "without 'type'"),
    "nothing": ([None], QueryError, "other things than blocks"),
    "blank words": ("  ", QueryError, "words or a signal"),
    "no blocks": ([], QueryError, "words or a signal"),
    "a number": (7, QueryError, "a int as a question"),
    "several messages": ([HumanMessage("a"), HumanMessage("b")], QueryError, r"messages\[-1\]"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_asked_is_refused(memory: Memory, kind: str) -> None:
    """Each with what was needed and what to do; no file and no address is opened."""
    question, error, message = REFUSED[kind]
    with pytest.raises(error, match=message):
        SensoriumRetriever(memory=memory).invoke(question)


def test_paths_need_a_root(memory: Memory, tmp_path: Path) -> None:
    """A path inside an allowed directory is read; one that leads out of it by a link is not."""
    inside = {"modality": "imu", "path": str(MEDIA / "imu_walking.npz"), **G}
    asked: Any = {"type": "non_standard", "value": inside}
    assert SensoriumRetriever(memory=memory, roots=[MEDIA]).invoke(asked)[0].id == "walk"
    link = tmp_path / "walk.npz"
    link.symlink_to(MEDIA / "imu_walking.npz")
    asked = {"type": "non_standard", "value": {**inside, "path": str(link)}}
    with pytest.raises(SourceRefusedError, match="roots"):
        SensoriumRetriever(memory=memory, roots=[tmp_path]).invoke(asked)
    with pytest.raises(ValidationError, match="roots"):
        SensoriumRetriever(memory=memory, roots=str(tmp_path))  # one alone would be its letters


def test_unknown_options_are_refused(memory: Memory) -> None:
    """A misspelt wish is an error, not a wish that is not heard."""
    with pytest.raises(ValidationError, match="limit"):
        SensoriumRetriever(memory=memory, limit=3)
    known = "k, modalities, min_confidence, half_life, filters, keywords, diversity"
    with pytest.raises(QueryError, match=f"top_k; needed known ones: {known}; .*k="):
        SensoriumRetriever(memory=memory).invoke("a dog", top_k=3)


async def test_unknown_filters_are_refused(memory: Memory) -> None:
    """When made and when asked, awaited or not, with the known ones and where metadata go."""
    message = r"colour; needed .*since, until, tags.*\{\"where\": \{'colour': 'red'\}\}"
    filters = {"tags": ["pets"], "colour": "red"}
    retriever = SensoriumRetriever(memory=memory)
    with pytest.raises(QueryError, match=message):
        SensoriumRetriever(memory=memory, filters=filters)
    with pytest.raises(QueryError, match=message):
        retriever.invoke("a dog", filters=filters)
    with pytest.raises(QueryError, match=message):
        await retriever.ainvoke("a dog", filters=filters)
    with pytest.raises(QueryError, match="filters='red'"):
        retriever.invoke("a dog", filters="red")


@pytest.mark.parametrize("k", [-1, "3", 1.5])
def test_how_many_is_a_whole_number(memory: Memory, k: Any) -> None:
    """Zero finds nothing and very many find all; other values than numbers from 0 are refused."""
    retriever = SensoriumRetriever(memory=memory)
    assert retriever.invoke("a dog", k=0) == []
    assert len(retriever.invoke("a dog", k=10**6)) == memory.count()
    with pytest.raises(QueryError, match=f"^k={k!r}"):
        retriever.invoke("a dog", k=k)


def test_a_chain_picks_the_words(memory: Memory) -> None:
    """What the error about a dictionary says to write works."""
    chain = itemgetter("question") | SensoriumRetriever(memory=memory, k=1)
    assert [document.id for document in chain.invoke({"question": "a dog"})] == ["dog"]


def test_a_chain_ends_in_an_answer(memory: Memory) -> None:
    """It composes with `|`, like every retriever."""
    chain = (
        SensoriumRetriever(memory=memory, k=1)
        | RunnableLambda(lambda documents: documents[0].page_content)
        | StrOutputParser()
    )
    assert chain.invoke("taxes") == "the tax return is due in March"
    assert chain.batch(["taxes", "tax return"]) == ["the tax return is due in March"] * 2


def test_models_see_and_hear_what_was_recalled(memory: Memory) -> None:
    """`content_blocks` are a message's: the words, the picture, the stretch that matched."""
    retriever = SensoriumRetriever(memory=memory, k=1)
    shown = retriever | retriever.content_blocks
    [picture] = shown.invoke("a dog")
    assert picture["type"] == "image"
    assert picture["base64"] == encoded("photo_dog.jpg")
    [sound] = shown.invoke("waves on a beach")
    assert sound["type"] == "audio"
    heard = Audio(base64.b64decode(sound["base64"]))
    span = retriever.invoke("waves on a beach")[0].metadata["span"]
    assert heard.duration == pytest.approx(span[1] - span[0], abs=0.01)
    assert HumanMessage(content_blocks=[picture, sound]).content_blocks == [picture, sound]
    assert shown.invoke("taxes") == [{"type": "text", "text": "the tax return is due in March"}]
    assert retriever.content_blocks([]) == []


def test_signals_that_are_gone_are_named() -> None:
    """A model is told that there was a picture, and why it is not shown."""
    with Memory.open(":memory:", owner="rex") as memory:
        memory.remember(Image(MEDIA / "photo_dog.jpg"), text="Rex")
        retriever = SensoriumRetriever(memory=memory, k=1)
        found = retriever.invoke("a dog")
        memory.forget(everything=True, media_only=True)
        assert retriever.content_blocks(found) == [{"type": "text", "text": "Rex"}]
        memory.forget(everything=True)
        assert retriever.content_blocks(found) == []
