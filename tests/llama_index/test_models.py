"""Opening the LlamaIndex vector store: with which model, for whom, on which memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from llama_index.core import MockEmbedding
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery
from tests.support.llama_indexing import ENCODER, found, node

from sensorium.errors import QueryError, SpaceMismatchError, VectorError
from sensorium.llama_index import SensoriumEmbedding, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.memory.place import OWNER


def test_any_model_of_any_dimension(tmp_path: Path) -> None:
    """Opened with a model, a store is opened with no other one; its memory embeds with it, too."""
    small, large = MockEmbedding(embed_dim=3), MockEmbedding(embed_dim=5)
    with SensoriumVectorStore.open(tmp_path, owner="me", embed_model=small) as store:
        store.add([TextNode(id_="x", text="sea", embedding=[1.0, 2.0, 3.0])])
        [hit] = store.memory.recall("anything", limit=1)
        assert hit.record.id == "x"
        store.persist("nowhere")
    with pytest.raises(SpaceMismatchError):
        SensoriumVectorStore.open(tmp_path, owner="me", embed_model=large)
    with SensoriumVectorStore.open(tmp_path, owner="me", embed_model=small) as store:
        result = store.query(VectorStoreQuery([1.0, 2.0, 3.0]))
        assert found(result) == ["x"]
        assert result.similarities == pytest.approx([1], abs=2e-3)
    with SensoriumVectorStore.open(":memory:", owner="me", dimension=2, modality="audio") as store:
        store.add([TextNode(id_="x", text="", embedding=[1.0, 0.0])])
        assert store.memory.get("x").modalities == ("audio",)
    with pytest.raises(VectorError, match=r"pass embed_model=.* dimension="):
        SensoriumVectorStore.open(":memory:")
    with pytest.raises(VectorError, match=r"embed_model='default'.*Settings\.embed_model"):
        SensoriumVectorStore.open(":memory:", embed_model="default")  # type: ignore[arg-type]  # meant
    own = SensoriumEmbedding(ENCODER)
    with pytest.raises(VectorError, match="64, the model's"):
        SensoriumVectorStore.open(":memory:", owner="me", embed_model=own, dimension=3)


def test_a_folder_is_one_memory_for_all(tmp_path: Path) -> None:
    """Where nobody says whose, nodes are found as on the command line."""
    with SensoriumVectorStore.open(tmp_path, embed_model=SensoriumEmbedding(ENCODER)) as store:
        store.add([node("x", "sea")])
    with Memory.open(tmp_path, owner=OWNER, encoder=ENCODER) as memory:
        assert memory.recall("sea")[0].record.text == "sea"


def test_what_is_no_memory_is_refused(tmp_path: Path) -> None:
    """The name of a folder is not a memory; the error says what to write."""
    with pytest.raises(QueryError, match=r"needed an open Memory; write Memory\.open"):
        SensoriumVectorStore(str(tmp_path))  # type: ignore[arg-type]  # meant


def test_owners_are_apart(tmp_path: Path) -> None:
    """The same id of two owners is two nodes; clearing one leaves the other."""
    with Memory.open(tmp_path, owner="me", encoder=ENCODER) as memory:
        mine, yours = (SensoriumVectorStore(view) for view in (memory, memory.for_owner("you")))
        mine.add([node("x", "sea")])
        yours.add([node("x", "dog")])
        mine.clear()
        assert (mine.get_nodes(), [node.get_content() for node in yours.get_nodes()]) == (
            [],
            ["dog"],
        )
