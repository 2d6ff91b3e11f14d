"""An agent corrects and forgets, and is told what that changed; never of another's memories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from tests.support.planted import PlantedEncoder

from sensorium.langchain import memory_tools
from sensorium.memory import Memory


def called(tool: BaseTool, user: str = "ada", **args: Any) -> ToolMessage:
    """What the agent of a user gets back."""
    call = ToolCall(name=tool.name, args=args, id="1", type="tool_call")
    message = tool.invoke(call, {"configurable": {"user": user}})
    assert isinstance(message, ToolMessage)
    return message


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="server", encoder=PlantedEncoder()) as opened:
        yield opened


@pytest.fixture
def tools(memory: Memory) -> dict[str, BaseTool]:
    made = memory_tools(
        memory, owner=lambda run: run["configurable"]["user"], update=True, forget=True
    )
    return {tool.name: tool for tool in made}


def test_tools_that_change_are_there_only_if_asked_for(memory: Memory) -> None:
    """Each by itself."""
    names = [
        [tool.name for tool in memory_tools(memory, update=update, forget=forget)]
        for update, forget in ((False, False), (True, False), (False, True), (True, True))
    ]
    assert names == [
        ["remember", "recall"],
        ["remember", "recall", "update"],
        ["remember", "recall", "forget"],
        ["remember", "recall", "update", "forget"],
    ]


def test_a_memory_is_corrected(tools: dict[str, BaseTool]) -> None:
    """The answer says what was lost and kept; what is recalled is the new text."""
    kept = called(tools["remember"], text="dog", tags=["pets"], metadata={"n": 1})
    name = kept.artifact["id"]
    answer = called(tools["update"], id=name, text="sea", metadata={"n": 1, "m": 2})
    assert answer.content == (
        f'updated: text (id {name})\nchanged: text, metadata\nlost: the text "dog"\nkept: tags'
    )
    assert answer.artifact["record"]["text"] == "sea"
    [hit] = called(tools["recall"], query="sea").artifact["hits"]
    assert (hit["record"]["id"], hit["record"]["metadata"]) == (name, {"n": 1, "m": 2})
    assert called(tools["update"], id=name).status == "error"
    assert "pets" in str(called(tools["recall"], query="sea").content)


def test_a_memory_is_forgotten(tools: dict[str, BaseTool]) -> None:
    """By id, by condition, all of it; words alone are no id of everything."""
    first = called(tools["remember"], text="dog").artifact["id"]
    called(tools["remember"], text="sea", tags=["trip"])
    called(tools["remember"], text="fire")
    gone = called(tools["forget"], ids=[first])
    assert (gone.content, gone.artifact) == ("forgot 1 memory", {"forgotten": 1, "missing": []})
    assert called(tools["forget"], tags=["trip"]).artifact["forgotten"] == 1
    assert called(tools["forget"]).status == "error"
    assert called(tools["forget"], everything=True).content == "forgot 1 memory"
    assert called(tools["recall"], query="dog").content == "nothing fits"


@pytest.mark.parametrize("tool", ["update", "forget"])
def test_another_user_s_memory_stays(memory: Memory, tools: dict[str, BaseTool], tool: str) -> None:
    """Its id is one that no memory here has."""
    name = called(tools["remember"], text="dog").artifact["id"]
    args = {"id": name, "text": "sea"} if tool == "update" else {"ids": [name]}
    said = str(called(tools[tool], user="bob", **args).content)
    told = "use an id that recall" if tool == "update" else "no memory here has the ids"
    assert told in said
    called(tools["forget"], user="bob", everything=True)
    with memory.for_owner("ada") as ada:
        assert [record.text for record in ada.timeline()] == ["dog"]


def test_models_are_told_the_arguments(tools: dict[str, BaseTool]) -> None:
    """Each has a description, and none is the run's."""
    for tool in tools.values():
        function = convert_to_openai_tool(tool)["function"]
        assert all(field["description"] for field in function["parameters"]["properties"].values())
        assert "runtime" not in function["parameters"]["properties"]
