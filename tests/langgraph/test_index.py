"""What `SensoriumStore` embeds with: whose space it is, and on which loop it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore
from tests.support.langgraph_stores import DIMS, INDEX, PATIENCE, embed, index_with, keys
from tests.support.planted import PlantedEncoder, direction

from sensorium.encoders.probe import SENTENCE
from sensorium.errors import (
    QueryError,
    SpaceMismatchError,
    StoreClosedError,
    StoreFormatError,
    VectorError,
)
from sensorium.langchain import SensoriumEmbeddings
from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.memory import Memory
from sensorium.memory.place import OWNER
from sensorium.mini import open_mini


async def aembed(texts: list[str]) -> list[list[float]]:
    await asyncio.sleep(0)
    return embed(texts)


def reversed_embed(texts: Sequence[str]) -> list[list[float]]:
    return embed([text[::-1] for text in texts])


def scaled(texts: Sequence[str], *, model: str, key: str = "secret") -> list[list[float]]:
    return embed([f"{model} {text}" for text in texts])


class Embedder:
    """An object that embeds."""

    def __init__(self, model: str) -> None:
        self.model = model

    def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        return scaled(texts, model=self.model)


TWO_OF_ONE_NAME: dict[str, tuple[Any, Any]] = {
    "lambdas": (lambda texts: embed([*texts]), lambda texts: embed([text[::-1] for text in texts])),
    "partials": (partial(scaled, model="a"), partial(scaled, model="b")),
    "objects": (Embedder("a"), Embedder("b")),
}


@pytest.mark.parametrize(("mine", "other"), TWO_OF_ONE_NAME.values(), ids=TWO_OF_ONE_NAME)
def test_two_functions_of_one_name_never_share_a_store(
    mine: Any, other: Any, tmp_path: Path
) -> None:
    """One sentence tells them apart, also where `model=` gives them one name."""
    for model in (None, "one"):
        place = tmp_path / str(model)
        with SensoriumStore.open(place, index=index_with(embed=mine), model=model) as store:
            with pytest.raises(SpaceMismatchError):
                SensoriumStore(store.memory, index=index_with(embed=other))
            SensoriumStore(store.memory, index=index_with(embed=mine))
        with pytest.raises(SpaceMismatchError, match="one sentence differ, cosine"):
            SensoriumStore.open(place, index=index_with(embed=other), model=model)
        with SensoriumStore.open(place, index=index_with(embed=mine), model="renamed") as store:
            assert store.memory.encoder.space.model == "renamed"


OWN = SensoriumEmbeddings(PlantedEncoder())


def prefixed(texts: list[str], *, by: SensoriumEmbeddings, prefix: str = "") -> list[list[float]]:
    return by.embed_documents([prefix + text for text in texts])


SAME: dict[str, Any] = {
    "a method": OWN.embed_documents,
    "a lambda": lambda texts: OWN.embed_documents([*texts]),
    "a partial": partial(prefixed, by=OWN),
    "a partial of a lambda": partial(lambda by, texts: by.embed_documents(texts), OWN),
}


@pytest.mark.parametrize("function", SAME.values(), ids=SAME)
def test_functions_around_sensorium_s_own_open_its_memory(function: Any, tmp_path: Path) -> None:
    """Their vectors are the encoder's; a function that alters the texts is another model."""
    with SensoriumStore.open(tmp_path, encoder=OWN.encoder) as store:
        store.put(("a",), "k", {"text": "sea"})
    index: Any = {"dims": OWN.encoder.space.dimension, "embed": function}
    with SensoriumStore.open(tmp_path, index=index) as store:
        assert keys(store, query="sea") == ["k"]
    index["embed"] = partial(prefixed, by=OWN, prefix="passage ")
    with pytest.raises(SpaceMismatchError):
        SensoriumStore.open(tmp_path, index=index)


def test_a_partial_is_named_after_its_function_and_its_model() -> None:
    """Not after its other arguments, which may be secret."""
    space = index_encoder(index_with(embed=partial(scaled, model="a", key="k"))).space
    assert space.model.endswith("scaled(model=a)")


def test_opening_embeds_one_sentence() -> None:
    """Once for the store and its index together."""
    asked: list[str] = []

    def counted(texts: list[str]) -> list[list[float]]:
        asked.extend(texts)
        return embed(texts)

    with SensoriumStore.open(index=index_with(embed=counted)):
        assert asked == [SENTENCE]


def test_an_index_belongs_to_its_memory(tmp_path: Path) -> None:
    """The space of the vectors is that of the memory, whoever opens it."""
    with SensoriumStore.open(tmp_path, index=INDEX) as store:
        store.put(("a",), "k", {"text": "sea"})
        with pytest.raises(SpaceMismatchError, match="the embedding that the memory was opened"):
            SensoriumStore(store.memory, index=index_with(embed=reversed_embed))
        assert keys(SensoriumStore(store.memory, index=index_with(embed=aembed)), query="sea")
        assert keys(SensoriumStore(store.memory), query="sea") == ["k"]
    other: Any = {"dims": DIMS, "embed": DeterministicFakeEmbedding(size=DIMS)}
    with pytest.raises(SpaceMismatchError):
        SensoriumStore.open(tmp_path, index=other)
    with SensoriumStore.open(index=other) as store:
        store.put(("a",), "k", {"text": "sea"})
        assert store.search((), query='{"text": "sea"}')[0].score == pytest.approx(1, abs=1e-3)
    half: Any = {"dims": 3}
    with pytest.raises(QueryError, match="both embed and dims"):
        index_encoder(half)


def test_dimensions_are_counted_where_they_are_not_given(tmp_path: Path) -> None:
    """By the sentence that is embedded anyway; wrong ones are noticed before anything is put."""
    counted: Any = {"embed": embed, "fields": ["text"]}
    with SensoriumStore.open(tmp_path, index=counted) as store:
        assert store.memory.encoder.space.dimension == DIMS
        store.put(("a",), "k", {"text": "sea"})
        SensoriumStore(store.memory, index=counted)
    with SensoriumStore.open(tmp_path, index=INDEX) as store:
        assert keys(store, query="sea") == ["k"]
    with pytest.raises(VectorError, match=f"have {DIMS} numbers"):
        SensoriumStore.open(index=index_with(dims=DIMS + 1))


@pytest.mark.parametrize("name", ["sensorium-mini", "sensorium:mini", "sensorium:sensorium-mini"])
def test_encoders_have_names_as_models_have(name: str) -> None:
    """Those of `load_encoder`, and as LangChain writes a provider's models."""
    named: Any = {"embed": name}
    assert index_encoder(named).space.model == "sensorium-mini"


@pytest.mark.parametrize("key", ["distance_type", "ann_index_config"])
def test_what_databases_decide_is_refused(key: str) -> None:
    """The error says that the engine decides."""
    with pytest.raises(QueryError, match="the engine compares by cosine"):
        SensoriumStore.open(index=index_with(**{key: "cosine"}))


async def test_an_asynchronous_lambda_is_known_by_what_it_does(tmp_path: Path) -> None:
    """Opened on the caller's loop; without that it has no name, and `model=` gives one."""
    mine = index_with(embed=lambda texts: aembed([*texts]))
    other = index_with(embed=lambda texts: aembed([text[::-1] for text in texts]))
    for index in (mine, other):
        index["embed"] = _awaited(index["embed"])
    async with await SensoriumStore.aopen(tmp_path, index=mine) as store:
        await store.aput(("a",), "k", {"text": "sea"})
    with pytest.raises(SpaceMismatchError, match="one sentence differ, cosine"):
        await SensoriumStore.aopen(tmp_path, index=other)
    async with await SensoriumStore.aopen(tmp_path, index=mine) as store:
        assert [item.key for item in await store.asearch((), query="sea")] == ["k"]


async def test_what_has_no_name_and_cannot_be_asked_is_refused() -> None:
    """The remedies work."""
    nameless = partial(lambda texts, by: by(texts), by=aembed)
    index = index_with(embed=_awaited(nameless))
    index["embed"].__qualname__ = "f.<locals>.<lambda>"
    with pytest.raises(QueryError, match=r'await SensoriumStore\.aopen\(\.\.\.\), or model="'):
        SensoriumStore.open(index=index)
    (await SensoriumStore.aopen(index=index)).close()
    SensoriumStore.open(index=index, model="mine").close()


def _awaited(function: Any) -> Any:
    """An asynchronous function that has no name of its own."""

    async def awaited(texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = await function(texts)
        return vectors

    awaited.__qualname__ = "<lambda>"
    return awaited


async def test_names_that_other_stores_have(tmp_path: Path) -> None:
    """`from_conn_string` opens, and `setup` has nothing to do, awaited or not."""
    with SensoriumStore.from_conn_string(str(tmp_path), index=INDEX) as store:
        store.setup()
        store.put(("a",), "k", {"text": "sea"})
    async with SensoriumStore.from_conn_string(str(tmp_path), index=INDEX) as store:
        await store.setup()
        assert keys(store, query="sea") == ["k"]
    with pytest.raises(StoreFormatError, match="postgresql"):
        SensoriumStore.from_conn_string("postgresql://user@host/db")


async def test_an_asynchronous_function_embeds() -> None:
    """It runs on the caller's loop, and for synchronous calls on one of its own."""
    loops = set()

    async def noted(texts: list[str]) -> list[list[float]]:
        loops.add(asyncio.get_running_loop())
        return await aembed(texts)

    index: Any = index_with(embed=noted)
    async with SensoriumStore.open(index=index) as store:
        await store.aput(("a",), "k", {"text": "sea"})
        [found] = await store.asearch(("a",), query="sea")
        assert found.score == pytest.approx(1, abs=1e-3)
        assert loops == {asyncio.get_running_loop()}
        with pytest.raises(QueryError, match="await"):  # whatever it is: the loop would wait
            store.delete(("a",), "k")
        with pytest.raises(QueryError, match="await"):
            store.memory.remember(text="sea")
        await asyncio.to_thread(store.put, ("a",), "l", {"text": "sea"})
        assert len(loops) == 2


async def test_the_loop_is_free_while_the_store_works() -> None:
    """Other tasks go on while an operation waits in its thread."""
    started, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(texts: list[str]) -> list[list[float]]:
        if texts == [SENTENCE]:  # at opening, in this thread
            return embed(texts)
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(PATIENCE)
        return embed(texts)

    async with SensoriumStore.open(index=index_with(embed=slow)) as store:
        put = asyncio.create_task(store.aput(("a",), "k", {"text": "sea"}))
        await asyncio.wait_for(started.wait(), PATIENCE)
        go_on.set()
        await put
        assert await store.aget(("a",), "k") is not None


def test_a_store_closes_only_what_it_opened() -> None:
    """A memory that the caller opened stays open; closing twice is not an error."""
    with Memory.open(":memory:", owner="o", encoder=index_encoder(INDEX)) as memory:
        with SensoriumStore(memory, index=INDEX) as store:
            store.put(("a",), "k", {"text": "sea"})
        store.close()
        assert memory.count() == 1
    own = SensoriumStore.open(index=INDEX)
    own.close()
    with pytest.raises(StoreClosedError):
        own.get(("a",), "k")


def test_sensoriums_own_embeddings_are_their_encoder() -> None:
    """An index of `SensoriumEmbeddings` opens a memory of all their senses."""
    encoder = open_mini()
    own: Any = {"dims": encoder.space.dimension, "embed": SensoriumEmbeddings(encoder)}
    assert index_encoder(own) is encoder
    with SensoriumStore.open(index=own) as store:
        assert store.memory.encoder is encoder
        store.put(("a",), "k", {"text": "a dog barks"})
        assert keys(store, query="barking") == ["k"]
    wrong: Any = {**own, "dims": 3}
    with pytest.raises(QueryError, match=str(encoder.space.dimension)):
        index_encoder(wrong)


def test_scores_of_an_embedding_are_cosines() -> None:
    """Scores stay cosines when the memory is large enough to be calibrated."""

    def alike(texts: list[str]) -> list[list[float]]:
        return [(direction(text, DIMS) + 3 * direction("usual", DIMS)).tolist() for text in texts]

    reference = InMemoryStore(index=index_with(embed=alike))
    with SensoriumStore.open(index=index_with(embed=alike)) as store:
        ops = [PutOp(("a",), str(i), {"text": f"note {i}"}) for i in range(400)]
        store.batch(ops)
        reference.batch(ops)
        ours, theirs = (one.search(("a",), query="note 7", limit=5) for one in (store, reference))
        assert [item.key for item in ours] == [item.key for item in theirs]
        for item, other in zip(ours, theirs, strict=True):
            assert item.score == pytest.approx(other.score, abs=1e-3)


@pytest.mark.parametrize(
    "index",
    [
        "text",
        ["text"],
        {"field": ["text"]},
        index_with(dim=DIMS),
        index_with(embed=3),
        {1: "text"},
    ],
    ids=range(6),
)
def test_a_wrong_index_is_an_error(index: Any, tmp_path: Path) -> None:
    """Before a folder is begun, and where an encoder is made of it."""
    with pytest.raises(QueryError, match=r"index=|embed="):
        SensoriumStore.open(tmp_path / "new", index=index)
    assert not (tmp_path / "new").exists()
    with pytest.raises(QueryError, match=r"index=|embed="):
        index_encoder(index)


def test_what_langgraph_adds_to_an_index_is_taken() -> None:
    """Its own store writes private keys into the dictionary that it is given."""
    shared: Any = dict(INDEX)
    InMemoryStore(index=shared)
    shared["__tokenized_fields"] = [("text", ["text"])]
    with SensoriumStore.open(index=shared) as store:
        store.put(("a",), "k", {"text": "sea"})
        assert keys(store, query="sea") == ["k"]


def test_a_folder_is_one_memory_for_all(tmp_path: Path) -> None:
    """Where nobody says whose, items are found as on the command line."""
    encoder = index_encoder(INDEX)
    with SensoriumStore.open(tmp_path, index=INDEX) as store:
        store.put(("a",), "k", {"text": "sea"})
    with Memory.open(tmp_path, owner=OWNER, encoder=encoder) as memory:
        [hit] = memory.recall("sea")
        assert hit.record.metadata["key"] == "k"
        memory.remember(text="sea, by somebody else")
        assert keys(SensoriumStore(memory, index=INDEX), query="sea") == ["k"]


def test_what_is_no_memory_is_refused(tmp_path: Path) -> None:
    """The name of a folder is not a memory; the error says what to write."""
    with pytest.raises(QueryError, match=r'an open Memory; write SensoriumStore\.open\("folder"\)'):
        SensoriumStore(str(tmp_path))  # type: ignore[arg-type]  # meant
