"""What users of other vector stores have reported as faults, asked of this one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.vectorstores import InMemoryVectorStore
from tests.support.langchain_stores import opened

from sensorium.errors import BatchError
from sensorium.langchain import SensoriumVectorStore


@pytest.mark.parametrize("cleanup", ["incremental", "full", "scoped_full"])
def test_indexing_in_batches_keeps_what_is_there(store: SensoriumVectorStore, cleanup: Any) -> None:
    """Many batches of one source, twice, then changed: the counts are those of LangChain's own."""
    theirs = InMemoryVectorStore(store.embeddings)
    documents = [Document(f"note {n}", metadata={"source": "a"}) for n in range(120)]
    changed = [*documents[:119], Document("new", metadata={"source": "a"})]
    options: dict[str, Any] = {
        "cleanup": cleanup,
        "source_id_key": "source",
        "key_encoder": "sha256",
        "batch_size": 50,
    }
    managers = [InMemoryRecordManager("mine"), InMemoryRecordManager("theirs")]
    for manager in managers:
        manager.create_schema()
    for given in (documents, documents, changed):
        counts = [
            index(given, manager, one, **options)
            for manager, one in zip(managers, (store, theirs), strict=True)
        ]
        assert counts[0] == counts[1]
        expected = sorted(one.page_content for one in given)
        assert sorted(store.get()["documents"]) == expected


def test_a_filter_and_a_threshold_hold_together(store: SensoriumVectorStore) -> None:
    """A retriever with both gives what fulfils both."""
    store.add_texts(["foo", "bar", "foo too"], [{"n": 1}, {"n": 2}, {"n": 2}])

    def found(threshold: float, n: int) -> set[str]:
        wanted = {"k": 9, "score_threshold": threshold, "filter": {"n": n}}
        kind = "similarity_score_threshold"
        retriever = store.as_retriever(search_type=kind, search_kwargs=wanted)
        return {one.page_content for one in retriever.invoke("foo")}

    assert found(0.0001, 2) == {"bar", "foo too"}
    assert found(0.99, 1) == {"foo"}


@pytest.mark.parametrize("text", ["a\0b", "שלום עולם", "مرحبا", "\u202eabc", "👩‍👩‍👧", "e\u0301"])
def test_any_text_comes_back(store: SensoriumVectorStore, text: str) -> None:
    """NUL, letters from right to left, marks of direction, joined signs: in text, id, metadata."""
    document = Document(text, metadata={"t": text}, id=f"id {len(text)}")
    store.add_documents([document])
    assert store.similarity_search(text, k=1) == [document]
    assert store.similarity_search("x", filter={"t": text}) == [document]


def test_half_a_sign_is_refused_alone(store: SensoriumVectorStore) -> None:
    """A lone surrogate is no text; its neighbours are added."""
    with pytest.raises(BatchError, match="1 of which") as raised:
        store.add_documents([Document("good", id="g"), Document("x", metadata={"t": "\ud800"})])
    assert raised.value.results[0] == "g"
    assert store.get()["documents"] == ["good"]


def test_threads_that_write_one_id_leave_one_document(store: SensoriumVectorStore) -> None:
    """One of the texts that were written, whole."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.add_texts([f"text {n}"], ids=["one"]), range(24)))
    found = store.get()
    assert found["ids"] == ["one"]
    assert found["documents"][0] in {f"text {n}" for n in range(24)}


def test_documents_that_were_deleted_can_be_added_again(tmp_path: Path) -> None:
    """Under the same id, in the same place, after another opening, too."""
    with opened("edge", tmp_path) as store:
        store.add_texts(["a"], ids=["1"])
        store.delete(["1"])
        store.add_texts(["b"], ids=["1"])
    with opened("edge", tmp_path) as store:
        assert [one.page_content for one in store.get_by_ids(["1", "x"])] == ["b"]
