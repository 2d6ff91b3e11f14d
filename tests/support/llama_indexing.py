"""What the tests of `sensorium.llama_index` share: nodes with planted vectors, and stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryResult

from sensorium.llama_index import SensoriumVectorStore
from sensorium.percepts import Text
from tests.support.planted import PlantedEncoder

KINDS = ("edge", "client")
ENCODER = PlantedEncoder()


def vector(words: str) -> list[float]:
    """What words mean."""
    row: list[float] = ENCODER.embed([Text(words)])[0].tolist()
    return row


def node(id_: str, words: str, **fields: Any) -> TextNode:
    """A text node that says words, and means them."""
    return TextNode(id_=id_, text=words, embedding=vector(words), **fields)


def ask(store: SensoriumVectorStore, words: str, count: int = 10, **fields: Any) -> list[str]:
    """Ids of the nodes nearest to words."""
    query = VectorStoreQuery(vector(words), similarity_top_k=count, **fields)
    return list(store.query(query).ids or [])


def ids(nodes: Sequence[BaseNode] | None) -> list[str]:
    """Of nodes."""
    return [node.node_id for node in nodes or []]


def found(result: VectorStoreQueryResult) -> list[str]:
    """Ids of an answer, whose nodes and scores agree with them."""
    assert result.ids == ids(result.nodes)
    assert result.similarities is None or len(result.similarities) == len(result.ids)
    return list(result.ids)
