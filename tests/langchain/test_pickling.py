"""Whatever is made of a memory for LangChain can be handed to a worker, and copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from tests.support.langchain_stores import SIX, Foreign
from tests.support.planted import PlantedEncoder, picture
from tests.support.workers import Sealed, again, workers

from sensorium.errors import EncodingError, StoreClosedError
from sensorium.langchain import (
    SensoriumEmbeddings,
    SensoriumRetriever,
    SensoriumVectorStore,
    memory_tools,
)
from sensorium.memory import Memory

NAMES = ["dog", "sea", "fire"]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    folder = tmp_path_factory.mktemp("memory")
    with Memory.open(folder, owner="rex", encoder=PlantedEncoder()) as made:
        for name in NAMES:
            made.remember(picture(name), text=name)
        yield made


def retrieved(retriever: Any, question: str) -> str:
    """The best document of a retriever, or of the retriever of a store."""
    documents: list[Document] = retriever.invoke(question)
    return documents[0].page_content


def searched(store: SensoriumVectorStore, question: str) -> str:
    return store.similarity_search(question, k=1)[0].page_content


def told(tools: list[Any], question: str) -> str:
    """What the second of the memory's tools finds."""
    return str(tools[1].invoke({"query": question, "limit": 1}))


MADE: list[tuple[Callable[[Memory], Any], Callable[[Any, str], str]]] = [
    (lambda memory: SensoriumRetriever(memory=memory, k=1), retrieved),
    (lambda memory: SensoriumVectorStore(memory).as_retriever(), retrieved),
    (SensoriumVectorStore, searched),
    (memory_tools, told),
]


@pytest.mark.parametrize(("make", "ask"), MADE)
def test_it_answers_where_it_arrives(
    memory: Memory, make: Callable[[Memory], Any], ask: Callable[[Any, str], str]
) -> None:
    """As here, in the same process and after a copy of everything in it."""
    made = make(memory)
    for other in (again(made), copy.deepcopy(made), copy.copy(made)):
        for name in NAMES:
            assert name in ask(other, name)


@pytest.mark.slow
def test_workers_search(memory: Memory) -> None:
    """Retrievers, tools and stores may be arguments of a pool's functions."""
    with workers() as call:
        assert call(retrieved, SensoriumRetriever(memory=memory, k=1), "sea") == "sea"
        assert "fire" in call(told, memory_tools(memory), "fire")
        assert call(searched, SensoriumVectorStore(memory), "dog") == "dog"


def test_copies_of_models_share_the_memory(memory: Memory) -> None:
    """LangChain copies retrievers and tools as it likes: nothing is opened that nobody closes."""
    retriever = SensoriumRetriever(memory=memory)
    copies: list[Any] = [
        *(retriever.model_copy(), retriever.model_copy(update={"k": 2}, deep=True)),
        *(copy.deepcopy(retriever), copy.deepcopy(memory_tools(memory)[0])),
    ]
    assert all(other.memory is memory for other in copies)


def test_a_store_closes_what_it_opened(tmp_path: Path) -> None:
    """There as here, and each its own."""
    with SensoriumVectorStore.open(tmp_path, embedding=Foreign(size=SIX)) as store:
        store.add_texts(["dog"])
        with again(store) as other:
            assert searched(other, "dog") == "dog"
        with pytest.raises(StoreClosedError):
            searched(other, "dog")
        assert searched(store, "dog") == "dog"


def test_embeddings_are_pickled_with_their_encoder() -> None:
    """By name or by itself; one that cannot be pickled is said."""
    given = SensoriumEmbeddings(PlantedEncoder())
    assert again(given).embed_query("dog") == given.embed_query("dog")
    named = SensoriumEmbeddings("sensorium-mini")
    vector = named.embed_query("dog")
    assert len(pickle.dumps(named)) < 500
    assert again(named).embed_query("dog") == vector
    assert copy.deepcopy(named).encoder is named.encoder
    with pytest.raises(EncodingError, match="Sealed, which cannot be pickled"):
        pickle.dumps(SensoriumEmbeddings(Sealed()))
