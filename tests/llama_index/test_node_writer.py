"""A text and an image store of one memory: differences are kept apart, and nothing is left over."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from llama_index.core.schema import (
    BaseNode,
    ImageNode,
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
    VectorStoreQueryMode,
)
from tests.support.forking import in_child
from tests.support.llama_indexing import ENCODER, KINDS, ask, found, ids, node, vector
from tests.support.planted import House, direction, house, picture

from sensorium.errors import RecordError
from sensorium.llama_index import SensoriumVectorStore
from sensorium.memory import Memory


@pytest.fixture(scope="module", params=KINDS)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("house"), ENCODER) as built:
        yield built


@pytest.fixture
def memory(home: House, request: pytest.FixtureRequest) -> Memory:
    return home.memory(request.node.name, ENCODER)


@pytest.fixture
def texts(memory: Memory) -> SensoriumVectorStore:
    return SensoriumVectorStore(memory)


@pytest.fixture
def images(texts: SensoriumVectorStore) -> SensoriumVectorStore:
    return texts.sibling("image")


def painted(colour: str) -> str:
    """A picture of one colour, in base64."""
    file = BytesIO()
    PIL.Image.new("RGB", (32, 32), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def shown(words: str, colour: str, document: str, **fields: Any) -> ImageNode:
    """A node of words and a picture."""
    return ImageNode(
        id_="n",
        text=words,
        image=painted(colour),
        embedding=vector(words),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)},
        **fields,
    )


def pictures(store: SensoriumVectorStore) -> list[str | None]:
    nodes: list[BaseNode] = store.get_nodes()
    return [node.image for node in nodes if isinstance(node, ImageNode)]


def filtered(key: str, value: str) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key=key, value=value)])


def worded(store: SensoriumVectorStore, words: str) -> list[str]:
    mode = VectorStoreQueryMode.TEXT_SEARCH
    return found(store.query(VectorStoreQuery(query_str=words, mode=mode)))


@pytest.mark.parametrize("text_first", [True, False])
def test_what_differs_is_kept_apart(
    texts: SensoriumVectorStore, images: SensoriumVectorStore, text_first: bool
) -> None:
    """Each store has its own picture, metadata and document, whichever of them was added last."""
    red = shown("sea", "red", "d1", metadata={"k": "text", "mine": "yes"})
    blue = shown("dog", "blue", "d2", metadata={"k": "image"})
    order = [(texts, red), (images, blue)]
    for store, one in [*(order if text_first else order[::-1]), *order]:
        store.add([one])
    assert (pictures(texts), pictures(images)) == ([painted("red")], [painted("blue")])
    for store, kind, document, other in (
        (texts, "text", "d1", "d2"),
        (images, "image", "d2", "d1"),
    ):
        assert ids(store.get_nodes(filters=filtered("k", kind))) == ["n"]
        assert ids(store.get_nodes(filters=filtered("doc_id", document))) == ["n"]
        assert ask(store, "sea", doc_ids=[document]) == ["n"]
        assert ask(store, "sea", doc_ids=[other]) == []
        [kept] = store.get_nodes(["n"])
        assert (kept.metadata["k"], kept.ref_doc_id) == (kind, document)
    assert images.get_nodes(filters=filtered("k", "text")) == []
    assert images.get_nodes(filters=filtered("mine", "yes")) == []
    assert len(texts.memory.get("n").media) == 3  # two pictures and the words
    texts.delete("d2")
    images.delete("d2")
    assert (ids(texts.get_nodes()), images.get_nodes()) == (["n"], [])
    assert ids(texts.get_nodes(filters=filtered("k", "text"))) == ["n"]


def test_a_document_goes_with_the_nodes_of_it(
    texts: SensoriumVectorStore, images: SensoriumVectorStore
) -> None:
    """Nodes that are added anew without one are of none: removing it leaves them."""
    for store in (texts, images):
        store.add([shown("sea", "red", "d")])
    for store in (texts, images):
        store.add([node("n", "sea")])
    for store in (texts, images):
        store.delete("d")
        assert ask(store, "sea", doc_ids=["d"]) == []
        assert ids(store.get_nodes()) == ["n"]


def test_the_picture_of_a_vector_is_its_own_nodes(
    texts: SensoriumVectorStore, images: SensoriumVectorStore, memory: Memory
) -> None:
    """What matched by the image store's vector is that store's picture, not the text store's."""
    red, blue = shown("sea", "red", "d"), shown("dog", "blue", "d")
    texts.add([red])
    digest = memory.get("n").media[-1].digest
    for again in (images, texts, images):
        again.add([red if again is texts else blue])
        [hit] = memory.recall("dog", modalities=["image"])
        assert hit.medium is not None
        assert hit.medium.rows == 1
        assert hit.medium.digest != digest


def test_words_are_those_of_the_text_store(
    texts: SensoriumVectorStore, images: SensoriumVectorStore, memory: Memory
) -> None:
    """The image store does not replace them, and its text counts if there is no other."""
    texts.add([node("n", "ferry")])
    for words in ("", "harbour"):
        images.add(
            [shown(words or " ", "red", "d").model_copy(update={"embedding": vector("dog")})]
        )
        assert (worded(texts, "ferry"), memory.get("n").text) == (["n"], "ferry")
    texts.delete_nodes(["n"])
    assert (worded(images, "harbour"), worded(images, "ferry")) == (["n"], [])
    texts.add([node("n", "ferry")])
    texts.add([TextNode(id_="n", text="", embedding=vector("sea"))])
    assert (memory.get("n").text, worded(texts, "ferry")) == ("", [])
    assert ask(texts, "sea", 1) == ["n"]


def test_media_go_with_the_last_node_that_names_them(
    texts: SensoriumVectorStore, images: SensoriumVectorStore, memory: Memory
) -> None:
    """With their files: where a node is removed from one store, and where it is added anew."""
    texts.add([node("m", "hello")])
    images.add([ImageNode(id_="m", image=painted("red"), embedding=vector("dog"))])
    images.delete_nodes(["m"])
    assert [percept.modality for percept in memory.get("m").media] in ([], ["text"])
    assert memory.stats()["media_bytes"] == 0
    sound = Node(id_="m", image_resource=MediaResource(data=painted("red").encode()))
    both = sound.model_copy(update={"embedding": vector("dog")})
    for store in (texts, images):
        store.add([both])
    texts.add([node("m", "hello")])
    assert memory.stats()["media_bytes"] == len(base64.b64decode(painted("red")))
    images.add([ImageNode(id_="m", image_path="elsewhere.png", embedding=vector("dog"))])
    assert memory.stats()["media_bytes"] == 0
    assert (ask(texts, "hello", 1), ask(images, "dog", 1)) == (["m"], ["m"])


def test_an_update_says_which_percepts_stay(memory: Memory) -> None:
    """Those of any sense, and no others; where no rows are given, it is refused."""
    rows = {"image": direction("sea")}
    memory.remember(picture("a"), picture("b"), id="x", text="words", vectors=rows)
    digest = picture("b").digest
    record = memory.update("x", picture("c"), vectors={"text": None}, retain=[digest])
    assert [medium.digest for medium in record.media] == [digest, picture("c").digest]
    assert (record.text, record.modalities, memory.get("x")) == ("", ("image",), record)
    spoken = memory.update("x", text="old", vectors={}, retain=[])
    spoken = memory.update("x", text="new", vectors={}, retain=[spoken.media[0].digest])
    assert (spoken.text, len(spoken.media)) == ("new", 1)
    with pytest.raises(RecordError, match="retain without vectors"):
        memory.update("x", retain=[])


def test_a_forked_child_adds_nodes() -> None:
    """Whatever locks threads of its parent held."""
    with Memory.open(":memory:", owner="rex", encoder=ENCODER) as memory:
        store = SensoriumVectorStore(memory)
        store.add([node("a", "dog")])
        in_child(lambda: store.add([node("b", "sea")]))
        assert ask(store, "sea", 1) == ["b"]
