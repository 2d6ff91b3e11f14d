"""What programs that come from other stores call: get, update, vectors, pictures, keywords."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from tests.support.langchain_stores import SIX, Foreign, Shifted
from tests.support.planted import picture, sound

from sensorium.errors import (
    BatchError,
    QueryError,
    RecordError,
    RecordNotFoundError,
    SourceTypeError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.langchain import SensoriumEmbeddings, SensoriumRetriever, SensoriumVectorStore
from sensorium.percepts import Image, Percept, Text
from sensorium.qdrant import Equal
from sensorium.samples import FOLDER as MEDIA

FLOAT16 = 2e-3  # what cosines may lose: vectors are stored in half precision


def test_documents_are_listed_without_a_question(store: SensoriumVectorStore) -> None:
    """By ids, by a filter, a page at a time, in the order in which they were added."""
    store.add_texts(["a", "b", "c"], [{"n": 1}, {"n": 2}, {"n": 3}], ids=["1", "2", "3"])
    store.memory.remember_many([]).raise_first()
    assert store.get() == {
        "ids": ["1", "2", "3"],
        "documents": ["a", "b", "c"],
        "metadatas": [{"n": 1}, {"n": 2}, {"n": 3}],
    }
    assert store.get(where={"n": {"$gte": 2}}, limit=1)["ids"] == ["2"]
    assert store.get(where=Equal("metadata.n", 3))["documents"] == ["c"]
    assert store.get(["3", "1", "x"])["ids"] == ["1", "3"]
    assert store.get("2")["ids"] == ["2"]
    assert store.get(offset=1, limit=1)["ids"] == ["2"]
    assert store.get(limit=0)["ids"] == []
    with pytest.raises(QueryError, match=r"^limit=-1"):
        store.get(limit=-1)


async def test_documents_are_replaced_where_they_are(store: SensoriumVectorStore) -> None:
    """An update keeps the id; what no store added is no document."""
    store.add_texts(["a", "b"], ids=["1", "2"])
    store.update_document("1", Document("new", metadata={"n": 1}, id="other"))
    await store.aupdate_documents(["2"], [Document("newer")])
    assert store.get()["documents"] == ["new", "newer"]
    assert store.get_by_ids(["1"]) == [Document("new", metadata={"n": 1}, id="1")]
    with pytest.raises(RecordNotFoundError, match=r"'x', which no vector store added"):
        store.update_documents(["1", "x"], [Document("c"), Document("d")])
    with pytest.raises(RecordError, match="one each"):
        store.update_documents(["1"], [Document("c"), Document("d")])
    assert store.get()["documents"] == ["new", "newer"]


def test_a_picture_that_is_updated_keeps_its_picture(own: SensoriumVectorStore) -> None:
    """Its document gives it new metadata."""
    own.add_images([picture("dog")], ids=["p"])
    [photo] = own.get_by_ids(["p"])
    own.update_document("p", Document(photo.page_content, metadata={"n": 1}))
    assert own.memory.get("p").modalities == ("image",)
    assert dict(own.memory.get("p").metadata) == {"n": 1}


def test_vectors_that_exist_are_taken(store: SensoriumVectorStore) -> None:
    """Nothing is embedded but one text, which shows whose vectors they are."""
    texts = ["a", " ", "c"]
    vectors = Foreign(size=SIX).embed_documents(texts)
    pairs = list(zip(texts, vectors, strict=True))
    assert store.add_embeddings(pairs, [{"n": n} for n in range(3)], ids=["1", "2", "3"]) == [
        *("1", "2", "3")
    ]
    assert store.get()["documents"] == ["a", "", "c"]
    [(found, score)] = store.similarity_search_with_score_by_vector(vectors[2], k=1)
    assert (found.id, found.metadata) == ("3", {"n": 2})
    assert score == pytest.approx(1, abs=FLOAT16)
    with pytest.raises(VectorError, match=r"vectors of another model: .*'d'"):
        store.add_embeddings([("d", Shifted(size=SIX).embed_query("d"))])
    with pytest.raises(VectorError, match="vectors of another model"):
        store.add_embeddings([("d", [1.0, 2.0])])
    with pytest.raises(RecordError, match="one each"):
        store.add_embeddings(pairs, ids=["1"])
    with pytest.raises(BatchError, match="1 of which"):
        store.add_embeddings([("a", vectors[0]), ("b", [0.0] * SIX)])
    assert store.add_embeddings([]) == []


def test_a_store_is_made_of_vectors(tmp_path: Path) -> None:
    """With the options of `open`."""
    embedding = Foreign(size=SIX)
    pairs = [("a", embedding.embed_query("a"))]
    with SensoriumVectorStore.from_embeddings(
        pairs, embedding, [{"n": 1}], ids=["1"], place=tmp_path
    ) as store:
        assert store.similarity_search("a") == [Document("a", id="1", metadata={"n": 1})]


def test_searches_by_vector_have_scores(store: SensoriumVectorStore) -> None:
    """Cosines, and relevance from 0 to 1, in one order."""
    store.add_texts(["a", "b", "c"])
    vector = store.embeddings.embed_query("b")
    scored = store.similarity_search_with_score_by_vector(vector, k=3)
    asked = store.similarity_search_with_score("b", k=3)
    assert [document for document, _ in scored] == [document for document, _ in asked]
    assert [score for _, score in scored] == pytest.approx([score for _, score in asked], abs=1e-5)
    relevant = store.similarity_search_by_vector_with_relevance_scores(vector, k=3)
    assert [score for _, score in relevant] == pytest.approx([(1 + s) / 2 for _, s in scored])


def test_a_picture_is_a_question() -> None:
    """By its own method, and wherever words are asked."""
    with SensoriumVectorStore.open(embedding=SensoriumEmbeddings()) as store:
        dog = MEDIA / "photo_dog.jpg"
        store.add_images([dog, MEDIA / "photo_wild_cat.jpg"], ids=["dog", "cat"])
        assert [one.id for one in store.similarity_search_by_image(str(dog), k=1)] == ["dog"]
        [(found, score)] = store.similarity_search_by_image_with_relevance_score(dog, k=1)
        assert (found.id, 0 <= score <= 1) == ("dog", True)
        assert store.similarity_search(Image(dog), k=1)[0].id == "dog"
        assert store.max_marginal_relevance_search(Image(dog), k=1)[0].id == "dog"


class Seeing(Foreign):
    """Foreign embeddings of pictures, too."""

    def embed_image(self, uris: list[Percept]) -> list[list[float]]:
        return [self.embed_query(str(uri.uri)) for uri in uris]


def test_foreign_embeddings_embed_a_picture_that_is_asked() -> None:
    """With their method for it; words in a percept are words."""
    with SensoriumVectorStore.open(embedding=Seeing(size=SIX)) as store:
        store.add_images([picture("dog"), picture("sea")], ids=["dog", "sea"])
        store.add_texts(["note"], ids=["note"])
        assert store.similarity_search(picture("sea"), k=1)[0].id == "sea"
        assert store.similarity_search(Text("note"), k=1)[0].id == "note"
        with pytest.raises(UnsupportedModalityError, match="embed_audio"):
            store.similarity_search(sound("sea"))


def test_keywords_raise_what_contains_them(own: SensoriumVectorStore) -> None:
    """Words, or those of the question; in searches of the store and of its retriever."""
    own.add_texts(["dog", "dog E4711*0.01", "sea"], ids=["a", "b", "c"])
    own.add_images([picture("dog")], ids=["p"])

    def best(**options: Any) -> str | None:
        return own.similarity_search("dog", k=1, **options)[0].id

    assert best() in ("a", "p")
    assert best(keywords="E4711") == "b"
    assert best(keywords=False) == best()
    assert own.similarity_search("error E4711", k=1, keywords=True)[0].id == "b"
    options: dict[str, Any] = {"k": 1, "keywords": "E4711"}
    assert own.as_retriever(search_kwargs=options).invoke("dog")[0].id == "b"
    diverse = own.max_marginal_relevance_search("dog", fetch_k=1, **options)
    assert diverse[0].id == "b"
    for wrong in (" ", 7):
        with pytest.raises(QueryError, match="keywords="):
            best(keywords=wrong)
    with pytest.raises(QueryError, match="a question without words"):
        own.similarity_search(picture("dog"), keywords=True)


def test_keywords_find_what_has_no_vector(own: SensoriumVectorStore) -> None:
    """Its likeness is not known: 0."""
    own.memory.remember(text="error E4711", vectors={}, id="bare")
    [(found, score)] = own.similarity_search_with_score("dog", k=1, keywords="E4711")
    assert (found.id, score) == ("bare", 0.0)
    assert own.max_marginal_relevance_search("dog", keywords="E4711") == []


def test_a_retriever_looks_for_words_and_for_variety(own: SensoriumVectorStore) -> None:
    """As attributes, and as keywords of `invoke`."""
    own.add_texts(
        ["dog sea", "dog sea clock*0.1", "dog moon", "dog moon E4711*0.01 sea"], ids=[*"abcd"]
    )
    retriever = SensoriumRetriever(memory=own.memory, k=2)

    def ids(made: SensoriumRetriever, **options: Any) -> list[str | None]:
        return [document.id for document in made.invoke("dog sea", **options)]

    assert ids(retriever) == ["a", "b"]
    assert ids(retriever, diversity=0.9) == ["a", "c"]
    assert ids(SensoriumRetriever(memory=own.memory, k=2, diversity=0.9)) == ["a", "c"]
    assert "d" in ids(retriever, keywords="E4711")
    assert "d" in ids(SensoriumRetriever(memory=own.memory, k=2, keywords="E4711"))
    assert retriever.invoke("E4711", keywords=True)[0].id == "d"
    with pytest.raises(QueryError, match="a question without words"):
        retriever.invoke(picture("dog"), keywords=True)


async def test_a_store_opens_and_closes_without_blocking(tmp_path: Path) -> None:
    """`aopen` in a thread; `async with` closes."""
    embedding = Foreign(size=SIX)
    async with await SensoriumVectorStore.aopen(tmp_path, embedding=embedding) as store:
        await store.aadd_embeddings([("a", embedding.embed_query("a"))], ids=["1"])
        assert (await store.aget())["ids"] == ["1"]
    with SensoriumVectorStore.open(tmp_path, embedding=embedding) as again:
        assert again.get()["ids"] == ["1"]


def test_embeddings_alone_are_no_memory() -> None:
    """The error says how a store is opened."""
    with pytest.raises(SourceTypeError, match=r"SensoriumVectorStore\.open\(place, embedding="):
        SensoriumVectorStore(embedding=DeterministicFakeEmbedding(size=SIX))
