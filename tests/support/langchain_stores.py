"""Stores of foreign embeddings, for the tests of the vector store."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from qdrant_client import QdrantClient

from sensorium.langchain import SensoriumVectorStore

SIX = 6  # dimensions of the foreign embeddings


class Foreign(DeterministicFakeEmbedding):
    """Embeddings that say which model they are, and take another question if told to."""

    model_name: str = "six"
    swap: str = ""

    def embed_query(self, text: str) -> list[float]:
        return super().embed_query(self.swap or text)


class Shifted(Foreign):
    """Embeddings of the same name that are another model: every vector is another."""

    shift: str = "another model: "

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return super().embed_documents([self.shift + text for text in texts])

    def embed_query(self, text: str) -> list[float]:
        return super().embed_query(self.shift + text)


class Cached(Embeddings):
    """Embeddings that keep vectors of others, as LangChain's `CacheBackedEmbeddings` do."""

    def __init__(self, underlying_embeddings: Embeddings) -> None:
        self.underlying_embeddings = underlying_embeddings

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.underlying_embeddings.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.underlying_embeddings.embed_query(text)


def opened(kind: str, folder: Path) -> SensoriumVectorStore:
    """A store on `"edge"`, or of a Qdrant client in `"memory"`."""
    place = folder if kind == "edge" else QdrantClient(":memory:")
    return SensoriumVectorStore.open(place, embedding=Foreign(size=SIX), media=folder / "media")


def another(house: SensoriumVectorStore) -> SensoriumVectorStore:
    """An empty store in the same place: an engine takes a second to open."""
    return SensoriumVectorStore(house.memory.for_owner(str(uuid4())), house.embeddings)
