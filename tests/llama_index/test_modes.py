"""The modes of a LlamaIndex query: nearest, diverse, by words, or by both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
from tests.support.llama_indexing import ENCODER, KINDS, ask, found, node, vector
from tests.support.planted import House, house

from sensorium.errors import QueryError
from sensorium.llama_index import SensoriumVectorStore

Mode = VectorStoreQueryMode


@pytest.fixture(scope="module", params=KINDS)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("house"), ENCODER) as built:
        yield built


@pytest.fixture
def store(home: House, request: pytest.FixtureRequest) -> SensoriumVectorStore:
    return SensoriumVectorStore(home.memory(request.node.name, ENCODER))


def test_scores_are_cosines(store: SensoriumVectorStore) -> None:
    """Best first, of embeddings of any length; as many as asked for."""
    words = {"a": "sea", "b": "sea sun", "long": "sea sun cow", "c": "dog*-1 sea*0.1"}
    cosines = {name: float(np.dot(vector("sea"), vector(said))) for name, said in words.items()}
    store.add([node(name, said) for name, said in words.items()])
    store.add([TextNode(id_="long", text="", embedding=[7 * x for x in vector(words["long"])])])
    result = store.query(VectorStoreQuery(vector("sea"), similarity_top_k=3))
    assert found(result) == sorted(["a", "b", "long"], key=lambda name: -cosines[name])
    assert result.similarities == pytest.approx(sorted(cosines.values())[:0:-1], abs=2e-3)
    assert found(store.query(VectorStoreQuery(vector("sea"), similarity_top_k=0))) == []


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0, None])
def test_mmr_is_that_of_llama_index(store: SensoriumVectorStore, threshold: float | None) -> None:
    """The same nodes with the same scores as its own store, whatever the threshold."""
    nodes = [node(f"sea{n}", f"sea sun*0.{n}") for n in range(1, 5)]
    nodes += [node("dog", "sea dog"), node("cow", "sea cow*1.5")]
    reference = SimpleVectorStore()
    reference.add(nodes)
    store.add(nodes)
    query = VectorStoreQuery(vector("sea"), similarity_top_k=4, mode=Mode.MMR)
    expected = reference.query(query, mmr_threshold=threshold)
    result = store.query(query, mmr_threshold=threshold)
    assert found(result) == expected.ids
    assert result.similarities == pytest.approx(expected.similarities, abs=5e-3)
    query.mmr_threshold = threshold
    assert found(store.query(query)) == expected.ids
    nearest = found(store.query(query, mmr_prefetch_k=4))
    assert sorted(nearest) == sorted(ask(store, "sea", 4))


def test_words_and_vectors_alone_and_together(store: SensoriumVectorStore) -> None:
    """text_search ranks by words, hybrid by both: alpha 1 is the vectors, 0 the words."""
    store.add([node("v", "sea"), node("both", "sea ferry"), node("w", "dog ferry ferry")])
    store.add([node("none", "cow sun")])

    def hybrid(alpha: float | None, **fields: Any) -> list[str]:
        asked = VectorStoreQuery(
            vector("sea"),
            query_str="ferry",
            similarity_top_k=fields.pop("k", 4),
            alpha=alpha,
            mode=Mode.HYBRID,
            **fields,
        )
        return found(store.query(asked))

    search = VectorStoreQuery(query_str="ferry", similarity_top_k=4, mode="text_search")  # type: ignore[arg-type]  # as users write it
    result = store.query(search)
    assert sorted(found(result)) == ["both", "w"]
    assert result.similarities is not None
    assert result.similarities[0] == 1
    assert hybrid(1.0)[:2] == ["v", "both"]
    assert sorted(hybrid(0.0)[:2]) == ["both", "w"]
    assert hybrid(None)[0] == "both"
    assert hybrid(None, hybrid_top_k=1) == ["both"]
    assert sorted(hybrid(0.5, k=1, sparse_top_k=2, hybrid_top_k=4)) == ["both", "v", "w"]
    assert hybrid(0.5, node_ids=["v", "w"], k=1) != ["both"]


@pytest.mark.parametrize("mode", [Mode.SPARSE, Mode.SEMANTIC_HYBRID, Mode.SVM, "like"])
def test_other_modes_are_refused(store: SensoriumVectorStore, mode: Mode) -> None:
    """The error lists the modes that exist."""
    with pytest.raises(QueryError, match="default, mmr, hybrid or text_search"):
        store.query(VectorStoreQuery(vector("sea"), query_str="sea", mode=mode))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (VectorStoreQuery(), "an empty query"),
        (VectorStoreQuery(mode=Mode.MMR), "without a vector"),
        (VectorStoreQuery(query_str="sea", mode=Mode.HYBRID), "without a vector"),
        (VectorStoreQuery(vector("sea"), mode=Mode.HYBRID), "without words"),
        (VectorStoreQuery(vector("sea"), query_str=" ", mode=Mode.TEXT_SEARCH), "without words"),
        (VectorStoreQuery(vector("sea"), query_str="x", alpha=2, mode=Mode.HYBRID), "alpha=2"),
        (VectorStoreQuery([1.0, 2.0]), r"shape \(2,\)"),
        (VectorStoreQuery([math.nan] * 64), "finite"),
    ],
)
def test_incomplete_queries_are_refused(
    store: SensoriumVectorStore, query: VectorStoreQuery, words: str
) -> None:
    """The error names what a mode needs."""
    with pytest.raises(QueryError, match=words):
        store.query(query)
