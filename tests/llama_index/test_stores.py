"""The LlamaIndex vector store: nodes come back whole, and are found in every mode."""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from pydantic import AnyUrl
from tests.support.llama_indexing import ENCODER, KINDS, ask, found, ids, node, vector
from tests.support.planted import House, house

from sensorium.errors import (
    FilterError,
    QueryError,
    RecordError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.llama_index import SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.samples import FOLDER as MEDIA

PHOTO = (MEDIA / "photo_dog.jpg").read_bytes()
BARK = (MEDIA / "sound_dog_bark.ogg").read_bytes()


@pytest.fixture(scope="module", params=KINDS)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("house"), ENCODER) as built:
        yield built


@pytest.fixture
def store(home: House, request: pytest.FixtureRequest) -> SensoriumVectorStore:
    return SensoriumVectorStore(home.memory(request.node.name, ENCODER))


def of(document: str) -> dict[NodeRelationship, Any]:
    return {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)}


def filtered(**equal: Any) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key=k, value=v) for k, v in equal.items()])


WHOLE: list[BaseNode] = [
    TextNode(
        text="the sea\n",
        metadata={"room": "kitchen", "deep": {"a": [1, None, {"b": False}]}, "é.x": 1.5},
        excluded_embed_metadata_keys=["room"],
        excluded_llm_metadata_keys=["deep"],
        relationships={
            NodeRelationship.SOURCE: RelatedNodeInfo(node_id="doc", metadata={"k": 1}, hash="h"),
            NodeRelationship.CHILD: [RelatedNodeInfo(node_id="c1"), RelatedNodeInfo(node_id="c2")],
        },
        start_char_idx=3,
        end_char_idx=11,
        metadata_separator=" | ",
    ),
    TextNode(id_="a node/id:é", text=""),
    ImageNode(image_path=str(MEDIA / "photo_dog.jpg"), text="a dog", metadata={"file_path": "x"}),
    ImageNode(image=base64.b64encode(PHOTO).decode(), text_embedding=[0.5, 1.0]),
    ImageNode(image=base64.b64encode(b"no picture").decode(), image_url="https://x.org/a.png"),
    Document(text="words", metadata={"a": 1}),
    ImageDocument(image=base64.b64encode(PHOTO), text="a dog"),
    IndexNode(text="see there", index_id="there"),
    Node(
        text_resource=MediaResource(text="a bark"),
        image_resource=MediaResource(data=PHOTO),
        audio_resource=MediaResource(data=BARK, mimetype="audio/ogg"),
        video_resource=MediaResource(path=MEDIA / "film.mp4", url=AnyUrl("https://x.org/film.mp4")),
    ),
    Node(audio_resource=MediaResource(data=b"\x00 no sound"), extra_info={"file_path": "x"}),
]


@pytest.mark.parametrize("kept", WHOLE, ids=lambda one: type(one).__name__)
def test_nodes_come_back_whole(store: SensoriumVectorStore, kept: BaseNode) -> None:
    """Class, metadata, relationships, text, places and the bytes of media, by query and by id."""
    given = kept.model_copy(update={"embedding": vector("sea")})
    before = given.model_dump()
    assert store.add([given]) == [kept.node_id]
    [by_id] = store.get_nodes([kept.node_id])
    [by_vector] = store.query(VectorStoreQuery(vector("sea"))).nodes or []
    for back in (by_id, by_vector):
        assert type(back) is type(kept)
        assert back == kept
        assert back.hash == kept.hash
    assert given.model_dump() == before


def test_bytes_are_kept_as_media(store: SensoriumVectorStore) -> None:
    """Pictures and sounds become percepts of the record; its payload has no base64."""
    sound = Node(id_="n", audio_resource=MediaResource(data=BARK), embedding=vector("dog"))
    store.add([sound, ImageNode(id_="i", image=base64.b64encode(PHOTO), embedding=vector("dog"))])
    for name, modality, size in (("n", "audio", len(BARK)), ("i", "image", len(PHOTO))):
        record = store.memory.get(name)
        [medium] = record.media
        assert (medium.modality, medium.bytes) == (modality, size)
        assert len(str(record.metadata)) < 4000
    store.memory.forget("n", "i", media_only=True)
    [back] = store.get_nodes(["n"])
    assert isinstance(back, Node)
    assert back.audio_resource is not None
    assert back.audio_resource.data is None


def test_without_a_place_for_media_bytes_stay_with_the_node() -> None:
    """Nothing is lost where a memory keeps no signals."""
    with Memory.open(":memory:", owner="me", encoder=ENCODER, keep_media=False) as memory:
        store = SensoriumVectorStore(memory)
        kept = WHOLE[8].model_copy(update={"embedding": vector("dog")})
        store.add([kept])
        assert store.get_nodes() == [WHOLE[8]]
        assert memory.get(kept.node_id).media == ()


def test_an_id_is_one_node(store: SensoriumVectorStore) -> None:
    """The last of one id counts, of one call as of several; nothing of the one before is left."""
    assert store.add([node("x", "dog"), node("y", "sun"), node("x", "sea")]) == ["x", "y", "x"]
    assert (ask(store, "sea", 1), ask(store, "dog", 5)[0]) == (["x"], ask(store, "dog", 5)[0])
    [now] = store.get_nodes(["x"])
    assert now.get_content() == "sea"
    store.add([node("x", "cow", metadata={"new": True})])
    [now] = store.get_nodes(["x"])
    assert (now.get_content(), now.metadata) == ("cow", {"new": True})
    assert len(store.get_nodes()) == 2


def test_only_what_is_let_through_answers(store: SensoriumVectorStore) -> None:
    """Ids of nodes, of documents and filters restrict together; empty lists of ids do not."""
    store.add(
        [node(f"n{i}", "sea", metadata={"i": i}, relationships=of(f"d{i % 2}")) for i in range(6)]
    )
    assert ask(store, "sea", node_ids=["n4", "gone", "n4"]) == ["n4"]
    assert sorted(ask(store, "sea", doc_ids=["d1", "d7"])) == ["n1", "n3", "n5"]
    assert ask(store, "sea", doc_ids=["d1"], node_ids=["n1", "n2"]) == ["n1"]
    assert ask(store, "sea", doc_ids=["d1"], filters=filtered(i=3)) == ["n3"]
    assert len(ask(store, "sea", node_ids=[], doc_ids=[])) == 6
    listed = store.query(VectorStoreQuery(filters=filtered(ref_doc_id="d0"), similarity_top_k=2))
    assert ({*found(listed)} < {"n0", "n2", "n4"}, listed.similarities) == (True, None)
    by_id = VectorStoreQuery(node_ids=["n5", "n2", "n1"], doc_ids=["d1"], similarity_top_k=9)
    assert found(store.query(by_id)) == ["n5", "n1"]


def test_nodes_are_listed_and_removed(store: SensoriumVectorStore) -> None:
    """By id in order, by filter, by document, or all; unknown ids are ignored."""
    store.add(
        [node(f"n{i}", "sea", metadata={"i": i}, relationships=of(f"d{i % 2}")) for i in range(8)]
    )
    assert sorted(ids(store.get_nodes())) == [f"n{i}" for i in range(8)]
    assert ids(store.get_nodes(["n3", "gone", "n1"])) == ["n3", "n1"]
    assert ids(store.get_nodes(["n3", "n1"], filtered(i=1))) == ["n1"]
    assert ids(store.get_nodes([])) == []
    store.delete("d1")
    store.delete("unknown")
    assert sorted(ids(store.get_nodes())) == ["n0", "n2", "n4", "n6"]
    store.delete_nodes(["n0", "gone"])
    store.delete_nodes([])
    store.delete_nodes(filters=filtered(i=2))
    store.delete_nodes(["n4"], filtered(i=6))
    assert sorted(ids(store.get_nodes())) == ["n4", "n6"]
    store.add([node("n1", "sea")])
    assert ids(store.get_nodes())[-1] == "n1"
    store.clear()
    store.clear()
    assert store.get_nodes() == []
    assert ask(store, "sea") == []


def test_two_senses_share_a_memory(store: SensoriumVectorStore) -> None:
    """One node, added to a text and an image store, has both vectors; neither overwrites."""
    images = store.sibling("image")
    store.add([node("x", "sea", metadata={"a": 1}, relationships=of("d"))])
    images.add([ImageNode(id_="x", image=base64.b64encode(PHOTO), embedding=vector("dog"))])
    assert store.memory.get("x").modalities == ("image", "text")
    assert (ask(store, "sea", 1), ask(images, "dog", 1)) == (["x"], ["x"])
    for one, words in ((store, "sea"), (images, "dog")):
        scored = one.query(VectorStoreQuery(vector(words))).similarities
        assert scored == pytest.approx([1], abs=2e-3)
    [text], [image] = store.get_nodes(["x"]), images.get_nodes(["x"])
    assert (type(text), text.metadata) == (TextNode, {"a": 1})
    assert isinstance(image, ImageNode)
    assert base64.b64decode(image.image or "") == PHOTO
    store.add([node("x", "cow", relationships=of("d"))])
    assert images.get_nodes(["x"]) == [image]
    assert ask(images, "dog", filters=filtered(a=1)) == []
    store.add([node("y", "sun")])
    assert (ids(images.get_nodes()), ids(store.get_nodes())) == (["x"], ["x", "y"])
    everything = MetadataFilters(filters=[])
    assert ids(images.get_nodes(["x", "y"], everything)) == ["x"]


@pytest.mark.parametrize("how", ["ids", "document", "clear"])
def test_each_store_removes_its_own(store: SensoriumVectorStore, how: str) -> None:
    """Nodes of another store of the memory stay, and all others are gone."""
    images = store.sibling("image")
    for each in (store, images):
        each.add([node("x", "sea", relationships=of("d"))])
    store.add([node("text only", "sea", relationships=of("d"))])
    images.add([node("image only", "sea", relationships=of("d"))])
    store.memory.remember(text="the sea, no node", source="d")
    remove = {
        "ids": lambda: images.delete_nodes(["x", "image only", "text only"]),
        "document": lambda: images.delete("d"),
        "clear": images.clear,
    }
    remove[how]()
    assert (images.get_nodes(), ask(images, "sea")) == ([], [])
    assert ids(store.get_nodes()) == ["x", "text only"]
    assert store.memory.get("x").modalities == ("text",)
    assert store.memory.recall("sea", modalities=["image"]) == []
    assert store.memory.count() == 3
    store.clear()
    assert store.memory.count() == 1


def test_what_is_no_node_is_left_alone(store: SensoriumVectorStore) -> None:
    """Other records of the memory are neither found nor overwritten."""
    store.memory.remember(text="the sea", id="mine")
    assert ask(store, "sea") == []
    with pytest.raises(RecordError, match="something else"):
        store.add([node("new", "sea"), node("mine", "sea")])
    assert (store.get_nodes(), store.memory.get("mine").text) == ([], "the sea")


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (TextNode(text="x"), RecordError, "without an embedding"),
        (TextNode(text="x", embedding=[1.0] * 3), VectorError, r"shape \(3,\)"),
        (TextNode(text="x", embedding=[math.nan] * 64), VectorError, "finite"),
        (TextNode(text="x", embedding=[0.0] * 64), VectorError, "zero"),
        (node("x", "sea", metadata={"big": 2**63}), RecordError, "64 bits"),
        (node("x", "sea", metadata={"nan": math.nan}), RecordError, "finite"),
        (node("x", "sea", metadata={"odd": object()}), RecordError, "object"),
        (node("x" * 513, "sea"), RecordError, "512"),
        (TextNode(text="\ud800", embedding=[1.0] * 64), RecordError, "Unicode"),
    ],
)
def test_bad_nodes_are_refused(
    store: SensoriumVectorStore, bad: TextNode, error: type[Exception], words: str
) -> None:
    """Each error says what is wrong; an empty list is not an error."""
    assert store.add([]) == []
    with pytest.raises(error, match=words):
        store.add([bad])
    assert store.get_nodes() == []


def test_unknown_arguments_are_refused(store: SensoriumVectorStore) -> None:
    """Nothing is swallowed; and nothing but `clear` removes everything."""
    with pytest.raises(TypeError, match=r"query\(\) takes no mmr_treshold"):
        store.query(VectorStoreQuery(vector("sea")), mmr_treshold=1)
    for call in (lambda **x: store.add([], **x), lambda **x: store.delete("d", **x)):
        with pytest.raises(TypeError, match="takes no wait"):
            call(wait=True)
    with pytest.raises(QueryError, match="clear"):
        store.delete_nodes()
    with pytest.raises(UnsupportedModalityError, match="smell"):
        store.sibling("smell")


async def test_the_asynchronous_half_does_the_same(store: SensoriumVectorStore) -> None:
    """Many at once, while the loop goes on."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await asyncio.gather(
        *(store.async_add([node(f"n{i}", "sea", relationships=of("d"))]) for i in range(8))
    )
    await asyncio.gather(*(store.sibling("image").async_add([node("n0", "sea")]) for _ in range(4)))
    answers = await asyncio.gather(
        *(store.aquery(VectorStoreQuery(vector("sea"))) for _ in range(8))
    )
    assert all(len(answer.ids or []) == 1 for answer in answers)
    assert len(await store.aget_nodes()) == 8
    await store.adelete_nodes(["n1"])
    assert len(await store.aget_nodes()) == 7
    await store.adelete("d")
    assert await store.aget_nodes() == []
    await store.aclear()
    ticking.cancel()
    assert ticks > 20


def test_stores_of_two_senses_may_add_at_once(store: SensoriumVectorStore) -> None:
    """However their writes fall together, every node ends up with both vectors."""

    async def both() -> None:
        stores = (store, SensoriumVectorStore(store.memory, modality="image"))
        await asyncio.gather(
            *(store.async_add([node(f"n{i}", "sea")]) for i in range(12) for store in stores)
        )

    asyncio.run(both())
    assert {record.modalities for record in store.memory.timeline()} == {("image", "text")}


def test_metadata_is_what_json_makes_of_it(store: SensoriumVectorStore) -> None:
    """Times and paths come back as the text that LlamaIndex itself writes for them."""
    odd = {"at": datetime(2026, 3, 1, tzinfo=timezone.utc), "file": Path("a/b"), "n": [1, 0.5]}
    store.add([node("x", "sea", metadata=odd)])
    [back] = store.get_nodes(["x"])
    assert back.metadata == {"at": "2026-03-01T00:00:00Z", "file": "a/b", "n": [1, 0.5]}


def test_what_has_no_document_is_not_removed_with_one(store: SensoriumVectorStore) -> None:
    """No name of a document stands for all nodes without one, and null is refused."""
    store.add([node("x", "sea"), node("y", "dog", relationships=of("d"))])
    for document in ("None", ""):
        store.delete(document)
    with pytest.raises(FilterError, match="None"):
        store.delete(None)  # type: ignore[arg-type]  # meant
    assert sorted(ids(store.get_nodes())) == ["x", "y"]


def test_more_nodes_than_a_page_are_all_listed_and_found(store: SensoriumVectorStore) -> None:
    """By a filter, by a query and one by one: none is left behind at a limit."""
    names = [f"n{number}" for number in range(700)]
    store.add([node(name, "sea", metadata={"a": 1}) for name in names])
    assert sorted(ids(store.get_nodes(filters=filtered(a=1)))) == sorted(names)
    assert sorted(ask(store, "sea", 700)) == sorted(names)
