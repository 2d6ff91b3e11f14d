"""One dialect: what the tools of every framework take, and what they refuse."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool
from mcp import Client
from pydantic import BaseModel, ValidationError
from tests.support.planted import PlantedEncoder

from sensorium.agents.arguments import (
    Recall,
    Remember,
    Signal,
    check_content,
    check_question,
    filters,
)
from sensorium.agents.wording import refused
from sensorium.errors import ToolArgumentError
from sensorium.langchain import memory_tools
from sensorium.mcp import build_server
from sensorium.memory import Memory
from sensorium.percepts import Percept

MCP_ALONE = {"together", "previews"}  # a server cannot be told these when it is made


async def test_langchain_and_mcp_speak_one_dialect() -> None:
    """`remember` and `recall` have the same arguments, descriptions and limits in both."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        mine = {tool.name: tool for tool in memory_tools(memory)}
        async with Client(build_server(memory)) as client:
            theirs = {tool.name: tool for tool in (await client.list_tools()).tools}
        for name, model in (("remember", Remember), ("recall", Recall)):
            arguments = theirs[name].input_schema["properties"]
            assert arguments.keys() - MCP_ALONE == model.model_fields.keys()
            properties = model.model_json_schema()["properties"]
            for argument, schema in properties.items():
                assert arguments[argument]["description"].startswith(schema["description"])
                limits = {"minimum", "maximum"} & schema.keys()
                assert all(arguments[argument][limit] == schema[limit] for limit in limits)
            told = convert_to_openai_tool(mine[name])["function"]["parameters"]["properties"]
            assert told.keys() == properties.keys()
            for argument, schema in told.items():
                assert schema["description"] == properties[argument]["description"]


def test_every_unit_of_every_modality_is_described() -> None:
    """The schema of a signal names the units that the percepts declare, with their meaning."""
    units = Signal.model_json_schema()["properties"]["units"]["anyOf"][0]["properties"]
    for modality, sense in Percept.modalities.items():
        for name, unit in sense.needs.items():
            if sense.__module__.startswith("sensorium."):
                assert f"For {modality}: {unit.meaning}." in units[name]["description"]
    assert units["span"]["type"] == "array"


@pytest.mark.parametrize("model", [Remember, Recall])
def test_null_is_what_was_not_given(model: type[BaseModel]) -> None:
    """Models whose schemas are strict send null for every argument that they leave out."""
    names = [name for name in model.model_fields if name != "limit"]
    assert model.model_validate(dict.fromkeys(names)) == model()


def test_times_and_ages() -> None:
    """A bound is a time or an age before now; a time of a memory is never an age."""
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    asked = Recall.model_validate({"since": "30d", "until": "2026-07-01T12:00:00Z"})
    expected = datetime.now(timezone.utc) - timedelta(days=30)
    assert asked.since is not None
    assert abs(asked.since - expected) < timedelta(seconds=5)
    assert asked.until == noon
    assert Remember.model_validate({"at": "2026-07-01 14:00+02:00"}).at == noon
    assert Remember.model_validate({"ttl": "1.5h"}).ttl == timedelta(minutes=90)


WRONG: dict[str, tuple[type[BaseModel], dict[str, Any], str]] = {
    "an age as the time of a memory": (Remember, {"at": "30d"}, "write it like 2026-07-01T12"),
    "no time": (Recall, {"since": "a month"}, "or like 30d"),
    "a number as a time": (Recall, {"since": 1_700_000_000}, "a time in ISO 8601, or a length"),
    "no age": (Remember, {"ttl": "0d"}, "such as 30d"),
    "too many hits": (Recall, {"limit": 51}, "less than or equal to 50"),
    "too many signals": (Remember, {"media": [{"data": "AAAA"}] * 101}, "at most 100 items"),
    "an unknown modality": (Recall, {"modalities": ["photo"]}, "write image for pictures"),
    "a nested condition": (Recall, {"where": {"n": [{"$gt": 1}]}}, '"floor": [1, 2]'),
    "a bare path": (Remember, {"media": ["photo.jpg"]}, 'write {"path": "photo.jpg"}'),
    "a name twice": (Remember, {"media": [{"data": "AAAA", "base64": "AAAA"}]}, "leave base64 out"),
    "no content": (Remember, {"media": [{"modality": "image"}]}, "exactly one of"),
    "two contents": (Remember, {"media": [{"data": "", "path": ""}]}, "exactly one of"),
    "a sample of five numbers": (Remember, {"media": [{"samples": [[0.0] * 5]}]}, "samples[0]"),
    "times of a file": (Remember, {"media": [{"data": "AAAA", "times": [0]}]}, "none for a file"),
    "fewer times than samples": (
        Remember,
        {"media": [{"samples": [[0] * 6] * 2, "times": [0]}]},
        "one time for each",
    ),
}


@pytest.mark.parametrize(("model", "arguments", "part"), WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_refused(
    model: type[BaseModel], arguments: dict[str, Any], part: str
) -> None:
    """The refusal says how to write it."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(arguments)
    assert part in refused(caught.value)


def test_a_call_asks_one_thing() -> None:
    """Something is remembered, something is asked, and in one way."""
    check_content("words", [])
    check_content(" ", ["signal"])
    with pytest.raises(ToolArgumentError, match="needed text or media"):
        check_content(" ", [])
    check_question(["words"], like="", keywords="words")
    check_question([], like="id", keywords="")
    with pytest.raises(ToolArgumentError, match="query, media, like or keywords"):
        check_question([], like="", keywords="")
    with pytest.raises(ToolArgumentError, match="both like and a query or media"):
        check_question(["words"], like="id", keywords="")


def test_an_empty_condition_is_none() -> None:
    """Empty texts, lists and dictionaries do not restrict anything."""
    assert filters(tags=[], where={}, source="", since=None) == {}
    assert filters(tags=["a"], source="") == {"tags": ["a"]}
