"""Embeddings of other makers are known by what they do, and by name where they cannot be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from tests.support.langchain_stores import SIX, Cached, Foreign, Shifted
from tests.support.planted import PlantedEncoder

from sensorium.encoders import FunctionEncoder
from sensorium.errors import SpaceMismatchError, VectorError
from sensorium.langchain import SensoriumEmbeddings, SensoriumVectorStore
from sensorium.langchain.foreign import encoder_of, name_of
from sensorium.memory import Memory
from sensorium.percepts import Text


class Azure(Shifted):
    """Embeddings on Azure, whose model has one name in every deployment."""

    azure_endpoint: str = "https://example.invalid"
    deployment: str = ""


class Offline(Foreign):
    """A service that cannot be reached once `off` is set."""

    off: bool = False

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.off:
            raise ConnectionError("no route to host")
        return super().embed_documents(texts)


class Counted(Foreign):
    """Embeddings of a service that is paid by the call."""

    calls: int = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.calls += 1
        return super().embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        self.calls += 1
        return super().embed_query(text)


def foreign(name: str) -> Foreign:
    return Foreign(size=SIX, model_name=name)


TWO_OF_ONE_NAME: dict[str, Callable[[], tuple[Embeddings, Embeddings]]] = {
    "caches of two models": lambda: (Cached(foreign("m")), Cached(Shifted(size=SIX))),
    "deployments of one model": lambda: (
        Azure(size=SIX, shift="a", deployment="a"),
        Azure(size=SIX, shift="b", deployment="b"),
    ),
    "a class without a model": lambda: (
        DeterministicFakeEmbedding(size=SIX),
        Cached(Shifted(size=SIX)),
    ),
}


@pytest.mark.parametrize("two", TWO_OF_ONE_NAME.values(), ids=TWO_OF_ONE_NAME)
def test_two_models_of_one_name_never_share_a_store(
    two: Callable[[], tuple[Embeddings, Embeddings]], tmp_path: Path
) -> None:
    """One sentence tells them apart, though `model=` gives both one name."""
    mine, other = two()
    with SensoriumVectorStore.open(tmp_path, embedding=mine, model="one") as store:
        store.add_texts(["foo"], ids=["a"])
        with pytest.raises(SpaceMismatchError, match="one sentence differ, cosine"):
            SensoriumVectorStore(store.memory, other)
    for dimension in (None, SIX):
        with pytest.raises(SpaceMismatchError, match="one sentence differ, cosine"):
            SensoriumVectorStore.open(tmp_path, embedding=other, model="one", dimension=dimension)


def test_the_same_vectors_open_under_another_name(tmp_path: Path) -> None:
    """A cache, or another release of a class, is the same model."""
    with SensoriumVectorStore.open(tmp_path, embedding=foreign("m")) as store:
        store.add_texts(["foo"], ids=["a"])
    same = (Cached(foreign("m")), foreign("renamed"), DeterministicFakeEmbedding(size=SIX))
    for embedding in same:
        with SensoriumVectorStore.open(tmp_path, embedding=embedding) as store:
            assert [found.id for found in store.similarity_search("foo")] == ["a"]


def test_a_cache_around_sensorium_s_own_is_its_encoder(tmp_path: Path) -> None:
    """Either opens what the other made, and the cache is asked."""
    own = SensoriumEmbeddings(PlantedEncoder())
    with SensoriumVectorStore.open(tmp_path, embedding=own) as store:
        store.add_texts(["dog"], ids=["a"])
    with SensoriumVectorStore.open(tmp_path, embedding=Cached(own)) as store:
        assert [found.id for found in store.similarity_search("dog")] == ["a"]
        store.add_texts(["sea"], ids=["b"])
    with Memory.open(tmp_path, owner="me", encoder=PlantedEncoder()) as memory:
        assert memory.recall("sea", limit=1)[0].record.id == "b"


class Retried(Embeddings):
    """Embeddings that call others again, under a name of its own, and perhaps alter the text."""

    def __init__(self, others: Embeddings, prefix: str = "") -> None:
        self._others = others
        self._prefix = prefix

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._others.embed_documents([self._prefix + text for text in texts])

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def test_any_wrapper_of_sensorium_s_own_is_its_encoder(tmp_path: Path) -> None:
    """Whatever the attribute is called; one that alters the texts is another model."""
    own = SensoriumEmbeddings(PlantedEncoder())
    with SensoriumVectorStore.open(tmp_path, embedding=own) as store:
        store.add_texts(["dog"], ids=["a"])
        SensoriumVectorStore(store.memory, Retried(Cached(own)))
        with pytest.raises(SpaceMismatchError, match="one sentence differ, cosine"):
            SensoriumVectorStore(store.memory, Retried(own, "passage: "))
    with SensoriumVectorStore.open(tmp_path, embedding=Retried(Cached(own))) as store:
        assert [found.id for found in store.similarity_search("dog")] == ["a"]
    with pytest.raises(SpaceMismatchError, match="Retried"):
        SensoriumVectorStore.open(tmp_path, embedding=Retried(own, "passage: "))


def test_the_same_vectors_are_taken_by_an_encoder_of_another_name() -> None:
    """A memory of one's own function, which keeps no vector of the sentence, is asked itself."""

    def tower(texts: Sequence[Text]) -> list[list[float]]:
        return foreign("m").embed_documents([text.text for text in texts])

    encoder = FunctionEncoder("house model", {"text": tower}, dimension=SIX)
    with Memory.open(":memory:", owner="rex", encoder=encoder) as memory:
        store = SensoriumVectorStore(memory, foreign("m"))
        store.add_texts(["foo"], ids=["a"])
        assert [found.id for found in store.similarity_search("foo")] == ["a"]
        with pytest.raises(SpaceMismatchError, match="one sentence differ, cosine"):
            SensoriumVectorStore(memory, Shifted(size=SIX), model="house model")


def test_a_name_decides_at_every_door_where_nothing_can_be_asked(tmp_path: Path) -> None:
    """`model=` of the constructor is that of `open`."""
    away = Offline(size=SIX, off=True)
    options: dict[str, Any] = {"dimension": SIX, "model": "mine", "place": tmp_path}
    with SensoriumVectorStore.from_texts([], away, **options) as store:
        other = Offline(size=SIX, off=True)
        SensoriumVectorStore(store.memory, other, model="mine")
        with pytest.raises(SpaceMismatchError, match="the names differ"):
            SensoriumVectorStore(store.memory, other)


def test_a_service_that_is_offline_opens_by_its_name(tmp_path: Path) -> None:
    """What is stored can be read; another name is refused, with what to write."""
    with SensoriumVectorStore.open(tmp_path, embedding=Offline(size=SIX)) as store:
        store.add_texts(["foo"], ids=["a"])
    away = Offline(size=SIX, off=True)
    with SensoriumVectorStore.open(tmp_path, embedding=away, dimension=SIX) as store:
        assert [found.id for found in store.get_by_ids(["a"])] == ["a"]
    with pytest.raises(SpaceMismatchError, match="Offline:six"):
        SensoriumVectorStore.open(tmp_path, embedding=away, dimension=SIX, model="other")


def test_opening_asks_once(tmp_path: Path) -> None:
    """For the dimension and the model together, and once again only at the next opening."""
    embedding = Counted(size=SIX)
    for opening, dimension in enumerate((None, SIX), 1):
        with SensoriumVectorStore.open(tmp_path, embedding=embedding, dimension=dimension) as store:
            assert embedding.calls == opening
            SensoriumVectorStore(store.memory.for_owner("you"), store.embeddings)
            assert embedding.calls == opening


def test_a_wrong_dimension_is_noticed_at_once() -> None:
    """Not when the first text is added."""
    with pytest.raises(VectorError, match=r"dimension=5 .* have 6 numbers"):
        encoder_of(foreign("m"), dimension=5)


def test_names_say_what_they_can() -> None:
    """The class and the model; the deployment on Azure; of a cache, what it keeps."""
    assert name_of(foreign("m")) == "Foreign:m"
    assert name_of(Cached(Cached(foreign("m")))) == "Foreign:m"
    assert name_of(Azure(size=SIX, deployment="mine")) == "Azure:mine"
    assert name_of(DeterministicFakeEmbedding(size=SIX)) == "DeterministicFakeEmbedding"
