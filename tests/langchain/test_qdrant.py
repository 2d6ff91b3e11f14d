"""Our embeddings in LangChain's own Qdrant store, on collections that our schema made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_qdrant import QdrantVectorStore
from qdrant_client import QdrantClient, models
from tests.support.langgraph_stores import until

from sensorium.encoders import load_encoder
from sensorium.errors import QueryError, StoreFormatError
from sensorium.langchain import SensoriumEmbeddings, SensoriumVectorStore, owner_filter
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


def test_an_owner_s_filter_bounds_langchain_s_store(client: QdrantClient) -> None:
    """Without it the store reads every owner's memories; with it, those that the memory recalls."""
    with Memory.open(client, owner="rex", collection="seen", keep_media=False) as memory:
        gone = datetime.now(timezone.utc) + timedelta(seconds=0.2)
        memory.remember(Image(MEDIA / "photo_dog.jpg"), metadata={"of": "rex"})
        memory.remember(Image(MEDIA / "photo_pizza.jpg"), metadata={"of": "gone"}, expires_at=gone)
        with memory.for_owner("max") as other:
            other.remember(Image(MEDIA / "photo_wild_cat.jpg"), metadata={"of": "max"})
        store = QdrantVectorStore(client, "seen", SensoriumEmbeddings(), vector_name="image")
        until(lambda: datetime.now(timezone.utc) > gone)

        def owners(**bounds: Any) -> set[str]:
            return {one.metadata["of"] for one in store.similarity_search("a dog", k=9, **bounds)}

        assert owners() == {"rex", "max", "gone"}
        assert owners(filter=owner_filter(memory)) == {"rex"}
        client.delete("seen", models.FilterSelector(filter=owner_filter(memory)))
        assert owners() == {"max", "gone"}
    with pytest.raises(QueryError, match=r"Memory\.open"):
        owner_filter("rex")  # type: ignore[arg-type]  # meant


def test_documents_of_langchain_s_store_move_in(client: QdrantClient) -> None:
    """With ids, metadata and vectors, a page at a time; nothing but one text is embedded."""
    embedding = DeterministicFakeEmbedding(size=6)
    theirs = QdrantVectorStore.construct_instance(
        embedding=embedding, client_options={"location": ":memory:"}, collection_name="notes"
    )
    texts, facts = [f"note {n}" for n in range(5)], [{"n": n} for n in range(5)]
    ids = theirs.add_texts(texts, facts)
    with pytest.raises(StoreFormatError, match="how to move documents over"):
        Memory.open(theirs.client, owner="rex", collection="notes")
    with SensoriumVectorStore.open(embedding=embedding) as store:
        offset: Any = None
        while True:
            points, offset = theirs.client.scroll(
                "notes", limit=2, offset=offset, with_vectors=True
            )
            kept: list[dict[str, Any]] = [point.payload or {} for point in points]
            vectors: list[Any] = [point.vector for point in points]
            texts = [one["page_content"] for one in kept]
            store.add_embeddings(
                zip(texts, vectors, strict=True),
                [one["metadata"] for one in kept],
                ids=[str(point.id) for point in points],
            )
            if offset is None:
                break
        expected = theirs.get_by_ids(ids)
        moved = store.get_by_ids([str(UUID(str(name))) for name in ids])  # as Qdrant writes them
        assert [one.page_content for one in moved] == [one.page_content for one in expected]
        assert [one.metadata for one in moved] == facts
        [(found, score)] = store.similarity_search_with_score("note 3", k=1)
        assert (found.page_content, round(score, 2)) == ("note 3", 1.0)
        assert store.delete(filter={"n": {"$lt": 4}})
        assert len(store.get()["ids"]) == 1


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
