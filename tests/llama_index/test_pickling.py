"""Whatever is made of a memory for LlamaIndex can be handed to a worker, and copied."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.schema import TextNode
from llama_index.core.workflow import Context, StartEvent, StopEvent, Workflow, step
from qdrant_client import QdrantClient
from tests.support.llama_indexing import ask, node, vector
from tests.support.planted import PlantedEncoder, picture
from tests.support.workers import Sealed, again, workers
from workflows.context.serializers import PickleSerializer

from sensorium.errors import EncodingError, QueryError, StoreClosedError, StoreError
from sensorium.llama_index import (
    SensoriumEmbedding,
    SensoriumMemoryBlock,
    SensoriumReader,
    SensoriumRetriever,
    SensoriumVectorStore,
)
from sensorium.memory import Memory
from sensorium.samples import FOLDER

NAMES = ["dog", "sea", "fire"]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    folder = tmp_path_factory.mktemp("memory")
    with Memory.open(folder, owner="rex", encoder=PlantedEncoder()) as made:
        SensoriumVectorStore(made).add([node(f"n-{name}", name) for name in NAMES])
        for name in NAMES:
            made.remember(picture(name), text=name, source="chat")
        yield made


def nearest(store: SensoriumVectorStore, words: str) -> str:
    return ask(store, words, 1)[0]


def retrieved(retriever: SensoriumRetriever, words: str) -> str:
    return str(retriever.retrieve(words)[0].node.metadata)


def reminded(block: SensoriumMemoryBlock, words: str) -> str:
    message = ChatMessage(role="user", content=words)
    return str(asyncio.run(block.aget([message])))


MADE: list[tuple[Callable[[Memory], Any], Callable[[Any, str], str]]] = [
    (SensoriumVectorStore, nearest),
    (lambda memory: SensoriumMemoryBlock(memory=memory, scope="owner"), reminded),
]


@pytest.mark.parametrize(("make", "find"), MADE)
def test_it_answers_where_it_arrives(
    memory: Memory, make: Callable[[Memory], Any], find: Callable[[Any, str], str]
) -> None:
    """As here, in the same process and after a copy of everything in it."""
    made = make(memory)
    for other in (again(made), copy.deepcopy(made), made.model_copy()):
        for name in NAMES:
            assert name in find(other, name)


@pytest.mark.slow
def test_workers_search(memory: Memory) -> None:
    """Stores, blocks and retrievers may be arguments of a pool's functions."""
    block = SensoriumMemoryBlock(memory=memory, scope="owner")
    retriever = SensoriumRetriever(memory, similarity_top_k=1, modalities=["image"])
    with workers() as call:
        assert call(nearest, SensoriumVectorStore(memory), "sea") == "n-sea"
        assert "fire" in call(reminded, block, "fire")
        assert "image" in call(retrieved, retriever, "dog")


def test_what_a_worker_adds_is_found_here(memory: Memory) -> None:
    """Through a store of one modality, whose writer came with it."""
    store = SensoriumVectorStore(memory)
    other = again(store)
    other.add([node("n-snow", "snow")])
    other.memory.close()
    assert nearest(store, "snow") == "n-snow"
    store.delete_nodes(["n-snow"])


def test_a_store_closes_what_it_opened(tmp_path: Path) -> None:
    """There as here, and each its own, with a model of another make."""
    model = MockEmbedding(embed_dim=6)
    with SensoriumVectorStore.open(tmp_path, embed_model=model) as store:
        store.add([TextNode(id_="a", text="dog", embedding=[1.0] * 6)])
        with again(store) as other:
            assert [found.node_id for found in other.get_nodes()] == ["a"]
            assert other.memory.encoder.space == store.memory.encoder.space
        with pytest.raises(StoreClosedError):
            other.get_nodes()
        assert len(store.get_nodes()) == 1


def test_nothing_is_left_out_in_silence() -> None:
    """LlamaIndex pickles without what cannot be pickled; a store without its memory is none."""
    place, encoder = QdrantClient(":memory:"), PlantedEncoder()
    with Memory.open(place, owner="rex", encoder=encoder, keep_media=False) as memory:
        store = SensoriumVectorStore(memory)
        with pytest.raises(StoreError, match="to be pickled"):
            pickle.dumps(store)


def test_embeddings_are_pickled_with_their_encoder() -> None:
    """With an encoder that was given, and without callbacks that cannot be pickled."""
    counter = TokenCountingHandler()
    counter.on_event_end = lambda *x, **y: None  # type: ignore[method-assign]
    model = SensoriumEmbedding(
        PlantedEncoder(model="own"), embed_batch_size=7, callback_manager=CallbackManager([counter])
    )
    other = again(model)
    assert (other.model_name, other.embed_batch_size) == ("own", 7)
    assert other.get_text_embedding("sea") == vector("sea")
    with pytest.raises(EncodingError, match="Sealed, which cannot be pickled"):
        pickle.dumps(SensoriumEmbedding(Sealed()))


def test_a_store_is_described_and_made_again(tmp_path: Path) -> None:
    """As JSON, by the place and the names of its owner and encoder; else in a memory."""
    with SensoriumVectorStore.open(tmp_path, owner="me", embed_model=SensoriumEmbedding()) as store:
        store.add(
            [TextNode(id_="a", text="dog", embedding=[1.0] * store.memory.encoder.space.dimension)]
        )
        with SensoriumVectorStore.from_json(store.sibling("text").to_json()) as other:
            assert [found.node_id for found in other.get_nodes()] == ["a"]
            assert other.memory.owner == "me"
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        described = SensoriumVectorStore(memory, modality="image").to_dict()
        with pytest.raises(QueryError, match="pass memory="):
            SensoriumVectorStore.from_dict(described)
        again_made = SensoriumVectorStore.from_dict(described, memory=memory)
        assert (again_made.modality, again_made.memory) == ("image", memory)


def test_retrievers_and_readers_are_copied(memory: Memory) -> None:
    """With their options."""
    retriever = SensoriumRetriever(memory, similarity_top_k=1, modalities=["image"])
    reader = SensoriumReader(accel="m/s^2", gyro="rad/s")
    for other in (copy.deepcopy(retriever), again(retriever)):
        assert "image" in retrieved(other, "dog")
    for also in (copy.deepcopy(reader), again(reader)):
        [jog] = also.load_data(FOLDER / "imu_jogging.npz")
        assert jog.metadata["modality"] == "imu"


class Reminding(Workflow):
    """An agent that puts a chat memory in its context, and asks the memory of its context."""

    chat: ChatMemory | None = None

    @step
    async def ask(self, context: Context, asked: StartEvent) -> StopEvent:
        if self.chat is not None:
            await context.store.set("chat", self.chat)
        [block] = (await context.store.get("chat")).memory_blocks
        found = await block.aget([ChatMessage(role="user", content="dog")])
        return StopEvent(result=str(found))


async def test_a_saved_workflow_keeps_its_memory_block(memory: Memory) -> None:
    """What its context remembered is recalled by a workflow that goes on from it."""
    before, after = Reminding(), Reminding()
    block = SensoriumMemoryBlock(memory=memory, scope="owner")
    before.chat = ChatMemory.from_defaults(session_id="a", memory_blocks=[block])
    context = Context(before)
    assert "dog" in str(await before.run(ctx=context))
    saved = context.to_dict(serializer=PickleSerializer())
    restored = Context.from_dict(after, saved, serializer=PickleSerializer())
    assert "dog" in str(await after.run(ctx=restored))
