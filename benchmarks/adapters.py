"""The cost of the adapters: Sensorium's stores beside the frameworks' own, in one run.

`python benchmarks/adapters.py`; the table is kept in benchmarks/adapters.md. Embeddings are looked
up, not computed, so that only the stores are timed. Each store is filled in batches, then asked for
the four texts nearest to each question, and its answers are compared with an exact scan.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import torch
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_qdrant import QdrantVectorStore
from langgraph.store.base import BaseStore, PutOp, SearchOp
from langgraph.store.memory import InMemoryStore
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery
from machine import describe
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from sensorium.langchain import SensoriumVectorStore
from sensorium.langgraph import SensoriumStore
from sensorium.llama_index import SensoriumVectorStore as LlamaIndexStore

D = 384
BATCH = 256
K = 4
QUESTIONS = 50
SPREAD = 1.0  # length of a document's distance from its topic, over the topic's length
TOPICS = 64
NAMESPACE = UUID(int=0)


class LookedUp(Embeddings):
    """Embeddings that look vectors up by their text."""

    def __init__(self, rows: NDArray[np.float32], questions: NDArray[np.float32]) -> None:
        """Give row i the text `"i"`, and question j the text `"?j"`."""
        self.rows = {str(i): row.tolist() for i, row in enumerate(rows)}
        self.rows |= {f"?{j}": row.tolist() for j, row in enumerate(questions)}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        return [self.rows[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self.rows[text]


@dataclass(frozen=True)
class Contender:
    """A store under test.

    Attributes:
        fill: Adds the documents of these names.
        ask: Returns the names of the documents nearest to a question, the nearest first.
    """

    fill: Callable[[Sequence[str]], object]
    ask: Callable[[str], list[str]]


@dataclass(frozen=True)
class Result:
    """The figures of one store."""

    fill: float  # seconds to fill it
    ask: float  # seconds of the median question
    found: float  # share of the exact scan's results that it finds


def clustered(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw unit vectors that cluster around topics, as embeddings do."""
    topics = np.random.default_rng(7).normal(size=(TOPICS, D))
    rows = topics[random.integers(TOPICS, size=count)] + SPREAD * random.normal(size=(count, D))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def langchain_store(store: Any) -> Contender:
    """Return a vector store of LangChain as a contender."""
    return Contender(
        lambda names: store.add_documents(
            [Document(page_content=n, metadata={"n": int(n)}) for n in names],
            ids=[str(uuid5(NAMESPACE, n)) for n in names],  # Qdrant's own store takes only UUIDs
        ),
        lambda question: [d.page_content for d in store.similarity_search(question, k=K)],
    )


@contextmanager
def ours_langchain(place: str, lookup: LookedUp) -> Iterator[Contender]:
    with SensoriumVectorStore.open(place, embedding=lookup, dimension=D) as store:
        yield langchain_store(store)


@contextmanager
def qdrant_langchain(lookup: LookedUp) -> Iterator[Contender]:
    client = QdrantClient(":memory:")
    size = models.VectorParams(size=D, distance=models.Distance.COSINE)
    client.create_collection("bench", vectors_config=size)
    yield langchain_store(
        QdrantVectorStore(client, "bench", lookup, validate_collection_config=False)
    )
    client.close()


@contextmanager
def core_langchain(lookup: LookedUp) -> Iterator[Contender]:
    yield langchain_store(InMemoryVectorStore(lookup))


def langgraph_store(store: BaseStore) -> Contender:
    """Return a store of LangGraph as a contender."""
    return Contender(
        lambda names: store.batch([PutOp(("bench",), n, {"text": n}) for n in names]),
        lambda question: [
            item.key for item in store.batch([SearchOp(("bench",), query=question, limit=K)])[0]
        ],
    )


@contextmanager
def ours_langgraph(place: str, lookup: LookedUp) -> Iterator[Contender]:
    index: Any = {"dims": D, "embed": lookup, "fields": ["text"]}
    with SensoriumStore.open(place, index=index) as store:
        yield langgraph_store(store)


@contextmanager
def core_langgraph(lookup: LookedUp) -> Iterator[Contender]:
    yield langgraph_store(InMemoryStore(index={"dims": D, "embed": lookup, "fields": ["text"]}))


def llama_index_store(store: Any, lookup: LookedUp) -> Contender:
    """Return a vector store of LlamaIndex as a contender."""

    def ask(question: str) -> list[str]:
        query = VectorStoreQuery(query_embedding=lookup.rows[question], similarity_top_k=K)
        return list(store.query(query).ids)

    return Contender(
        lambda names: store.add(
            [TextNode(id_=n, text=n, embedding=lookup.rows[n], metadata={"n": 1}) for n in names]
        ),
        ask,
    )


@contextmanager
def ours_llama_index(place: str, lookup: LookedUp) -> Iterator[Contender]:
    with LlamaIndexStore.open(place, owner="bench", dimension=D) as store:
        yield llama_index_store(store, lookup)


@contextmanager
def core_llama_index(lookup: LookedUp) -> Iterator[Contender]:
    yield llama_index_store(SimpleVectorStore(stores_text=True), lookup)


def measured(contender: Contender, names: Sequence[str], exact: Sequence[set[str]]) -> Result:
    """Fill a store, ask it every question, and return its figures."""
    began = time.perf_counter()
    for start in range(0, len(names), BATCH):
        contender.fill(names[start : start + BATCH])
    filled = time.perf_counter() - began
    contender.ask("?0")  # not timed: a store may open, sample or build something at first
    times, found = [], 0
    for number, wanted in enumerate(exact):
        began = time.perf_counter()
        answer = contender.ask(f"?{number}")
        times.append(time.perf_counter() - began)
        found += len(wanted & set(answer))
    return Result(filled, statistics.median(times), found / (K * len(exact)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    torch.set_num_threads(1)
    random = np.random.default_rng(1)
    rows, questions = clustered(count, random), clustered(QUESTIONS, random)
    lookup = LookedUp(rows, questions)
    names = [str(number) for number in range(count)]
    nearest = np.argsort(-(questions @ rows.T), axis=1)[:, :K]
    exact = [{str(number) for number in found} for found in nearest]
    groups: dict[str, dict[str, Callable[[str], Any]]] = {
        "LangChain": {
            "InMemoryVectorStore": lambda _: core_langchain(lookup),
            'QdrantVectorStore(":memory:")': lambda _: qdrant_langchain(lookup),
            "SensoriumVectorStore, folder": lambda folder: ours_langchain(folder, lookup),
            'SensoriumVectorStore, ":memory:"': lambda _: ours_langchain(":memory:", lookup),
        },
        "LangGraph": {
            "InMemoryStore": lambda _: core_langgraph(lookup),
            "SensoriumStore, folder": lambda folder: ours_langgraph(folder, lookup),
        },
        "LlamaIndex": {
            "SimpleVectorStore": lambda _: core_llama_index(lookup),
            "SensoriumVectorStore, folder": lambda folder: ours_llama_index(folder, lookup),
        },
    }
    print(f"| {count:,} texts, {D} dimensions | added/s | question, ms | found of exact scan |")
    print("| --- | ---: | ---: | ---: |")
    for framework, contenders in groups.items():
        for name, opened in contenders.items():
            with tempfile.TemporaryDirectory() as folder, opened(folder) as contender:
                result = measured(contender, names, exact)
            print(
                f"| {framework}: {name} | {count / result.fill:,.0f} "
                f"| {1e3 * result.ask:.2f} | {result.found:.3f} |",
                flush=True,
            )
    print()
    for key, value in describe(torch.device("cpu")).items():
        print(f"- {key}: {value}")


if __name__ == "__main__":
    main()
