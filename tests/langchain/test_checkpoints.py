"""What a conversation recalls does not fill its checkpoints: they hold words, not pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from tests.support.planted import PlantedEncoder, sound

from sensorium.langchain import SensoriumRetriever, artifact_blocks, memory_tools
from sensorium.memory import Memory
from sensorium.samples import FOLDER, sample

PICTURES = ("photo_dog", "photo_pizza", "photo_piano", "photo_helicopter")
TURNS = 6
A_TURN = 12_000  # bytes at most, with four pictures in its answer


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as opened:
        for name in PICTURES:
            opened.remember(sample(name), text=f"dog {name}")
        yield opened


def stored_bytes(saver: InMemorySaver) -> int:
    """All that a saver keeps: of each value its bytes, as they are serialised."""
    blobs = [content for _, content in saver.blobs.values()]
    saved = [
        part
        for of_thread in saver.storage.values()
        for of_namespace in of_thread.values()
        for (_, checkpoint), (_, metadata), _ in of_namespace.values()
        for part in (checkpoint, metadata)
    ]
    writes = [value[1] for own in saver.writes.values() for _, _, value, _ in own.values()]
    return sum(map(len, [*blobs, *saved, *writes]))


def conversation(tools: Any) -> tuple[Any, InMemorySaver]:
    saver = InMemorySaver()
    graph: Any = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "tools")
    return graph.compile(checkpointer=saver), saver


def recalls(memory: Memory, **options: Any) -> tuple[int, Any]:
    """The size of a conversation of several recalls, and its last answer."""
    agent, saver = conversation(memory_tools(memory, **options))
    for number in range(TURNS):
        call = {"name": "recall", "args": {"query": "dog"}, "id": str(number)}
        messages = [HumanMessage("show me the dog"), AIMessage("", tool_calls=[call])]
        state = agent.invoke({"messages": messages}, {"configurable": {"thread_id": "1"}})
    return stored_bytes(saver), state["messages"][-1]


def test_recalled_pictures_are_not_in_checkpoints(memory: Memory) -> None:
    """A saver writes the messages of a thread anew in each step, so its size is theirs squared."""
    size, answer = recalls(memory)
    assert len(answer.artifact["hits"]) == len(PICTURES)
    assert size < TURNS * TURNS * A_TURN
    pictures = sum((FOLDER / f"{name}.jpg").stat().st_size for name in PICTURES)
    shown: list[Any] = artifact_blocks(memory, answer.artifact)
    assert sum(len(block.get("base64", "")) for block in shown) >= pictures  # and still reached
    assert not any(
        base64.b64encode((FOLDER / f"{name}.jpg").read_bytes())[:100].decode() in repr(answer)
        for name in PICTURES
    )


def test_pictures_in_messages_are_in_checkpoints(memory: Memory) -> None:
    """As they must be, since the model sees them again: the measure sees bytes."""
    with_pictures, _ = recalls(memory, show_media=True)
    without, _ = recalls(memory)
    assert with_pictures > 4 * without


def test_documents_of_a_retriever_refer_to_pictures(memory: Memory) -> None:
    """They too are kept as artifacts, of `create_retriever_tool`."""
    documents = SensoriumRetriever(memory=memory).invoke("dog")
    assert len(documents) == len(PICTURES)
    assert all(len(document.model_dump_json()) < 2000 for document in documents)


def test_a_long_recording_is_a_short_reference(memory: Memory) -> None:
    """However many windows it has."""
    with memory.for_owner("max") as other:
        other.remember(sound("|".join(["dog"] * 600)))
        size, answer = recalls(other)
    assert [hit["modality"] for hit in answer.artifact["hits"]] == ["audio"]
    assert size < TURNS * TURNS * A_TURN / 2
