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


class Turned(MockEmbedding):
    """A model of the same class and name whose vectors are others, and whose calls are counted."""

    sign: float = 1.0
    calls: int = 0

    @classmethod
    def class_name(cls) -> str:
        return "MockEmbedding"

    def _get_text_embedding(self, text: str) -> list[float]:
        self.calls += 1
        return [1.0, self.sign, *[0.0] * (self.embed_dim - 2)]


def test_a_model_is_known_by_what_it_does(tmp_path: Path) -> None:
    """Two models of one name are two, and opening asks once."""
    mine, other = Turned(embed_dim=3), Turned(embed_dim=3, sign=-1.0)
    with SensoriumVectorStore.open(tmp_path, embed_model=mine):
        assert mine.calls == 1
    with pytest.raises(SpaceMismatchError, match=r"one sentence differ, cosine 0\.00"):
        SensoriumVectorStore.open(tmp_path, embed_model=other)
    renamed = Turned(embed_dim=3, model_name="renamed")
    with SensoriumVectorStore.open(tmp_path, embed_model=renamed, dimension=3):
        assert renamed.calls == 1
    with pytest.raises(VectorError, match=r"dimension=5 .* have 3 numbers"):
        SensoriumVectorStore.open(":memory:", embed_model=mine, dimension=5)


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
