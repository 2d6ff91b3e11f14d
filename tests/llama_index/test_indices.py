"""LlamaIndex's own indices over our store: built, asked, changed, closed and opened again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import ImageDocument, ImageNode, MediaResource, Node, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)
from qdrant_client import QdrantClient
from tests.support.llama_indexing import KINDS

from sensorium.llama_index import SensoriumEmbedding, SensoriumRetriever, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.samples import FOLDER as MEDIA

PHOTOS = ("dog", "lotus", "piano", "pizza")


@pytest.fixture(scope="module")
def model() -> SensoriumEmbedding:
    return SensoriumEmbedding()


@pytest.fixture(scope="module", params=KINDS)
def home(request: pytest.FixtureRequest, model: SensoriumEmbedding) -> Iterator[Memory]:
    place = QdrantClient(":memory:") if request.param == "client" else ":memory:"
    with Memory.open(place, owner="nobody", encoder=model.encoder) as memory:
        yield memory


@pytest.fixture
def store(home: Memory, request: pytest.FixtureRequest) -> SensoriumVectorStore:
    return SensoriumVectorStore(home.for_owner(request.node.name))


def opened(place: Path, model: SensoriumEmbedding) -> SensoriumVectorStore:
    return SensoriumVectorStore.open(place, embed_model=model)


def photo(name: str, **fields: Any) -> ImageDocument:
    path = str(MEDIA / f"photo_{name}.jpg")
    return ImageDocument(doc_id=name, image_path=path, metadata={"file_path": path}, **fields)


def both(
    store: SensoriumVectorStore, model: SensoriumEmbedding, documents: list[Document]
) -> MultiModalVectorStoreIndex:
    """One memory for texts and pictures."""
    context = StorageContext.from_defaults(vector_store=store, image_store=store.sibling("image"))
    return MultiModalVectorStoreIndex.from_documents(
        documents, storage_context=context, embed_model=model, image_embed_model=model
    )


def test_an_index_of_texts(store: SensoriumVectorStore, model: SensoriumEmbedding) -> None:
    """Documents are split, found, filtered, inserted, refreshed and deleted."""
    texts = {"boats": "The ferry leaves at nine.", "taxes": "Tax forms are due in April."}
    documents = [Document(text=t, doc_id=n, metadata={"about": n}) for n, t in texts.items()]
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=model)
    [best] = index.as_retriever(similarity_top_k=1).retrieve("When does the boat go?")
    assert (best.node.get_content(), best.node.ref_doc_id) == (texts["boats"], "boats")
    assert best.node.metadata == {"about": "boats"}

    def about(operator: FilterOperator, value: Any) -> list[str]:
        one = MetadataFilter(key="about", value=value, operator=operator)
        filters = MetadataFilters(filters=[one], condition=FilterCondition.AND)
        retriever = index.as_retriever(similarity_top_k=9, filters=filters)
        return [found.node.ref_doc_id or "" for found in retriever.retrieve("the boat")]

    assert about(FilterOperator.EQ, "taxes") == ["taxes"]
    assert about(FilterOperator.NIN, ["taxes"]) == ["boats"]
    words = index.as_retriever(vector_store_query_mode="text_search", similarity_top_k=9)
    assert [found.node.ref_doc_id for found in words.retrieve("April")] == ["taxes"]
    mmr = index.as_retriever(
        vector_store_query_mode="mmr", vector_store_kwargs={"mmr_threshold": 0.5}
    )
    assert len(mmr.retrieve("boat")) == 2

    index.insert(Document(text="A new text about cheese.", doc_id="cheese"))
    changed = Document(text="The ferry leaves at ten.", doc_id="boats")
    assert index.refresh_ref_docs([changed, documents[1]]) == [True, False]
    assert {node.get_content() for node in store.get_nodes()} == {
        "A new text about cheese.",
        "The ferry leaves at ten.",
        texts["taxes"],
    }
    index.delete_ref_doc("boats", delete_from_docstore=True)
    index.delete_nodes([node.node_id for node in store.get_nodes() if node.ref_doc_id == "cheese"])
    assert [node.ref_doc_id for node in store.get_nodes()] == ["taxes"]


def test_an_index_of_texts_and_pictures(
    store: SensoriumVectorStore, model: SensoriumEmbedding
) -> None:
    """In one memory; pictures are found by words and by pictures, those without words, too."""
    texts = [Document(text="Rex likes to swim.", doc_id="swim")]
    captioned = photo("leopard", text="a leopard in the grass")
    index = both(store, model, [*texts, *map(photo, PHOTOS), captioned])
    images = store.sibling("image")
    assert len(store.get_nodes()) == 2
    assert len(images.get_nodes()) == 5
    assert store.memory.count() == 6
    retriever = index.as_retriever(similarity_top_k=1, image_similarity_top_k=1)
    [text, image] = retriever.retrieve("a dog that swims")
    assert (text.node.ref_doc_id, image.node.ref_doc_id) == ("swim", "dog")
    assert isinstance(image.node, ImageNode)
    assert image.node.image_path == str(MEDIA / "photo_dog.jpg")
    path = str(MEDIA / "photo_lotus.jpg")
    [same] = retriever.image_to_image_retrieve(path)
    assert (same.node.ref_doc_id, round(same.score or 0, 2)) == ("lotus", 1.0)
    [whole] = SensoriumRetriever(store.memory, similarity_top_k=1).retrieve("a musical instrument")
    assert whole.node.ref_doc_id == "piano"
    index.delete_ref_doc("leopard")
    assert store.memory.count() == 5


async def test_awaited_indices(store: SensoriumVectorStore, model: SensoriumEmbedding) -> None:
    """The asynchronous half of an index works on the asynchronous half of the store."""
    index = both(store, model, [photo("dog"), Document(text="Tax forms.", doc_id="taxes")])
    found = await index.as_retriever().aretrieve("an animal")
    assert {hit.node.ref_doc_id for hit in found} == {"dog", "taxes"}
    [same] = await index.as_retriever().aimage_to_image_retrieve(str(MEDIA / "photo_dog.jpg"))
    assert same.node.ref_doc_id == "dog"
    await index.ainsert_nodes([TextNode(id_="new", text="the sea")])
    await index.adelete_nodes(["new"])
    assert [node.ref_doc_id for node in await store.aget_nodes()] == ["taxes"]


def test_a_folder_is_opened_again(tmp_path: Path, model: SensoriumEmbedding) -> None:
    """All nodes are found without building the index again."""
    with opened(tmp_path, model) as store:
        both(store, model, [photo("dog"), photo("pizza"), Document(text="The ferry.", doc_id="f")])
        store.persist(str(tmp_path / "ignored"))
    with opened(tmp_path, model) as store:
        index = MultiModalVectorStoreIndex.from_vector_store(
            store,
            embed_model=model,
            image_vector_store=store.sibling("image"),
            image_embed_model=model,
        )
        retriever = index.as_retriever(similarity_top_k=1, image_similarity_top_k=1)
        assert [hit.node.ref_doc_id for hit in retriever.retrieve("food")] == ["f", "pizza"]


def test_pictures_of_which_nothing_is_said(
    store: SensoriumVectorStore, model: SensoriumEmbedding, capsys: pytest.CaptureFixture[str]
) -> None:
    """LlamaIndex leaves them out when it builds an index, but not when they are inserted."""
    bare = ImageNode(id_="bare", image_path=str(MEDIA / "photo_dog.jpg"))
    images = store.sibling("image")
    context = StorageContext.from_defaults(vector_store=store, image_store=images)
    index = MultiModalVectorStoreIndex(
        [bare], storage_context=context, embed_model=model, image_embed_model=model
    )
    assert images.get_nodes() == []
    assert "missing content" in capsys.readouterr().out
    index.insert_nodes([bare])
    assert [node.node_id for node in images.get_nodes()] == ["bare"]


def test_nodes_of_several_media(store: SensoriumVectorStore, model: SensoriumEmbedding) -> None:
    """A node with words and a sound is found by its words, and comes with its sound."""
    bark = (MEDIA / "sound_dog_bark.ogg").read_bytes()
    node = Node(
        text_resource=MediaResource(text="Rex barks at the postman"),
        audio_resource=MediaResource(data=bark),
    )
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex([node], storage_context=context, embed_model=model)
    [best] = index.as_retriever().retrieve("a postman")
    assert isinstance(best.node, Node)
    assert best.node.audio_resource == node.audio_resource


def test_a_pipeline_fills_a_store(store: SensoriumVectorStore, model: SensoriumEmbedding) -> None:
    """An ingestion pipeline embeds with our model and adds to our store."""
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(chunk_size=32, chunk_overlap=0), model],
        vector_store=store,
    )
    text = "The ferry leaves at nine. " * 6
    nodes = pipeline.run(documents=[Document(text=text, doc_id="d")])
    assert len(nodes) > 1
    assert {node.node_id for node in store.get_nodes()} == {node.node_id for node in nodes}
