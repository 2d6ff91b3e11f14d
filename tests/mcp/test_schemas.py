"""The schemas of the tools: what the APIs of models refuse in them is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client
from mcp_types import Tool
from tests.support.mcp_asking import NOON, ask, data_of, motion, picture, remembering, text_of

from sensorium.mcp import build_server
from sensorium.memory import Memory
from sensorium.percepts import Percept

MOST_BYTES = 15_500  # of all tools together: every talk begins with them
TYPES = {"string", "number", "integer", "boolean", "array", "object"}

# Fields of a schema that are taken. "Schema", ai.google.dev/api/caching#Schema, has a subset of
# OpenAPI 3.0: no $ref, $defs, additionalProperties, const or lists of types; `default` and `title`
# were refused by earlier versions.
GEMINI = {"type", "format", "description", "enum", "items", "properties", "required"}
GEMINI |= {"minimum", "maximum", "minItems", "maxItems", "anyOf", "nullable"}
# "Supported schemas", platform.openai.com/docs/guides/structured-outputs: with strict: true no
# `default`, and of texts only some formats. Clients add additionalProperties: false and require all
# names themselves (`ensure_strict_json_schema` of the OpenAI Agents SDK), which an object of any
# names would be emptied by.
OPENAI = {"type", "format", "description", "enum", "items", "properties", "required", "anyOf"}
OPENAI |= {"minimum", "maximum", "minItems", "maxItems", "pattern", "$ref", "$defs"}
OPENAI_FORMATS = {
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
}
# "Define tools", docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use: a name of
# at most 64 letters, an object as input_schema; no anyOf, oneOf or allOf at its top.
ANTHROPIC_NAME = 64


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def listed(memory: Memory) -> list[Tool]:
    async with Client(build_server(memory)) as client:
        return (await client.list_tools()).tools


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all schemas within it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from parts(inner)
    if "items" in schema:
        yield from parts(schema["items"])


async def test_every_property_is_of_one_type_and_described(own: Memory) -> None:
    """Without references, unions or null, and with the description on the property itself."""
    for tool in await listed(own):
        for schema in parts(tool.input_schema):
            assert schema["type"] in TYPES, tool.name
            for name, inner in schema.get("properties", {}).items():
                assert inner["description"].strip(), (tool.name, name)
        words = json.dumps([tool.input_schema, tool.output_schema])
        for word in ('"$ref"', '"$defs"', '"additionalProperties"', '"null"', '"anyOf"'):
            assert word not in words, (tool.name, word)


async def test_gemini_takes_the_schemas(own: Memory) -> None:
    """Known fields alone; arrays have items, objects properties, and texts two formats."""
    for tool in await listed(own):
        for schema in parts(tool.input_schema):
            assert schema.keys() <= GEMINI, tool.name
            if schema["type"] == "array":
                assert "items" in schema
            if schema["type"] == "object":  # "properties: should be non-empty for OBJECT type"
                assert schema["properties"], tool.name
            if schema["type"] == "string":  # "only 'enum' and 'date-time' are supported"
                assert schema.get("format", "enum") in {"enum", "date-time"}
            assert "enum" not in schema or schema["type"] == "string"
            assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()


async def test_openai_takes_the_schemas_as_strict_ones(own: Memory) -> None:
    """After a client has required all names; at most 100 properties, five levels deep."""
    for tool in await listed(own):
        schemas = list(parts(tool.input_schema))
        for schema in schemas:
            assert schema.keys() <= OPENAI, tool.name
            assert schema["type"] != "object" or schema["properties"]
            assert schema.get("format", "date-time") in OPENAI_FORMATS
        assert sum(len(schema.get("properties", ())) for schema in schemas) <= 100
        assert depth(tool.input_schema) <= 5


def depth(schema: dict[str, Any]) -> int:
    inner = [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]
    return (
        1 + max(map(depth, inner), default=0)
        if schema["type"] == "object"
        else max(map(depth, inner), default=0)
    )


async def test_anthropic_takes_the_schemas(own: Memory) -> None:
    """An object at the top, under a short name."""
    for tool in await listed(own):
        assert tool.input_schema["type"] == "object"
        assert not tool.input_schema.keys() & {"anyOf", "oneOf", "allOf"}
        assert len(tool.name) <= ANTHROPIC_NAME
        assert tool.name.isidentifier()


async def test_all_tools_are_few_words(own: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together, as a client gets them, without the senses that other tests add."""
    ours = ("text", "image", "video", "audio", "depth", "thermal", "imu")
    monkeypatch.setattr(Percept, "modalities", {name: Percept.modalities[name] for name in ours})
    tools = await listed(own)
    sent = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    assert sum(len(json.dumps(tool)) for tool in sent) <= MOST_BYTES


async def test_what_is_one_of_a_few_names_is_listed(own: Memory) -> None:
    """Modalities, units of motion, what is counted by, and what became of a memory."""
    tools = {tool.name: tool for tool in await listed(own)}
    recall, remember = (tools[name].input_schema["properties"] for name in ("recall", "remember"))
    medium = remember["media"]["items"]["properties"]
    assert {"image", "audio", "imu"} <= set(recall["modalities"]["items"]["enum"])
    assert {"image", "audio", "imu"} <= set(medium["modality"]["enum"])
    assert "m/s^2" in medium["units"]["properties"]["accel"]["enum"]
    assert "deg/s" in medium["units"]["properties"]["gyro"]["enum"]
    by = tools["count"].input_schema["properties"]["by"]
    assert by["enum"] == ["tags", "source", "modalities"]
    kept = (tools["remember"].output_schema or {})["properties"]["records"]["items"]
    assert "known" in kept["properties"]["status"]["enum"]
    assert all(tool.title for tool in tools.values())


async def test_null_is_read_as_not_given_by_every_tool(own: Memory) -> None:
    """Models whose schemas are strict send null for all that they leave out."""
    given: dict[str, dict[str, Any]] = {
        "remember": {"text": "dog"},
        "recall": {"query": "dog"},
        "timeline": {},
        "episodes": {},
        "when": {"what": "first"},
        "count": {},
        "search": {"query": "dog"},
        "forget": {"tags": ["none"]},
    }
    async with Client(build_server(own)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        for name, arguments in given.items():
            every = dict.fromkeys(tools[name].input_schema["properties"])
            answer = await client.call_tool(name, {**every, **arguments})
            assert not answer.is_error, (name, text_of(answer))


async def test_objects_come_as_json_too(own: Memory) -> None:
    """Metadata, conditions and units: as their schemas say, and as objects."""
    depth_map = picture("mug", modality="depth", units='{"unit": "mm", "fx": "assume-60deg"}')
    async with Client(build_server(own)) as client:
        await ask(client, "remember", text="dog", at=NOON, metadata='{"room": "kitchen"}')
        for where in ('{"room": ["kitchen"]}', {"room": "kitchen"}):
            assert (await data_of(client, "count", where=where))["count"] == 1
        units = json.dumps(motion("run")["units"])
        await ask(client, "remember", media=[motion("run") | {"units": units}])
        broken = await client.call_tool("remember", {"media": [{**depth_map, "units": "mm"}]})
    assert broken.is_error
    assert "units" in text_of(broken)
