"""An agent keeps, asks with and adds what its user has just sent, and nothing that others sent."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from tests.support.planted import PlantedEncoder

from sensorium.langchain import artifact_blocks, memory_tools
from sensorium.memory import Memory
from sensorium.percepts import Limits
from sensorium.samples import FOLDER

UNITS = {"accel": "m/s^2", "gyro": "rad/s"}


def encoded(name: str) -> str:
    return base64.b64encode((FOLDER / name).read_bytes()).decode("ascii")


DOG: dict[str, Any] = {
    "type": "image",
    "base64": encoded("photo_dog.jpg"),
    "mime_type": "image/jpeg",
}
PIANO: dict[str, Any] = {**DOG, "base64": encoded("photo_piano.jpg")}
BARK: dict[str, Any] = {
    "type": "audio",
    "base64": encoded("sound_dog_bark.ogg"),
    "mime_type": "audio/ogg",
}
JOG = {
    "type": "non_standard",
    "value": {"modality": "imu", "base64": encoded("imu_jogging.npz"), **UNITS},
}
NOTE = {
    "type": "file",
    "base64": base64.b64encode(b"the ferry").decode(),
    "mime_type": "text/plain",
}


def human(*blocks: Any, name: str | None = None) -> HumanMessage:
    return HumanMessage([{"type": "text", "text": "look"}, *blocks], name=name)


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as opened:
        yield opened


def asked(tools: list[Any], messages: Sequence[BaseMessage], tool: str, **args: Any) -> ToolMessage:
    """What a tool answers in a conversation."""
    graph: Any = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    call = AIMessage("", tool_calls=[{"name": tool, "args": args, "id": "1"}])
    answer = graph.compile().invoke({"messages": [*messages, call]})["messages"][-1]
    assert isinstance(answer, ToolMessage)
    return answer


def kept(memory: Memory, messages: Sequence[BaseMessage], **args: Any) -> list[str]:
    """Digests of the signals that `remember` takes from a conversation."""
    answer = asked(
        memory_tools(memory, attached=True, **args), messages, "remember", attached="last message"
    )
    assert answer.status == "success", answer.content
    return [one.digest for one in memory.get(answer.artifact["id"]).media if one.of is None]


def digests(memory: Memory, *blocks: Any) -> list[str]:
    """Digests of blocks that are a message of their own."""
    return kept(memory, [human(*blocks)])


def test_all_that_the_user_sent_is_kept(memory: Memory) -> None:
    """Pictures, sounds, motion and files, in one memory; the model gets its id."""
    tools = memory_tools(memory, attached=True)
    answer = asked(
        tools, [human(DOG, BARK, JOG, NOTE)], "remember", text="Rex", attached="last message"
    )
    record = memory.get(answer.artifact["id"])
    assert record.modalities == ("audio", "image", "imu", "text")
    assert sorted(record.text.splitlines()) == ["Rex", "the ferry"]
    assert f"(id {record.id})" in str(answer.content)
    assert "with what the user sent: a picture and a sound of" in str(answer.content)
    assert {"type": "image", "base64": DOG["base64"], "mime_type": "image/jpeg"} in (
        artifact_blocks(memory, answer.artifact)
    )


def test_it_is_the_user_s_last_turn(memory: Memory) -> None:
    """Several messages without an answer between are one turn; the tool's own turn is none."""
    [dog], [piano] = digests(memory, DOG), digests(memory, PIANO)
    assert kept(memory, [human(PIANO), AIMessage("nice"), human(DOG)]) == [dog]
    assert kept(memory, [human(DOG), human(PIANO), human()]) == [dog, piano]
    working: list[BaseMessage] = [
        AIMessage("", tool_calls=[{"name": "recall", "args": {}, "id": "0"}]),
        ToolMessage("nothing", tool_call_id="0"),
    ]
    assert kept(memory, [human(DOG), *working]) == [dog]


def test_what_others_sent_is_not_the_user_s(memory: Memory) -> None:
    """Neither the model, nor a tool, nor somebody of another name in the same conversation."""
    tools = memory_tools(memory, attached=True)
    answers: list[BaseMessage] = [
        AIMessage([{"type": "text", "text": "this"}, DOG]),
        ToolMessage([{"type": "text", "text": "this"}, DOG], tool_call_id="0"),
        human(DOG, name="bob"),
    ]
    for other in answers:
        for which in ("last message", "earlier message"):
            said = asked(
                tools, [human(name="ada"), other, human(name="ada")], "remember", attached=which
            )
            assert said.status == "error", said.content
    assert memory.count() == 0
    mine = [human(DOG, name="ada"), human(PIANO, name="bob"), human(name="ada")]
    found = asked(tools, mine, "remember", attached="earlier message")
    [image] = found.artifact["record"]["media"]
    assert [image["digest"]] == digests(memory, DOG)


def test_an_earlier_message_is_taken_only_if_named(memory: Memory) -> None:
    """The error says how; it is the latest one that has any."""
    tools = memory_tools(memory, attached=True)
    talk: list[BaseMessage] = [
        human(PIANO),
        AIMessage("a"),
        human(DOG),
        AIMessage("b"),
        human(),
        AIMessage("c"),
    ]
    messages: list[BaseMessage] = [*talk, human()]
    refused = asked(tools, messages, "remember", attached="last message")
    assert refused.status == "error"
    assert 'write attached "earlier message"' in str(refused.content)
    taken = asked(tools, messages, "remember", attached="earlier message")
    [image] = taken.artifact["record"]["media"]
    assert [image["digest"]] == digests(memory, DOG)
    alone = str(asked(tools, [human()], "remember", attached="last message").content)
    assert "earlier message" not in alone
    assert "leave attached out" in alone


def test_the_user_s_picture_is_a_question(memory: Memory) -> None:
    """And can be added to what is known already."""
    tools = memory_tools(memory, attached=True, update=True)
    first = asked(tools, [human(DOG)], "remember", text="Rex", attached="last message").artifact
    asked(tools, [human()], "remember", text="the sea")
    found = asked(tools, [human(DOG)], "recall", attached="last message", modalities=["image"])
    assert [hit["record"]["id"] for hit in found.artifact["hits"]] == [first["id"]]
    answer = asked(tools, [human(BARK)], "update", id=first["id"], attached="last message")
    assert "added: a sound of" in str(answer.content)
    assert memory.get(first["id"]).modalities == ("audio", "image", "text")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a web address": ({"type": "image", "url": "https://example.org/a.png"}, "ask the user to"),
    "a provider's file": ({"type": "file", "file_id": "file-1"}, "ask the user to send it again"),
    "a file of another place": (
        {"type": "image", "url": (FOLDER / "photo_dog.jpg").as_uri()},
        "ask the user to send it again",
    ),
    "a document": (
        {"type": "file", "base64": "JVBERi0xLjQK", "mime_type": "application/pdf"},
        "part 2 of the last message",
    ),
    "broken base64": ({**DOG, "base64": "%"}, "part 2 of the last message"),
    "motion without units": (
        {
            "type": "non_standard",
            "value": {"modality": "imu", "base64": encoded("imu_jogging.npz")},
        },
        "part 2 of the last message",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_part_that_cannot_be_taken_is_named(memory: Memory, kind: str) -> None:
    """Nothing is kept then, not even the other parts."""
    block, told = REFUSED[kind]
    answer = asked(
        memory_tools(memory, attached=True),
        [human(DOG, block)],
        "remember",
        attached="last message",
    )
    assert answer.status == "error"
    assert told in str(answer.content)
    assert memory.count() == 0


def test_files_are_read_within_roots(memory: Memory) -> None:
    """As everywhere; and the limits are those of the tools."""
    block = {"type": "image", "url": (FOLDER / "photo_dog.jpg").as_uri()}
    assert kept(memory, [human(block)], roots=[FOLDER]) == digests(memory, DOG)
    small = memory_tools(memory, attached=True, limits=Limits(max_pixels=100))
    answer = asked(small, [human(DOG)], "remember", attached="last message")
    assert "pixels" in str(answer.content)


def test_outside_of_a_conversation_there_is_no_message(memory: Memory) -> None:
    """Called by a program, the tool says so."""
    remember, _ = memory_tools(memory, attached=True)
    said = remember.invoke({"text": "x", "attached": "last message"})
    assert "outside of a conversation" in said
    for nothing in (None, ""):
        said = remember.invoke({"text": f"x{nothing}", "attached": nothing})
        assert said.startswith("remembered")
    assert "attached was" in remember.invoke({"text": "x", "attached": "everything"})


def test_the_argument_is_there_if_asked_for(memory: Memory) -> None:
    """Described, with its two values; tools outside of conversations do not have it."""
    for tool in memory_tools(memory, attached=True, update=True):
        field = convert_to_openai_tool(tool)["function"]["parameters"]["properties"]["attached"]
        assert {"enum": ["last message", "earlier message"], "type": "string"} in field["anyOf"]
        assert "sent" in field["description"]
    for tool in memory_tools(memory, update=True, forget=True):
        assert "attached" not in tool.args


def test_states_of_other_forms_have_messages(memory: Memory) -> None:
    """A list of messages is a state, too."""
    tools = memory_tools(memory, attached=True)
    call = AIMessage(
        "",
        tool_calls=[{"name": "remember", "args": {"attached": "last message"}, "id": "1"}],
    )
    graph: Any = StateGraph(list)
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "tools")
    [answer] = graph.compile().invoke([human(DOG), call])
    assert answer.status == "success", answer.content
