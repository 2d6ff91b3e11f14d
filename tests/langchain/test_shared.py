"""A vector store in a memory that others use, too: it finds everything and deletes its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from tests.support.langchain_stores import SIX, Foreign
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import QueryError
from sensorium.langchain import SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.memory.place import OWNER
from sensorium.qdrant import Condition, Equal


@pytest.fixture(scope="module", params=["memory", "edge"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Memory]:
    """One place in which each test is an owner."""
    place = tmp_path_factory.mktemp("shared") if request.param == "edge" else ":memory:"
    with Memory.open(place, owner="house", encoder=PlantedEncoder()) as memory:
        yield memory


@pytest.fixture
def memory(house: Memory, request: pytest.FixtureRequest) -> Memory:
    """A note and a picture of one's own, which are in no store."""
    mine = house.for_owner(request.node.name)
    mine.remember(text="dog", metadata={"room": "kitchen"}, id="note")
    mine.remember(picture("sea"), metadata={"room": "kitchen"}, id="picture", tags=["mine"])
    return mine


@pytest.mark.parametrize(
    "wanted",
    [
        {"everything": True},
        {"filter": {"room": "kitchen"}},
        {"filter": Equal("metadata.room", "kitchen")},
        {"ids": ["note", "picture", "text", "signal"]},
        {"ids": ["note", "text", "signal"], "filter": {"room": "kitchen"}},
    ],
)
def test_only_documents_of_a_store_are_deleted(memory: Memory, wanted: dict[str, Any]) -> None:
    """Whatever is named, what the memory got elsewhere stays; a text and a signal go."""
    store = SensoriumVectorStore(memory)
    store.add_texts(["clock"], [{"room": "kitchen"}], ids=["text"])
    store.add_images([picture("moon")], [{"room": "kitchen"}], ids=["signal"])
    assert store.delete(**wanted)
    assert {record.id for record in memory.timeline()} == {"note", "picture"}


@pytest.mark.parametrize("nothing", [{}, {"filter": {}}, {"ids": None, "filter": None}])
def test_nothing_named_deletes_nothing(memory: Memory, nothing: dict[str, Any]) -> None:
    """An empty filter is no way to say everything; the error says what is."""
    store = SensoriumVectorStore(memory)
    store.add_texts(["clock"], ids=["text"])
    with pytest.raises(QueryError, match=r"delete\(ids\), filter= or everything=True"):
        store.delete(**nothing)
    assert memory.count() == 3


@pytest.mark.parametrize("wanted", [None, {"room": "kitchen"}, Equal("metadata.room", "kitchen")])
def test_searches_find_the_whole_memory(
    memory: Memory, wanted: dict[str, Any] | Condition | None
) -> None:
    """Pictures and notes that were remembered elsewhere are found, with and without a filter."""
    store = SensoriumVectorStore(memory)
    assert store.similarity_search("sea", k=1, filter=wanted)[0].id == "picture"
    assert store.similarity_search("dog", k=1, filter=wanted)[0].id == "note"
    assert [document.id for document in store.get_by_ids(["picture", "note"])] == [
        "picture",
        "note",
    ]


def test_a_folder_is_one_memory_for_all(tmp_path: Path) -> None:
    """The owner is by default that of the other ways to open a memory."""
    document = Document("foo", id="a")
    embedding = Foreign(size=SIX)
    with SensoriumVectorStore.from_documents([document], embedding, place=tmp_path) as store:
        assert store.memory.owner == OWNER == "me"
    with SensoriumVectorStore.open(tmp_path, embedding=embedding, owner=OWNER) as store:
        assert store.get_by_ids(["a"]) == [document]
