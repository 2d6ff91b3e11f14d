"""A memory as a LangChain vector store: what goes in comes out, under its id, or not at all."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.indexing import InMemoryRecordManager, index
from tests.support.langchain_stores import SIX, Foreign, Shifted
from tests.support.planted import D, PlantedEncoder

from sensorium.errors import (
    BatchError,
    QueryError,
    RecordError,
    SourceTypeError,
    SpaceMismatchError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.langchain import SensoriumEmbeddings, SensoriumVectorStore
from sensorium.memory import Memory


def test_documents_come_back_as_they_were(store: SensoriumVectorStore) -> None:
    """Text, ids of any form and nested metadata survive; the input documents are not changed."""
    metadata = {"n": 1, "deep": {"list": [1, 2.5, "x", None, True]}, "id": "mine", "modality": "m"}
    documents = [
        Document("foo", id="1", metadata=metadata),
        Document("bar ✓\n\tbaz ", metadata={}),
        Document("", id="with spaces / and ünïcode", metadata={"page_content": "x"}),
    ]
    before = [document.model_copy(deep=True) for document in documents]
    ids = store.add_documents(documents)
    assert documents == before
    assert (ids[0], ids[2]) == ("1", "with spaces / and ünïcode")
    expected = [
        document.model_copy(update={"id": name}) for document, name in zip(before, ids, strict=True)
    ]
    assert store.get_by_ids(ids) == expected
    assert {document.id: document for document in store.similarity_search("foo", k=3)} == {
        document.id: document for document in expected
    }


def test_the_same_text_twice_is_two_documents(store: SensoriumVectorStore) -> None:
    """Without ids nothing is merged: each has metadata of its own."""
    first, second = store.add_texts(["foo", "foo"], [{"page": 1}, {"page": 2}])
    assert first != second
    assert [document.metadata["page"] for document in store.get_by_ids([first, second])] == [1, 2]


def test_given_ids_win_and_gaps_are_filled(store: SensoriumVectorStore) -> None:
    """`ids=` takes the place of the documents' own; `None` among them asks for a new one."""
    documents = [Document("foo", id="own"), Document("bar", id="bar"), Document("baz", id="")]
    ids = store.add_documents(documents, ids=["given", None, ""])
    assert ids[0] == "given"
    assert UUID(ids[1]) != UUID(ids[2])
    assert store.get_by_ids(["own", "bar"]) == []
    assert store.add_texts(text for text in ("a", "b", "c"))[2:], "an iterator is read once"


def test_deleting_needs_to_be_said(store: SensoriumVectorStore) -> None:
    """Nothing is wiped by accident: no ids at all is an error, an empty list deletes nothing."""
    store.add_texts(["foo", "bar"], ids=["a", "b"])
    with pytest.raises(QueryError, match="everything=True"):
        store.delete()
    with pytest.raises(QueryError, match="a list of ids"):
        store.delete("ab")
    assert store.delete([]) is True
    assert store.delete(["nobody", "a"]) is True
    assert [document.id for document in store.get_by_ids(["a", "b"])] == ["b"]
    store.delete(everything=True)
    assert store.similarity_search("foo") == []


def test_blank_documents_are_kept(own: SensoriumVectorStore) -> None:
    """What has no words is found by id and filter, and by likeness never."""
    own.add_documents([Document("", id="blank", metadata={"n": 1}), Document("dog", id="dog")])
    assert own.get_by_ids(["blank"]) == [Document("", id="blank", metadata={"n": 1})]
    assert [document.id for document in own.similarity_search("dog", k=9)] == ["dog"]
    own.delete(filter={"n": 1})
    assert own.get_by_ids(["blank"]) == []


class Broken(Foreign):
    """Embeddings that fail on some texts, or return too few rows."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        rows = super().embed_documents(texts)
        if "too few" in texts:
            return rows[1:]
        return [
            [float("nan")] * SIX if "bad" in text else row
            for text, row in zip(texts, rows, strict=True)
        ]


def test_failures_are_told_and_the_rest_is_kept() -> None:
    """The error says where the first is and how it begins, all failures, and what was added."""
    with SensoriumVectorStore.open(embedding=Broken(size=SIX)) as store:
        with pytest.raises(BatchError, match=r"3 .* index 1 with the id 'b', 'bad news") as bad:
            store.add_texts(["foo", "bad news" + " again" * 99, "bar"], ids=["a", "b", "c"])
        assert len(str(bad.value)) < 400
        assert "again'" not in str(bad.value)
        assert "VectorError" in str(bad.value)
        assert list(bad.value.failures) == [1]
        assert bad.value.results == ["a", None, "c"]
        assert [document.id for document in store.get_by_ids(["a", "b", "c"])] == ["a", "c"]
        with pytest.raises(VectorError, match="1 vectors of 2 documents"):
            store.add_texts(["too few", "foo"], ids=["d", "e"])
        with pytest.raises(BatchError, match=r"metadata\.when of type datetime") as facts:
            store.add_texts(["foo"], [{"when": datetime.now(timezone.utc)}])
        assert isinstance(facts.value.failures[0], RecordError)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.add_texts(["a", "b"], ids=["1"]), RecordError, "ids of 1 for 2"),
        (lambda s: s.add_texts(["a"], [{}, {}]), RecordError, "metadatas of 2 for 1"),
        (lambda s: s.add_texts(["a"], colour="red"), QueryError, "colour"),
        (lambda s: s.add_texts("abc"), RecordError, "a str, alone; needed a list of str"),
        (lambda s: s.add_texts(["a", None]), RecordError, "a NoneType, among"),
        (lambda s: s.add_documents(["a"]), RecordError, "use add_texts"),
        (lambda s: s.add_documents(Document("a")), RecordError, "a Document, alone"),
        (lambda s: s.similarity_search("a", where={}), QueryError, "where.*filter="),
        (lambda s: s.add_texts(["a"], ["b"]), RecordError, "a str among the metadatas"),
        (lambda s: s.add_texts(["a"], {"b": 1}), RecordError, r"write \[\{\.\.\.\}\]"),
        (lambda s: s.similarity_search_by_vector([1.0] * 5), QueryError, r"shape \(5,\)"),
        (lambda s: s.similarity_search_by_vector([float("nan")] * SIX), QueryError, "finite"),
        (lambda s: s.delete(["a"], colour="red"), QueryError, "colour"),
        (lambda s: s.add_images(["x.jpg"]), UnsupportedModalityError, "SensoriumEmbeddings"),
    ],
)
def test_wrong_arguments_are_refused(
    store: SensoriumVectorStore, call: Any, error: type[Exception], message: str
) -> None:
    """Nothing unknown is swallowed; each message says what was needed."""
    with pytest.raises(error, match=message):
        call(store)


@pytest.mark.parametrize("metadatas", [[None, {"n": 1}], [{}, {"n": 1}]])
def test_no_metadata_may_be_said_as_none(store: SensoriumVectorStore, metadatas: Any) -> None:
    """`None` among the dictionaries is an empty one."""
    ids = store.add_texts(["foo", "bar"], metadatas)
    assert [document.metadata for document in store.get_by_ids(ids)] == [{}, {"n": 1}]


@pytest.mark.parametrize("wrong", [None, "sensorium-mini", len, SensoriumEmbeddings, 7])
def test_only_embeddings_are_taken(wrong: Any, tmp_path: Path) -> None:
    """The error says what to pass, in every way to open a store, and no folder is begun."""
    place = tmp_path / "place"
    with pytest.raises(SourceTypeError, match=r"pass SensoriumEmbeddings\(.*any other Embeddings"):
        SensoriumVectorStore.open(place, embedding=wrong)
    with pytest.raises(SourceTypeError, match="any other Embeddings"):
        SensoriumVectorStore.from_texts(["a"], wrong, place=place)
    assert not place.exists()


@pytest.mark.parametrize("wrong", ["folder", Foreign(size=SIX), None])
def test_only_a_memory_is_taken(store: SensoriumVectorStore, wrong: Any) -> None:
    """A folder, or embeddings alone, belong into `open`; the constructor says so."""
    with pytest.raises(SourceTypeError, match=r"SensoriumVectorStore\.open\(place, embedding="):
        SensoriumVectorStore(wrong)
    with pytest.raises(SourceTypeError, match="any other Embeddings"):
        SensoriumVectorStore(store.memory, "sensorium-mini")  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("option", ["persist_directory", "path", "encoder", "batch_size"])
def test_other_stores_options_are_refused(option: str) -> None:
    """What names the folder elsewhere is an error that says how it is named here."""
    options: dict[str, Any] = {option: "x"}
    with pytest.raises(QueryError, match=f"{option}; .*keep_media.*place="):
        SensoriumVectorStore.from_texts(["a"], Foreign(size=SIX), **options)
    with SensoriumVectorStore.open(embedding=Foreign(size=SIX), keep_media=False) as store:
        assert not store.memory.keeps_media


def test_a_store_opens_with_its_own_embeddings_only(tmp_path: Path) -> None:
    """Another model, or another dimension, is another space; the same finds what is there."""
    with SensoriumVectorStore.from_texts(
        ["foo"], Foreign(size=SIX), [{"n": 1}], ids=["a"], place=tmp_path
    ) as store:
        assert store.similarity_search("foo")[0].metadata == {"n": 1}
    for other in (Shifted(size=SIX), Foreign(size=7)):
        with pytest.raises(SpaceMismatchError, match="Foreign:"):
            SensoriumVectorStore.open(tmp_path, embedding=other)
    with SensoriumVectorStore.open(tmp_path, embedding=Foreign(size=SIX)) as again:
        assert [document.id for document in again.similarity_search("foo")] == ["a"]
        planted = SensoriumEmbeddings(PlantedEncoder())
        with pytest.raises(SpaceMismatchError, match="planted"):
            SensoriumVectorStore(again.memory, planted)


def test_a_store_that_cannot_be_filled_is_closed(tmp_path: Path) -> None:
    """`from_texts` that fails leaves the folder free, with what could be added."""
    with pytest.raises(BatchError, match="2 documents, 1 of which"):
        SensoriumVectorStore.from_texts(["foo", "bad"], Broken(size=SIX), place=tmp_path)
    with SensoriumVectorStore.open(tmp_path, embedding=Broken(size=SIX)) as store:
        assert [document.page_content for document in store.similarity_search("foo")] == ["foo"]


def test_owners_do_not_meet(tmp_path: Path) -> None:
    """Two owners of one place have the same ids and different documents."""
    with SensoriumVectorStore.open(tmp_path, embedding=Foreign(size=SIX), owner="a") as one:
        other = SensoriumVectorStore(one.memory.for_owner("b"), one.embeddings)
        one.add_texts(["foo"], ids=["1"])
        other.add_texts(["bar"], ids=["1"])
        assert one.get_by_ids(["1"])[0].page_content == "foo"
        other.delete(everything=True)
        assert [document.page_content for document in one.similarity_search("bar")] == ["foo"]


async def test_concurrent_adds_and_searches_lose_nothing(store: SensoriumVectorStore) -> None:
    """Fifty adds and fifty searches at once: every document is there afterwards."""
    names = [str(n) for n in range(50)]
    await asyncio.gather(
        *(store.aadd_texts([f"note {name}"], ids=[name]) for name in names),
        *(store.asimilarity_search(f"note {name}") for name in names),
    )
    assert [document.page_content for document in await store.aget_by_ids(names)] == [
        f"note {name}" for name in names
    ]
    assert store.memory.count() == 50


class Service(Embeddings):
    """Embeddings that may not be called where the event loop runs."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return Foreign(size=SIX).embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


async def test_the_loop_is_never_blocked() -> None:
    """Every asynchronous method embeds in a thread."""
    store = await SensoriumVectorStore.afrom_texts(["foo"], Service(), ids=["a"])
    with store:
        await _use(store)


async def _use(store: SensoriumVectorStore) -> None:
    await store.aadd_documents([Document("bar", id="b")])
    await store.aadd_texts(["baz"], ids=["c"])
    assert len(await store.asimilarity_search("foo")) == 3
    assert len(await store.asimilarity_search_with_score("foo")) == 3
    assert len(await store.asimilarity_search_with_relevance_scores("foo")) == 3
    assert len(await store.amax_marginal_relevance_search("foo")) == 3
    assert await store.adelete(["a"])
    assert await store.aget_by_ids(["a"]) == []


def test_langchain_s_indexing_works(store: SensoriumVectorStore) -> None:
    """`index()` skips what is there, replaces what changed and deletes what is gone."""
    records = InMemoryRecordManager("notes")
    records.create_schema()

    def run(*texts: str) -> dict[str, Any]:
        documents = [Document(text, metadata={"source": "notes.md"}) for text in texts]
        options: dict[str, Any] = {"cleanup": "full", "key_encoder": "sha256"}
        return dict[str, Any](**index(documents, records, store, source_id_key="source", **options))

    assert run("foo", "bar")["num_added"] == 2
    again = run("foo", "baz")
    assert (again["num_added"], again["num_skipped"], again["num_deleted"]) == (1, 1, 1)
    assert {document.page_content for document in store.similarity_search("foo")} == {"foo", "baz"}


def test_vectors_of_another_model_are_refused_whatever_their_length() -> None:
    """A memory of Sensorium's own encoder takes no foreign embeddings of the same dimension."""
    with (
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory,
        pytest.raises(SpaceMismatchError, match="leave embedding out"),
    ):
        SensoriumVectorStore(memory, DeterministicFakeEmbedding(size=D))


def test_no_ids_are_none_and_everything_is_all(store: SensoriumVectorStore) -> None:
    """An empty list removes nothing, unless all was said."""
    store.add_texts(["a", "b"], ids=["1", "2"])
    assert store.delete([])
    assert len(store.get_by_ids(["1", "2"])) == 2
    assert store.delete([], everything=True)
    assert store.get_by_ids(["1", "2"]) == []
