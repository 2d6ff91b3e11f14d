"""The LlamaIndex retriever: questions of every kind, answers as nodes that can be shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import AudioBlock, ImageBlock, TextBlock
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import (
    ImageNode,
    MetadataMode,
    Node,
    NodeWithScore,
    QueryBundle,
    TextNode,
)
from tests.support.llama_indexing import ENCODER, KINDS, node, vector
from tests.support.planted import (
    House,
    PlantedEncoder,
    depth,
    house,
    motion,
    picture,
    sound,
    thermal,
)

from sensorium.encoders import Encoding
from sensorium.errors import MediaDecodeError, QueryError, SensoriumError, SourceRefusedError
from sensorium.llama_index import SensoriumRetriever, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.percepts import Audio, Image, Percept
from sensorium.samples import FOLDER as MEDIA

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module", params=KINDS)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("house"), ENCODER) as built:
        yield built


@pytest.fixture
def memory(home: House, request: pytest.FixtureRequest) -> Memory:
    return home.memory(request.node.name, ENCODER)


def first(memory: Memory, question: Any, **options: Any) -> NodeWithScore:
    [best] = SensoriumRetriever(memory, similarity_top_k=1, **options).retrieve(question)
    return best


def test_a_text_is_a_text_node(memory: Memory) -> None:
    """The node has the record's id, its metadata, and a description of the hit."""
    memory.remember(
        text="the sea", id="x", at=NOON, tags=["trip"], source="diary", metadata={"a": 1}
    )
    best = first(memory, "sea")
    assert isinstance(best.node, TextNode)
    assert (best.node.node_id, best.node.text) == ("x", "the sea")
    [hit] = memory.recall("sea")
    assert best.score == hit.score
    assert best.node.metadata == {
        "a": 1,
        "modality": "text",
        "span": [0, 7],
        "at": NOON.isoformat(),
        "tags": ["trip"],
        "source": "diary",
    }
    assert best.node.get_metadata_str(mode=MetadataMode.EMBED) == "a: 1"
    told = best.node.get_metadata_str(mode=MetadataMode.LLM)
    assert told.splitlines()[1:] == [f"at: {NOON.isoformat()}", "tags: ['trip']", "source: diary"]


def test_a_picture_is_an_image_node(memory: Memory) -> None:
    """The node refers to the kept file, and has the text."""
    given = MEDIA / "photo_dog.jpg"
    memory.remember(Image(given, uri="planted:dog"), text="Rex", at=NOON)
    best = first(memory, "dog")
    assert isinstance(best.node, ImageNode)
    assert best.node.image_path is not None
    assert Path(best.node.image_path).read_bytes() == given.read_bytes()
    assert (best.node.text, best.node.image_mimetype) == ("Rex", "image/jpeg")
    assert best.node.metadata["uri"] == "planted:dog"
    assert [type(block) for block in best.node.get_content_blocks()] == [ImageBlock]


def test_a_sound_comes_as_the_stretch_that_matched(memory: Memory) -> None:
    """A `Node` has the second that matched as its audio resource, or if wished the kept file."""
    memory.remember(sound("dog|sea"), picture("sun"), text="at the beach", at=NOON)
    best = first(memory, "sea")
    assert isinstance(best.node, Node)
    assert best.node.metadata["span"] == [1.0, 2.0]
    assert best.node.metadata["mime_type"] == "audio/wav"
    kinds = [type(block) for block in best.node.get_content_blocks()]
    assert kinds == [TextBlock, ImageBlock, AudioBlock]
    stretch = best.node.get_content_blocks()[2].resolve_audio().read()  # type: ignore[attr-defined]
    assert Audio(stretch).duration == pytest.approx(1, abs=0.05)
    whole = first(memory, "sea", media="whole").node.audio_resource  # type: ignore[attr-defined]
    assert Audio(whole.path).duration == 2
    with pytest.raises(QueryError, match="media='file'"):
        SensoriumRetriever(memory, media="file")  # type: ignore[arg-type]  # meant


def test_of_several_the_one_that_matched_is_shown(memory: Memory) -> None:
    """A node holds one medium of each kind."""
    memory.remember(sound("dog"), sound("sea|sun"), id="x")
    for question, seconds in (("dog", 1), ("sun", 2)):
        resource = first(memory, question, media="whole").node.audio_resource  # type: ignore[attr-defined]
        assert Audio(resource.path).duration == seconds


@pytest.mark.parametrize("make", [depth, thermal, motion])
def test_what_is_no_picture_is_shown_as_one(memory: Memory, make: Any) -> None:
    """Depth, heat and motion come as pictures that models can see."""
    memory.remember(make("sea"))
    best = first(memory, "sea")
    assert isinstance(best.node, ImageNode)
    assert best.node.image is not None
    assert best.node.image_mimetype == "image/png"
    assert min(Image(best.node.resolve_image()).size) >= 1


def test_a_signal_that_is_gone_leaves_the_words(memory: Memory) -> None:
    """A record whose files were forgotten is a text."""
    memory.remember(sound("sea"), text="the waves", id="x")
    memory.forget("x", media_only=True)
    best = first(memory, "sea")
    assert isinstance(best.node, TextNode)
    assert (best.node.text, best.node.metadata["modality"]) == ("the waves", "audio")


def test_a_node_comes_as_it_was_added(memory: Memory) -> None:
    """With its class and relationships, whichever of its stores it matches in."""
    store = SensoriumVectorStore(memory)
    store.add([node("x", "sea", metadata={"a": 1}, excluded_embed_metadata_keys=["a"])])
    store.sibling("image").add([ImageNode(id_="x", text="pic", embedding=vector("dog"))])
    text, image = first(memory, "sea").node, first(memory, "dog").node
    assert (type(text), text.get_content()) == (TextNode, "sea")
    assert (type(image), image.get_content()) == (ImageNode, "pic")
    assert text.metadata["a"] == 1
    assert "tags" not in text.metadata
    assert text.excluded_embed_metadata_keys[0] == "a"
    assert store.get_nodes(["x"])[0].metadata == {"a": 1}


def test_questions_are_words_pictures_and_vectors(memory: Memory) -> None:
    """Several parts are added up; a vector takes the place of the words."""
    for word in ("sea", "dog", "sun"):
        memory.remember(text=word, id=word)
    retriever = SensoriumRetriever(memory, similarity_top_k=1)

    def answer(bundle: QueryBundle) -> str:
        return retriever.retrieve(bundle)[0].node_id

    assert answer(QueryBundle("dog")) == "dog"
    assert answer(QueryBundle("dog", custom_embedding_strs=["sun"])) == "sun"
    assert answer(QueryBundle("dog", embedding=vector("sea"))) == "sea"
    picture_alone = QueryBundle("", image_path=str(MEDIA / "photo_dog.jpg"))
    assert retriever.retrieve(picture_alone)
    two = SensoriumRetriever(memory, similarity_top_k=2)
    both = two.retrieve(QueryBundle("", custom_embedding_strs=["sea", "sun"]))
    assert {hit.node_id for hit in both} == {"sea", "sun"}


def test_wishes_and_filters_are_those_of_recall(memory: Memory) -> None:
    """Senses, keywords, half-life, tags, time and metadata reach the memory."""
    now = datetime.now(timezone.utc)
    memory.remember(text="sea", id="old", at=now - timedelta(days=9), metadata={"a": 1})
    memory.remember(sound("sea*0.9 sun"), id="heard", at=now, tags=["t"])
    memory.remember(text="the ferry to cow dog", id="ferry", at=now)
    assert first(memory, "sea", where={"a": 1}).node_id == "old"
    assert first(memory, "sea", since=now, tags=["t"]).node_id == "heard"
    assert first(memory, "sea", modalities=["audio"]).node_id == "heard"
    assert first(memory, "sea", half_life=timedelta(hours=1)).node_id == "heard"
    assert first(memory, "ferry", keywords=True, modalities=["text"]).node_id == "ferry"
    assert SensoriumRetriever(memory, source="nowhere").retrieve("sea") == []


async def test_awaited_retrieval_leaves_the_loop_alone(home: House) -> None:
    """It runs in another thread, many at once."""

    class Slow(PlantedEncoder):
        def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
            time.sleep(0.1)
            return super().try_encode(percepts)

    memory = home.memory("slow", Slow())
    memory.remember(text="sea", id="x")
    retriever = SensoriumRetriever(memory)
    started = time.monotonic()
    work = asyncio.gather(*(retriever.aretrieve("sea") for _ in range(4)))
    await asyncio.sleep(0)
    assert time.monotonic() - started < 0.1
    assert [[hit.node_id for hit in found] for found in await work] == [["x"]] * 4


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (QueryBundle(""), QueryError),
        (QueryBundle("  "), QueryError),
        (QueryBundle("", embedding=[1.0]), QueryError),
        (QueryBundle("", image_path="https://example.org/a.jpg"), SourceRefusedError),
        (QueryBundle("", image_path=str(MEDIA / "texts.json")), MediaDecodeError),
    ],
)
def test_questions_that_are_none_are_refused(
    memory: Memory, question: QueryBundle, error: type[Exception]
) -> None:
    """Empty questions, vectors of another space, web addresses and damaged pictures are errors."""
    with pytest.raises(error):
        SensoriumRetriever(memory).retrieve(question)


@pytest.mark.parametrize("question", ["", " \n"])
def test_a_question_without_words_is_answered_in_the_users_words(
    memory: Memory, question: str
) -> None:
    """The error names `retrieve`, and says what to write."""
    with pytest.raises(QueryError, match=r"retrieve\('.*needed words, a picture or a vector"):
        SensoriumRetriever(memory).retrieve(question)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 3}, r"k=\.\.\.\); needed similarity_top_k, .*since, until, tags, source, where"),
        ({"filters": {"topic": "bees"}}, r"filters=\.\.\..*conditions on metadata as where="),
        ({"similarity_top_k": -1}, "similarity_top_k=-1"),
        ({"similarity_top_k": "3"}, "similarity_top_k='3'"),
        ({"similarity_top_k": True}, "similarity_top_k=True"),
        ({"similarity_top_k": 10**6}, "10000"),
    ],
    ids=str,
)
def test_wrong_options_are_refused_at_once(memory: Memory, options: Any, words: str) -> None:
    """When the retriever is made, not when it is asked."""
    with pytest.raises(QueryError, match=words):
        SensoriumRetriever(memory, **options)


def test_what_is_no_memory_is_refused_at_once(memory: Memory, tmp_path: Path) -> None:
    """Neither a folder's name nor a vector store is one."""
    for wrong in (str(tmp_path), tmp_path, None, SensoriumVectorStore(memory)):
        with pytest.raises(QueryError, match=r"needed an open Memory; .*store\.memory"):
            SensoriumRetriever(wrong)  # type: ignore[arg-type]  # meant


def test_no_nodes_wanted_are_none(memory: Memory) -> None:
    """As from LlamaIndex's own retrievers."""
    memory.remember(text="sea")
    assert SensoriumRetriever(memory, similarity_top_k=0).retrieve("sea") == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (sound, "a sound of 1.0 s"),
        (picture, "a picture"),
        (depth, "a depth map"),
        (thermal, "a thermal picture"),
        (motion, "a motion of"),
    ],
)
def test_engines_of_texts_are_told_of_every_modality(memory: Memory, make: Any, words: str) -> None:
    """A best hit without words is named to the model, with its time, tags and source."""
    memory.remember(make("sea"), at=NOON, tags=["trip"], source="phone")
    retriever = SensoriumRetriever(memory, similarity_top_k=1)
    [told] = retriever.retrieve("sea")
    assert told.get_content(metadata_mode=MetadataMode.NONE).startswith(words)
    engine = RetrieverQueryEngine.from_args(retriever, llm=MockLLM())
    prompt = str(engine.query("sea"))  # it answers with what it was asked
    for part in (words, NOON.isoformat(), "trip", "source: phone"):
        assert part in prompt
