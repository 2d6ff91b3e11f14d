"""LlamaIndex's own indices over our store: built, asked, changed, closed and opened again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import (
    Document,
    MockEmbedding,
    SimpleDirectoryReader,
    StorageContext,
    VectorStoreIndex,
)
from llama_index.core.base.llms.types import AudioBlock, ImageBlock
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import ImageDocument, ImageNode, MediaResource, Node, TextNode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)
from qdrant_client import QdrantClient
from tests.support.films import BOAT
from tests.support.llama_indexing import KINDS

from sensorium.errors import QueryError, RecordError
from sensorium.llama_index import (
    SensoriumEmbedding,
    SensoriumReader,
    SensoriumRetriever,
    SensoriumVectorStore,
)
from sensorium.memory import Memory
from sensorium.percepts import Audio
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def folder_documents(folder: Path) -> list[Document]:
    """A folder of every modality, read as LlamaIndex reads folders."""
    for name in ("sound_rain.ogg", "sound_rooster.ogg", "imu_jogging.npz", "photo_piano.jpg"):
        shutil.copy(MEDIA / name, folder)
    (folder / "sailing.mp4").write_bytes(BOAT)
    shutil.copy(MEDIA / "depth_mug.png", folder / "mug.depth")
    shutil.copy(MEDIA / "thermal_cheetah.png", folder / "cheetah.heat")
    (folder / "ferry.txt").write_text("The ferry leaves at nine.")
    extractor = SensoriumReader.file_extractor(accel="m/s^2", gyro="rad/s")
    extractor[".depth"] = SensoriumReader(modality="depth", unit="mm", fx="assume-60deg")
    extractor[".heat"] = SensoriumReader(modality="thermal", unit="white-hot")
    return SimpleDirectoryReader(
        str(folder), file_extractor=extractor, raise_on_error=True
    ).load_data()


FOUND = {
    "a cock crowing": ("sound_rooster.ogg", "a sound"),
    "heavy rain": ("sound_rain.ogg", "a sound"),
    "somebody running": ("imu_jogging.npz", "a motion"),
    "a mug on a table": ("mug.depth", "a depth map"),
    "a wild cat in the heat of the night": ("cheetah.heat", "a thermal picture"),
    "when does the ferry leave?": ("ferry.txt", "The ferry leaves at nine."),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "multimodal"])
def test_a_folder_of_every_modality_is_asked(
    store: SensoriumVectorStore, model: SensoriumEmbedding, tmp_path: Path, kind: str
) -> None:
    """Folder, reader, index, query engine, model: what matches is told by name, and shown."""
    documents = folder_documents(tmp_path)
    if kind == "plain":
        context = StorageContext.from_defaults(vector_store=store)
        VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=model)
    else:
        both(store, model, documents)
    index = VectorStoreIndex.from_vector_store(store, embed_model=model)
    retriever = index.as_retriever(similarity_top_k=1)
    for words, (name, told) in FOUND.items():
        [best] = retriever.retrieve(words)
        assert best.metadata["file_name"] == name, words
        engine = RetrieverQueryEngine.from_args(retriever, llm=MockLLM())
        assert told in str(engine.query(words))
    [rooster] = retriever.retrieve("a cock crowing")
    [*_, block] = rooster.node.get_content_blocks()
    assert isinstance(block, AudioBlock)
    heard = Audio(block.resolve_audio().read())
    assert 0.5 < (heard.duration or 0) < 2  # of almost three seconds
    [jog] = retriever.retrieve("somebody running")
    assert isinstance(jog.node.get_content_blocks()[-1], ImageBlock)
    pictures = store.memory.recall("a piano", modalities=["image"], limit=1)
    assert pictures[0].record.metadata["file_name"] == "photo_piano.jpg"


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["data", "path"])
def test_media_without_words_are_encoded(
    store: SensoriumVectorStore, model: SensoriumEmbedding, medium: str
) -> None:
    """Not the empty text: the sound that is meant is nearer than any text, and removed with it."""
    sounds = {}
    for name in ("dog_bark", "rain"):
        path = MEDIA / f"sound_{name}.ogg"
        resource = MediaResource(path=path) if medium == "path" else None
        resource = resource or MediaResource(data=path.read_bytes(), mimetype="audio/ogg")
        sounds[name] = Node(id_=name, audio_resource=resource)
    index = VectorStoreIndex.from_vector_store(store, embed_model=model)
    index.insert_nodes([*sounds.values(), TextNode(id_="t", text="Rex is a good dog")])
    [best] = index.as_retriever(similarity_top_k=1).retrieve("a dog barking")
    assert (best.node_id, (best.score or 0) > 0.5) == ("dog_bark", True)
    assert store.memory.get("dog_bark").modalities == ("audio",)
    assert best.node.audio_resource == sounds["dog_bark"].audio_resource  # type: ignore[attr-defined]
    assert "a sound" in best.get_content()
    [rain] = store.memory.recall("rain", limit=1)
    assert rain.record.id == "rain"
    assert [node.node_id for node in store.get_nodes(["rain"])] == ["rain"]
    index.delete_nodes(["dog_bark"])
    assert {node.node_id for node in store.get_nodes()} == {"rain", "t"}
    store.clear()
    assert store.memory.count() == 0


def test_media_that_an_encoder_cannot_take_are_refused(tmp_path: Path) -> None:
    """A node of which the index embedded nothing; with words beside it, these are searched."""
    bark = MediaResource(path=MEDIA / "sound_dog_bark.ogg")
    other = MockEmbedding(embed_dim=8)
    with SensoriumVectorStore.open(tmp_path, embed_model=other) as store:
        index = VectorStoreIndex.from_vector_store(store, embed_model=other)
        with pytest.raises(RecordError, match=r"audio and no words.*SensoriumEmbedding"):
            index.insert_nodes([Node(audio_resource=bark)])
        said = MediaResource(text="Rex barks")
        index.insert_nodes([Node(id_="x", text_resource=said, audio_resource=bark)])
        assert [node.node_id for node in store.get_nodes()] == ["x"]


def test_a_medium_is_in_one_store_alone(
    store: SensoriumVectorStore, model: SensoriumEmbedding
) -> None:
    """Its own store encodes it, too; a second store is refused, whichever comes first."""
    node = Node(id_="x", audio_resource=MediaResource(path=MEDIA / "sound_rain.ogg"))
    first, second = store, store.sibling("audio")
    for _ in range(2):
        first.add([node])
        with pytest.raises(RecordError, match="another store"):
            second.add([node])
        [hit] = store.memory.recall("rain", limit=1)
        assert (hit.record.id, hit.modality) == ("x", "audio")
        first.clear()
        first, second = second, first
    assert store.memory.count() == 0


def test_an_empty_question_is_said(store: SensoriumVectorStore, model: SensoriumEmbedding) -> None:
    """In the words of who asked, not those of a vector store."""
    store.add([TextNode(text="sea", embedding=model.get_text_embedding("sea"))])
    retriever = VectorStoreIndex.from_vector_store(store, embed_model=model).as_retriever()
    with pytest.raises(QueryError, match="an empty question"):
        retriever.retrieve("")


def test_a_pipeline_that_runs_again_keeps_one_of_each(
    store: SensoriumVectorStore, model: SensoriumEmbedding
) -> None:
    """A changed document takes the place of the one before, and one that is gone is removed."""
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), model],
        vector_store=store,
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
    )
    for texts in (
        {"a": "The ferry.", "b": "Tax forms."},
        {"a": "The ferry leaves.", "b": "Tax forms."},
        {"a": "The ferry leaves."},
    ):
        pipeline.run(documents=[Document(text=text, doc_id=name) for name, text in texts.items()])
        kept = {node.ref_doc_id: node.get_content() for node in store.get_nodes()}
        assert kept == texts
        assert store.memory.count() == len(texts)


def test_a_cutoff_of_the_documentation_keeps_what_is_related(
    store: SensoriumVectorStore, model: SensoriumEmbedding
) -> None:
    """0.3 lets through the text that was asked for alone; 0.7, that of LlamaIndex, nothing."""
    texts = (
        "The ferry to the island leaves at nine.",
        "A cat sleeps on the sofa.",
        "The invoice is due in March.",
    )
    store.add([TextNode(text=text, embedding=model.get_text_embedding(text)) for text in texts])
    retriever = VectorStoreIndex.from_vector_store(store, embed_model=model).as_retriever(
        similarity_top_k=3
    )
    asked = ("when does the boat depart?", "the kitten on the couch", "the bill must be paid")
    for question, text in zip(asked, texts, strict=True):
        found = retriever.retrieve(question)
        cut = SimilarityPostprocessor(similarity_cutoff=0.3).postprocess_nodes(found)
        assert [each.text for each in cut] == [text]
        assert not SimilarityPostprocessor(similarity_cutoff=0.7).postprocess_nodes(found)
