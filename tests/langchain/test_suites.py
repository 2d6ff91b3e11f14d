"""The official suites of langchain-tests, whole: none of their tests is overridden or left out."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    ToolsIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import EmbeddingsUnitTests, ToolsUnitTests
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder

from sensorium.langchain import (
    SensoriumEmbeddings,
    SensoriumRetriever,
    SensoriumVectorStore,
    memory_tools,
)
from sensorium.memory import Memory
from sensorium.samples import FOLDER

PHOTO = FOLDER / "photo_dog.jpg"


@cache
def kept() -> Memory:
    """A memory of four notes."""
    memory = Memory.open(":memory:", owner="rex", encoder=PlantedEncoder())
    for note in ("dog", "sea", "dog sea", "clock"):
        memory.remember(text=note)
    return memory


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    """Close that memory after the last test."""
    yield
    kept().close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SensoriumVectorStore]:
    """A place on Edge in which each test is an owner: an engine takes a second to open."""
    embedding = VectorStoreIntegrationTests.get_embeddings()
    with SensoriumVectorStore.open(tmp_path_factory.mktemp("edge"), embedding=embedding) as store:
        yield store


class TestMiniUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[SensoriumEmbeddings]:
        return SensoriumEmbeddings


class TestMini(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[SensoriumEmbeddings]:
        return SensoriumEmbeddings


class TestStoreOfAClient(VectorStoreIntegrationTests):
    """On any Qdrant client, of which the local mode stands for a server's."""

    @pytest.fixture
    def vectorstore(self) -> Iterator[VectorStore]:
        client = QdrantClient(":memory:")
        embedding = self.get_embeddings()
        with SensoriumVectorStore.open(client, embedding=embedding, keep_media=False) as store:
            yield store
        client.close()


class TestStoreOnEdge(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, house: SensoriumVectorStore) -> VectorStore:
        """Nothing is in it."""
        return SensoriumVectorStore(house.memory.for_owner(str(uuid4())), house.embeddings)


class TestStoreOfOwnEncoder(VectorStoreIntegrationTests):
    """The same of a memory that makes its vectors itself."""

    @pytest.fixture
    def vectorstore(self) -> Iterator[VectorStore]:
        with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
            yield SensoriumVectorStore(memory)


class TestRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return SensoriumRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": kept()}

    @property
    def retriever_query_example(self) -> str:
        return "dog"


class RememberExample:
    """The tool `remember`, and how it is called."""

    @property
    def tool_constructor(self) -> BaseTool:
        return memory_tools(kept())[0]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        photo = base64.b64encode(PHOTO.read_bytes()).decode()
        return {"text": "Rex", "media": [{"data": photo, "mime_type": "image/jpeg"}]}


class RecallExample:
    """The tool `recall`, and how it is called."""

    @property
    def tool_constructor(self) -> BaseTool:
        return memory_tools(kept())[1]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"query": "dog", "limit": 2}


class TestRememberUnit(RememberExample, ToolsUnitTests):
    pass


class TestRemember(RememberExample, ToolsIntegrationTests):
    pass


class TestRecallUnit(RecallExample, ToolsUnitTests):
    pass


class TestRecall(RecallExample, ToolsIntegrationTests):
    pass
