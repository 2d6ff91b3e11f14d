"""Our embeddings in LangChain's own Qdrant store, on collections that our schema made."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from langchain_qdrant import QdrantVectorStore
from qdrant_client import QdrantClient

from sensorium.encoders import load_encoder
from sensorium.errors import StoreFormatError
from sensorium.langchain import SensoriumEmbeddings
from sensorium.memory import Memory
from sensorium.percepts import Image
from sensorium.qdrant import CollectionSchema
from sensorium.qdrant.client import create_collection
from sensorium.samples import FOLDER as MEDIA

SPACE = load_encoder().space


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    made = QdrantClient(":memory:")
    yield made
    made.close()


@pytest.mark.parametrize("name", ["image", "text"])
def test_texts_are_added_and_found(client: QdrantClient, name: str) -> None:
    """A named vector that is single takes and finds what the store writes, filters included."""
    schema = CollectionSchema.for_space(SPACE, single=["text"])
    create_collection(client, "notes", schema)
    store = QdrantVectorStore(client, "notes", SensoriumEmbeddings(), vector_name=name)
    store.add_texts(["the heron stood in the reeds", "21 degrees"], [{"n": 1}, {"n": 2}])
    [(found, score)] = store.similarity_search_with_score("a bird in the water", k=1)
    assert found.page_content == "the heron stood in the reeds"
    assert 0.2 < score < 1
    assert found.metadata["n"] == 1
    [other] = store.max_marginal_relevance_search("weather", k=1)
    assert other.page_content == "21 degrees"


def test_words_find_the_pictures_of_a_memory(client: QdrantClient) -> None:
    """LangChain's store reads what a memory wrote: words as vectors, metadata as they were."""
    with Memory.open(client, owner="rex", collection="seen", keep_media=False) as memory:
        for name in ("photo_dog", "photo_pizza", "photo_sailboat"):
            memory.remember(Image(MEDIA / f"{name}.jpg"), metadata={"file": name})
        store = QdrantVectorStore(client, "seen", SensoriumEmbeddings(), vector_name="image")
        [found] = store.similarity_search("a dog", k=1)
        assert found.metadata["file"] == "photo_dog"


def test_a_memory_refuses_a_collection_of_single_texts(client: QdrantClient) -> None:
    """A long text would not fit there: opening says so, whoever made the collection."""
    schema = CollectionSchema.for_space(SPACE, single=["text"])
    create_collection(client, "notes", schema)
    with pytest.raises(StoreFormatError, match=r"single vectors of text.*of its own"):
        Memory.open(client, owner="rex", collection="notes")
    with pytest.raises(StoreFormatError, match="single vectors of text"):
        Memory.open(":memory:", owner="rex", schema=schema)


def test_what_is_single_survives_json() -> None:
    """A schema comes back as it was; one that says nothing of it has nothing single."""
    schema = CollectionSchema.for_space(SPACE, single=["text"])
    fields = json.loads(json.dumps(schema.to_dict()))
    assert CollectionSchema.from_dict(fields, place="here") == schema
    del fields["single"]
    assert CollectionSchema.from_dict(fields, place="here").single == ()
    with pytest.raises(StoreFormatError, match="touch"):
        CollectionSchema.for_space(SPACE, single=["touch"])


def test_windows_need_a_real_engine(client: QdrantClient) -> None:
    """One vector for a field of many: the Python client's local mode refuses what servers take.

    The engine itself is in `test_the_engine_takes_one_vector_for_many`.
    """
    create_collection(client, "notes", CollectionSchema.for_space(SPACE))
    store = QdrantVectorStore(client, "notes", SensoriumEmbeddings(), vector_name="text")
    with pytest.raises(TypeError, match="float"):
        store.add_texts(["the heron stood in the reeds"])


def test_the_engine_takes_one_vector_for_many(tmp_path: object) -> None:
    """Qdrant's engine reads one vector as one row, when writing and when asking."""
    import qdrant_edge as edge

    rows = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
    text = edge.EdgeVectorParams(size=2, distance=edge.Distance.Cosine, multivector_config=rows)
    shard = edge.EdgeShard.create(str(tmp_path), edge.EdgeConfig(vectors={"text": text}))
    one = edge.Point("00000000-0000-0000-0000-000000000001", {"text": [1.0, 0.0]}, {})
    shard.update(edge.UpdateOperation.upsert_points([one]))
    nearest = edge.Query.Nearest([0.6, 0.8], using="text")
    [hit] = shard.query(edge.QueryRequest(query=nearest, limit=1))
    assert hit.score == pytest.approx(0.6, abs=1e-3)
