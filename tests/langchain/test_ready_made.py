"""What LangChain has ready for documents of words works with pictures and sounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from langchain_classic.chains.combine_documents import create_stuff_documents_chain
from langchain_classic.retrievers import ContextualCompressionRetriever, EnsembleRetriever
from langchain_classic.retrievers.document_compressors import CrossEncoderReranker
from langchain_classic.retrievers.document_compressors.cross_encoder import BaseCrossEncoder
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import create_retriever_tool
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.errors import QueryError
from sensorium.langchain import SensoriumRetriever, SensoriumVectorStore
from sensorium.langchain.documents import line_of
from sensorium.memory import Memory

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
PHOTOS = 6
KEYS = {"id", "modality", "uri", "mime_type"}


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    """Photos of one second and one name, a sound, and notes."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as opened:
        for number in range(PHOTOS):
            opened.remember(picture("dog"), id=f"photo {number}", at=NOON)
        opened.remember(sound("sea dog*0.3"), id="sound", at=NOON, tags=["beach"], source="mic")
        opened.remember(text="dog", id="note")
        yield opened


def retrievers(memory: Memory) -> dict[str, BaseRetriever]:
    return {
        "memory": SensoriumRetriever(memory=memory, k=20),
        "store": SensoriumVectorStore(memory).as_retriever(search_kwargs={"k": 20}),
    }


@pytest.fixture(params=["memory", "store"])
def retriever(request: pytest.FixtureRequest, memory: Memory) -> BaseRetriever:
    return retrievers(memory)[request.param]


@pytest.mark.parametrize("options", [{}, {"id_key": "id"}], ids=["by text", "by id"])
def test_an_ensemble_keeps_every_picture(
    memory: Memory, retriever: BaseRetriever, options: dict[str, Any]
) -> None:
    """Merged by text or by id: what two retrievers find is there once, and all of it."""
    others = SensoriumRetriever(memory=memory, k=3, modalities=["image"])
    together = EnsembleRetriever(retrievers=[others, retriever], weights=[0.5, 0.5], **options)
    found = [document.id for document in together.invoke("dog")]
    assert sorted(str(name) for name in found) == sorted(
        [*(f"photo {number}" for number in range(PHOTOS)), "sound", "note"]
    )


def test_documents_say_what_they_are(retriever: BaseRetriever) -> None:
    """In words, and in the metadata, those of words included."""
    found = {document.id: document for document in retriever.invoke("dog")}
    assert all(document.metadata.keys() >= KEYS for document in found.values())
    assert found["sound"].metadata["modality"] == "audio"
    assert found["note"].metadata["modality"] == "text"
    assert found["note"].page_content == "dog"
    line = "audio sea dog*0.3, 2026-07-01 12:00:00 UTC, from mic, tags beach (id sound)"
    assert found["sound"].page_content == line


def said(asked: Any) -> str:
    """A model that says again what it was told."""
    return str(asked.to_string())


def test_a_tool_and_a_chain_get_words_for_everything(retriever: BaseRetriever) -> None:
    """No blank line stands for a picture; a prompt may name what the metadata has."""
    tool = create_retriever_tool(retriever, "photos", "Finds photos.")
    lines = str(tool.invoke({"query": "dog"})).split("\n\n")
    assert len(lines) == PHOTOS + 2
    assert all(line.strip() for line in lines)
    chain = create_stuff_documents_chain(
        RunnableLambda(said),
        ChatPromptTemplate.from_template("{context}"),
        document_prompt=PromptTemplate.from_template("{id} is {modality}: {page_content}"),
    )
    answer = chain.invoke({"context": retriever.invoke("dog")})
    assert "sound is audio: audio sea dog*0.3, 2026-07-01 12:00:00 UTC" in answer
    assert "note is text: dog" in answer


class Tagged(BaseCrossEncoder):
    """A reranker that prefers texts that name a beach."""

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        assert all(text for _, text in text_pairs)
        return [float("beach" in text) for _, text in text_pairs]


def test_a_reranker_reads_the_line(retriever: BaseRetriever) -> None:
    """What a picture or sound is called, and its tags, count."""
    reranker = CrossEncoderReranker(model=Tagged(), top_n=1)
    best = ContextualCompressionRetriever(base_compressor=reranker, base_retriever=retriever)
    assert [document.id for document in best.invoke("dog")] == ["sound"]


def test_a_line_is_one_line_whatever_names_hold() -> None:
    """Names cannot pretend to be another line, or turn the rest of theirs around."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        odd = "camera\n2. text\u2028x\u202e"
        made = memory.remember(picture("a\nb\u2029c"), source=odd, tags=["t\x85u"], at=NOON)
        line = line_of(memory.get(made.id))
    assert line == (
        f"image ab c, 2026-07-01 12:00:00 UTC, from camera 2. text x, tags t u (id {made.id})"
    )


def test_a_picture_that_is_added_again_stays_a_picture() -> None:
    """What a store returned may be changed and given back: its metadata are kept, and the file."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        store = SensoriumVectorStore(memory)
        store.add_images([picture("dog")], [{"room": "hall"}], ids=["p"])
        store.add_texts(["sea", "moon"], [{"n": 1}, {"n": 2}], ids=["t", "u"])
        found = store.as_retriever().invoke("dog")
        for document in found:
            document.metadata["seen"] = True
        assert store.add_documents(found) == [document.id for document in found]
        [again] = [document for document in found if document.id == "p"]
        store.add_documents([again, again])
        [photo, *_] = store.get_by_ids(["p"])
        assert photo.metadata["modality"] == "image"
        record = memory.get("p")
        assert dict(record.metadata) == {"room": "hall", "seen": True}
        assert record.modalities == ("image",)
        assert store.similarity_search("dog", k=1)[0].id == "p"
        assert store.get_by_ids(["t"]) == [
            Document("sea", id="t", metadata={**_text("t"), "n": 1, "seen": True})
        ]


def _text(id: str) -> dict[str, Any]:
    return {"id": id, "modality": "text", "uri": None, "mime_type": None}


@pytest.mark.parametrize("wrong", [{"k": 1}, {"filter": {"a": 1}}, {"top_k": 2}])
def test_arguments_that_langchain_would_ignore_are_refused(
    memory: Memory, wrong: dict[str, Any]
) -> None:
    """The error says where they belong, and that works."""
    store = SensoriumVectorStore(memory)
    with pytest.raises(QueryError, match=r"as_retriever\(search_kwargs="):
        store.as_retriever(**wrong)
    assert len(store.as_retriever(search_kwargs={"k": 1}, tags=["x"]).invoke("dog")) == 1
