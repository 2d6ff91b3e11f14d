"""The tool `when`: an agent of LangChain asks what has arrived since its last call."""

from __future__ import annotations

from typing import Any

from tests.support.planted import PlantedEncoder

from sensorium.langchain import memory_tools
from sensorium.memory import Memory


def test_what_has_arrived_goes_on_from_the_last_answer() -> None:
    """The message says how, and the artifact has the cursor."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(background=True)) as memory:
        [tool] = [each for each in memory_tools(memory, when=True) if each.name == "when"]

        def asked(moment: str) -> Any:
            args = {"what": "arrived", "query": "kettle", "moment": moment}
            return tool.invoke({"name": "when", "args": args, "id": "1", "type": "tool_call"})

        begun = asked("")
        memory.remember(text="kettle 1", id="a")
        memory.remember(text="sea 2")
        found = asked(begun.artifact["cursor"])
        assert [hit["record"]["id"] for hit in found.artifact["hits"]] == ["a"]
        assert found.content.endswith(f"moment={found.artifact['cursor']}")
        assert asked(found.artifact["cursor"]).artifact["hits"] == []
        refused = asked("damaged")
        assert refused.status == "error"
        assert "cursor of a watch" in refused.content
