"""Searches of the vector store mean what LangChain means by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from tests.support.langchain_stores import SIX, Foreign
from tests.support.planted import PlantedEncoder

from sensorium.encoders.questions import strip_frame
from sensorium.errors import FilterError, QueryError
from sensorium.langchain import SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.memory.recalling.diversity import choose_diverse
from sensorium.qdrant import Equal, Present, Range

FLOAT16 = 2e-3  # what cosines may lose: vectors are stored in half precision


def test_scores_are_cosines(store: SensoriumVectorStore) -> None:
    """They are those of LangChain's own store, in the same order."""
    texts = [f"note {n}" for n in range(30)]
    store.add_texts(texts, ids=texts)
    theirs = InMemoryVectorStore(Foreign(size=SIX))
    theirs.add_texts(texts, ids=texts)
    mine = store.similarity_search_with_score("question", k=12)
    expected = theirs.similarity_search_with_score("question", k=12)
    assert [score for _, score in mine] == pytest.approx([s for _, s in expected], abs=FLOAT16)
    assert mine[0][0] == expected[0][0]
    vector = Foreign(size=SIX).embed_query("note 7")
    assert store.similarity_search_by_vector(vector, k=1)[0].id == "note 7"


def test_questions_are_embedded_as_questions(tmp_path: Path) -> None:
    """`embed_query` makes the question's vector, `embed_documents` the texts'."""
    with SensoriumVectorStore.open(embedding=Foreign(size=SIX, swap="bar")) as store:
        store.add_texts(["foo", "bar"])
        [(found, score)] = store.similarity_search_with_score("foo", k=1)
        assert found.page_content == "bar"
        assert score == pytest.approx(1, abs=FLOAT16)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 15),
    k=st.integers(0, 18),
    lambda_mult=st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9, 1.0]),
)
def test_diversity_means_what_langchain_means(
    seed: int, count: int, k: int, lambda_mult: float
) -> None:
    """The rows chosen are those that LangChain's own function chooses."""
    rows = np.random.default_rng(seed).normal(size=(count + 1, SIX)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    expected = maximal_marginal_relevance(rows[-1], list(rows[:-1]), lambda_mult=lambda_mult, k=k)
    likeness = (rows[:-1] @ rows[-1]).tolist()
    chosen = choose_diverse(likeness, rows[:-1], diversity=1 - lambda_mult, limit=k)
    assert chosen == expected


@pytest.mark.parametrize("lambda_mult", [0.0, 0.25, 0.5, 1.0])
def test_diverse_searches_agree_with_langchain(
    store: SensoriumVectorStore, lambda_mult: float
) -> None:
    """Through the whole store, too, by words and by vector, `fetch_k` included."""
    texts = [f"note {n}" for n in range(40)]
    store.add_texts(texts, ids=texts)
    theirs = InMemoryVectorStore(Foreign(size=SIX))
    theirs.add_texts(texts, ids=texts)
    options: dict[str, Any] = {"k": 5, "fetch_k": 12, "lambda_mult": lambda_mult}
    expected = [
        document.id for document in theirs.max_marginal_relevance_search("question", **options)
    ]
    found = store.max_marginal_relevance_search("question", **options)
    assert [document.id for document in found] == expected
    vector = Foreign(size=SIX).embed_query("question")
    found = store.max_marginal_relevance_search_by_vector(vector, **options)
    assert [document.id for document in found] == expected


def test_a_frame_does_not_dilute_a_diverse_search() -> None:
    """Documents are compared with what a question asks for, as in other searches."""

    class Reading(PlantedEncoder):
        def asked_for(self, question: str) -> str:
            return strip_frame(question)

        def exclusion_in(self, asked: str) -> None:
            return None

    with Memory.open(":memory:", owner="rex", encoder=Reading()) as memory:
        store = SensoriumVectorStore(memory)
        store.add_texts(["did I ever show you rain", "zorbax"])
        framed = "did I ever show you a zorbax?"
        [found] = store.max_marginal_relevance_search(framed, k=1, lambda_mult=1.0)
        assert found.page_content == "zorbax"


def test_less_lambda_is_more_diversity(own: SensoriumVectorStore) -> None:
    """At 1 the near twins come first; at 0.1 one of them makes way for something else."""
    own.add_texts(["dog sea", "dog sea clock*0.1", "dog moon"])

    def found(lambda_mult: float) -> list[str]:
        options: dict[str, Any] = {"k": 2, "lambda_mult": lambda_mult}
        found = own.max_marginal_relevance_search("dog sea", **options)
        return [document.page_content for document in found]

    assert found(1.0) == ["dog sea", "dog sea clock*0.1"]
    assert found(0.1) == ["dog sea", "dog moon"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"room": "kitchen"}, {"a", "c"}),
        ({"room": "kitchen", "floor": [1, 3]}, {"a"}),
        ({"open": False}, {"b"}),
        (Range("metadata.floor", gte=2), {"b", "c"}),
        (~Present("metadata.open"), {"c"}),
        ({"room": "attic"}, set()),
    ],
)
def test_filters_restrict_every_search(
    store: SensoriumVectorStore, wanted: Any, expected: set[str]
) -> None:
    """A dictionary on the metadata or a condition, in all searches and in `delete`."""
    facts = [
        {"room": "kitchen", "floor": 1, "open": True},
        {"room": "hall", "floor": 2, "open": False},
        {"room": "kitchen", "floor": 2},
    ]
    store.add_texts(["foo", "bar", "baz"], facts, ids=["a", "b", "c"])
    assert {
        document.id for document in store.similarity_search("foo", k=9, filter=wanted)
    } == expected
    vector = store.embeddings.embed_query("foo")
    by_vector = store.similarity_search_by_vector(vector, k=9, filter=wanted)
    assert {document.id for document in by_vector} == expected
    diverse_ones = store.max_marginal_relevance_search("foo", k=9, filter=wanted)
    assert {document.id for document in diverse_ones} == expected
    retriever = store.as_retriever(search_kwargs={"k": 9, "filter": wanted})
    assert {document.id for document in retriever.invoke("foo")} == expected
    store.delete(filter=wanted)
    assert {document.id for document in store.get_by_ids(["a", "b", "c"])} == {
        "a",
        "b",
        "c",
    } - expected


def test_none_are_none_and_too_many_are_all(store: SensoriumVectorStore) -> None:
    """`k=0` finds nothing; a `k` beyond what a memory finds at once is as many as there are."""
    store.add_texts(["foo", "bar"])
    assert store.similarity_search("foo", k=0) == []
    assert store.similarity_search_with_relevance_scores("foo", k=0) == []
    assert store.max_marginal_relevance_search("foo", k=0) == []
    assert store.max_marginal_relevance_search("foo", fetch_k=0) == []
    assert len(store.similarity_search("foo", k=10**6)) == 2
    assert len(store.max_marginal_relevance_search("foo", k=10**6, fetch_k=10**6)) == 2


MMR = "max_marginal_relevance_search"


@pytest.mark.parametrize("method", ["similarity_search", MMR, "delete"])
def test_a_condition_on_a_bare_key_is_refused(store: SensoriumVectorStore, method: str) -> None:
    """Dictionaries mean the metadata, conditions any field: `delete` must not take all."""
    store.add_texts(["keep", "old"], [{"topic": "keep"}, {"topic": "old"}])
    question = [] if method == "delete" else ["foo"]
    with pytest.raises(FilterError, match=r'write "metadata\.topic"'):
        getattr(store, method)(*question, filter=~Equal("topic", "old"))
    assert len(store.similarity_search("foo", k=9)) == 2


REFUSED: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("similarity_search", {"k": -1}, QueryError, "^k=-1; needed a whole number from 0"),
    ("similarity_search", {"k": "3"}, QueryError, "^k='3'; .*without quotes"),
    ("similarity_search", {"k": True}, QueryError, "^k=True"),
    (MMR, {"k": 2.5}, QueryError, "^k=2.5"),
    (MMR, {"fetch_k": -1}, QueryError, "^fetch_k=-1"),
    (MMR, {"lambda_mult": 1.5}, QueryError, r"lambda_mult=1\.5; .*0 to 1"),
    (MMR, {"lambda_mult": -0.1}, QueryError, r"lambda_mult=-0\.1"),
    (MMR, {"lambda_mult": float("nan")}, QueryError, "lambda_mult=nan"),
    (MMR, {"lambda_mult": "0.5"}, QueryError, r"lambda_mult='0\.5'"),
    ("similarity_search", {"filter": "x"}, QueryError, r'write filter=\{"room": "kitchen", '),
    ("similarity_search", {"filter": lambda d: True}, QueryError, "condition"),
    ("delete", {"filter": {"a": None}}, FilterError, r'filter=\{\'a\': \{"\$exists": False'),
    ("delete", {"filter": "x"}, QueryError, "filter='x'"),
]


@pytest.mark.parametrize(("method", "wish", "error", "message"), REFUSED)
def test_wrong_wishes_are_refused_in_langchain_s_words(
    store: SensoriumVectorStore,
    method: str,
    wish: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """The error names the argument as the caller wrote it, and how to write it."""
    question = {} if method == "delete" else {"query": "foo"}
    with pytest.raises(error, match=message):
        getattr(store, method)(**question, **wish)


async def test_relevance_is_between_nothing_and_all(own: SensoriumVectorStore) -> None:
    """Scores lie in [0, 1], fall with likeness, and a threshold leaves out what is below."""
    own.add_texts(["dog", "dog sea", "clock"])
    scored = own.similarity_search_with_relevance_scores("dog", k=3)
    assert [one.page_content for one, _ in scored] == ["dog", "dog sea", "clock"]
    scores = [score for _, score in scored]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[2] <= scores[0] <= 1
    assert scores == [s for _, s in await own.asimilarity_search_with_relevance_scores("dog", k=3)]
    above = own.as_retriever(
        search_type="similarity_score_threshold",
        search_kwargs={"score_threshold": (scores[0] + scores[1]) / 2},
    )
    assert [document.page_content for document in above.invoke("dog")] == ["dog"]


def test_relevance_is_confidence_where_there_is_one() -> None:
    """With a calibrated encoder, something unrelated is not relevant at all."""
    encoder = PlantedEncoder(background=True)
    with Memory.open(":memory:", owner="rex", encoder=encoder) as memory:
        store = SensoriumVectorStore(memory)
        store.add_texts(["dog", "sea", "clock"])
        [(hit, sure), (_, unsure), _] = store.similarity_search_with_relevance_scores("dog")
        [best, *_] = memory.recall("dog")
        assert (hit.page_content, sure) == ("dog", best.confidence)
        assert sure > 0.9
        assert unsure < 0.1


@pytest.mark.parametrize("search_type", ["similarity", "mmr", "similarity_score_threshold"])
async def test_retrievers_of_all_kinds(own: SensoriumVectorStore, search_type: str) -> None:
    """`as_retriever` works with each search type, awaited or not."""
    own.add_texts(["dog", "sea", "dog sea"])
    wishes: dict[str, Any] = {"k": 2}
    if search_type == "similarity_score_threshold":
        wishes["score_threshold"] = 0.1
    retriever = own.as_retriever(search_type=search_type, search_kwargs=wishes)
    found = retriever.invoke("dog")
    assert found[0].page_content == "dog"
    assert len(found) == 2
    assert await retriever.ainvoke("dog") == found
