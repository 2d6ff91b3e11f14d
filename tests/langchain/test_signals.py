"""Pictures, sounds and motion in the vector store: kept, described, found by words."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from tests.support.planted import PlantedEncoder, depth, motion, picture, sound, thermal

from sensorium.errors import BatchError, PerceptFormatError, RecordError, SourceNotFoundError
from sensorium.langchain import SensoriumEmbeddings, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.percepts import Image
from sensorium.samples import FOLDER as MEDIA

METHODS = {"add_images": picture, "add_audio": sound, "add_depth": depth}
METHODS |= {"add_thermal": thermal, "add_imu": motion}


@pytest.fixture
def store() -> Iterator[SensoriumVectorStore]:
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        yield SensoriumVectorStore(memory)


@pytest.mark.parametrize("method", METHODS)
async def test_every_sense_is_added_and_found(store: SensoriumVectorStore, method: str) -> None:
    """Words find a signal; its document says which it is; the asynchronous twin does the same."""
    dog, sea = METHODS[method]("dog"), METHODS[method]("sea")
    assert getattr(store, method)([dog], [{"n": 1}], ids=["dog"]) == ["dog"]
    [sea_id] = await getattr(store, f"a{method}")([sea], [{"n": 2}])
    store.add_texts(["clock"])
    [found] = store.similarity_search("dog", k=1)
    assert found.id == "dog"
    assert found.page_content.endswith(" (id dog)")
    assert found.metadata["n"] == 1
    assert (found.metadata["modality"], found.metadata["uri"]) == (dog.modality, dog.uri)
    assert found.metadata["mime_type"]
    assert store.get_by_ids([sea_id])[0].metadata["n"] == 2
    [signal] = store.memory.percepts(store.memory.get("dog"))
    assert (signal.modality, signal.uri) == (dog.modality, dog.uri)


@pytest.mark.parametrize("method", METHODS)
def test_a_corrected_document_keeps_its_signal(store: SensoriumVectorStore, method: str) -> None:
    """New words and metadata of a picture leave the picture where it was; words alone change."""
    getattr(store, method)([METHODS[method]("dog")], [{"n": 1}], ids=["dog"])
    store.add_texts(["clock"], ids=["clock"])
    before = store.memory.get("dog").media
    [document] = store.get_by_ids(["dog"])
    document.page_content, document.metadata["n"] = "the sea", 2
    store.update_documents(["clock", "dog"], [Document("piano"), document])
    record = store.memory.get("dog")
    assert (record.text, record.metadata) == ("the sea", {"n": 2})
    assert [m for m in record.media if m.modality != "text"] == list(before)
    assert {d.id for d in store.similarity_search("dog", k=1)} == {"dog"}
    assert store.memory.get("clock").text == "piano"
    [again] = store.get_by_ids(["dog"])
    store.update_document("dog", again)
    assert store.memory.get("dog").text == "the sea"


def test_files_are_added_with_their_units() -> None:
    """Paths, `data:` URIs and bytes, with the units of the sense; the kinds are in the metadata."""
    store = SensoriumVectorStore.open(embedding=SensoriumEmbeddings())
    with store:
        dog, cat = MEDIA / "photo_dog.jpg", MEDIA / "photo_wild_cat.jpg"
        uri = "data:image/jpeg;base64," + base64.b64encode(cat.read_bytes()).decode()
        store.add_images([str(dog), uri], ids=["dog", "cat"])
        store.add_audio([MEDIA / "sound_sea_waves.ogg"], [{"place": "beach"}])
        store.add_thermal([MEDIA / "thermal_cheetah.png"], unit="white-hot")
        store.add_depth([MEDIA / "depth_mug.png"], unit="mm", fx="assume-60deg")
        store.add_imu([MEDIA / "imu_jogging.npz"], ids=["run"], accel="m/s^2", gyro="rad/s")
        [first, second] = store.get_by_ids(["dog", "cat"])
        named = {"id": "dog", "modality": "image"}
        expected = {**named, "uri": dog.as_uri(), "mime_type": "image/jpeg"}
        assert first == Document(first.page_content, id="dog", metadata=expected)
        assert first.page_content.startswith("image photo_dog.jpg, ")
        assert second.metadata["uri"] is None
        [sea] = store.similarity_search("waves on a beach", k=1)
        assert (sea.metadata["place"], sea.metadata["modality"]) == ("beach", "audio")
        assert store.similarity_search("a person jogging", k=1)[0].id == "run"
        [row] = SensoriumEmbeddings().embed_image([dog])
        assert store.similarity_search_by_vector(row, k=1, filter={})[0].id == "dog"


def test_given_metadata_are_not_clobbered(store: SensoriumVectorStore) -> None:
    """A key of one's own wins over what is said of the signal, and stays out of the memory's."""
    store.add_images([picture("dog")], [{"modality": "mine"}], ids=["dog"])
    [found] = store.get_by_ids(["dog"])
    assert found.metadata["modality"] == "mine"
    assert found.metadata["uri"] == "planted:dog"
    assert store.memory.get("dog").metadata == {"modality": "mine"}


def test_a_document_is_about_the_signal_that_matched(store: SensoriumVectorStore) -> None:
    """Of a record of several senses, the metadata name the one that was found."""
    store.memory.remember(picture("dog"), sound("sea"), text="clock", id="all")
    for word, sense in (("dog", "image"), ("sea", "audio"), ("clock", "image")):
        [found] = store.similarity_search(word, k=1)
        assert (found.id, found.page_content, found.metadata["modality"]) == ("all", "clock", sense)


def test_a_diverse_search_spans_the_senses(store: SensoriumVectorStore) -> None:
    """MMR chooses among texts, pictures and sounds alike."""
    store.add_images([picture("dog sea")], ids=["picture"])
    store.add_texts(["dog sea"], ids=["text"])
    store.add_audio([sound("dog moon|clock")], ids=["sound"])
    found = store.max_marginal_relevance_search("dog sea", k=2, lambda_mult=0.1)
    assert found[1].id == "sound"


def test_wrong_signals_are_refused(store: SensoriumVectorStore) -> None:
    """Nothing is added when a file is not there; what cannot be encoded fails alone."""
    with pytest.raises(SourceNotFoundError, match=r"nowhere\.jpg"):
        store.add_images([MEDIA / "photo_dog.jpg", "nowhere.jpg"])
    with pytest.raises(PerceptFormatError, match="modality 'audio'"):
        store.add_images([sound("dog")])
    with pytest.raises(RecordError, match="metadatas of 2 for 1"):
        store.add_images([picture("dog")], [{}, {}])
    assert store.memory.count() == 0
    with pytest.raises(BatchError, match="2 documents, 1 of which") as caught:
        store.add_images([picture("dog"), picture("unreadable")], ids=["dog", "broken"])
    assert caught.value.results == ["dog", None]
    assert store.memory.count() == 1


class Clip(Embeddings):
    """Foreign embeddings with `embed_image`, by the community's convention."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "dog" in text else [0.0, 1.0] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_image(self, uris: Sequence[Any]) -> list[list[float]]:
        return self.embed_documents([str(uri) for uri in uris])


def test_foreign_embeddings_of_pictures_are_used() -> None:
    """Embeddings that have `embed_image` bring pictures into their own space."""
    with SensoriumVectorStore.open(embedding=Clip()) as store:
        store.add_images([str(MEDIA / "photo_dog.jpg"), str(MEDIA / "photo_pizza.jpg")])
        [(found, score)] = store.similarity_search_with_score("my dog", k=1)
        assert found.metadata["uri"].endswith("photo_dog.jpg")
        assert score == pytest.approx(1, abs=2e-3)
        [kept] = store.memory.percepts(store.memory.get(str(found.id)))
        assert isinstance(kept, Image)
