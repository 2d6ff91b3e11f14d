"""JSON schemas of tools in the few words that the API of every model takes.

Clients hand the schemas of a server to the API of a model, some of them as they are. What one
of these refuses, a union, a reference or an object of any names, takes all tools away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from sensorium.percepts import Percept

Schema: TypeAlias = "Mapping[str, Any]"
KEPT = ("type", "description", "enum", "minimum", "maximum")  # as they are
DATE_TIME = "date-time"  # the only format of a text that Gemini's API takes
UNITS = "units"
MOST_PROPERTIES = 4  # of data, and of the objects in its lists, that are described
ENUMS = {"accel": ["m/s^2", "g"], "gyro": ["rad/s", "deg/s"]}
SHORT = {  # meanings of units in few words
    "fx": "depth: focal length in pixels, or assume-60deg to accept a guess.",
    "accel": "imu: unit of the acceleration.",
    "gyro": "imu: unit of the rotation rate.",
    "rate": "imu: samples per second.",
}
COMMON = ("unit", "fx", "accel", "gyro", "rate")  # units that are described
UNITS_TOLD = "What the numbers of depth maps, thermal pictures and motions mean."
MODALITY = "Needed for depth, thermal and imu, with their units; others are recognised."
BRIEF = {  # the common fields of a signal, in few words
    "data": "The file as base64 or data: URI.",
    "path": "Instead of data: a file that may be read here.",
    "samples": "Instead of data: motion, six numbers a row.",
    "modality": "Needed for depth, thermal, imu.",
    "units": 'As JSON: {"unit": "mm", "fx": 525}, see remember.',
}


def plain_input(schema: Schema, *, brief: bool, names: bool) -> dict[str, Any]:
    """Return the schema of a tool's arguments in plain words.

    References are written out, and null, which every tool takes for what is not given, is left out.
    An object of any names becomes its JSON as a text, which the server reads as well.

    Args:
        schema: Schema as pydantic writes it.
        brief: Describe only the common fields of a signal; the server takes the others, too.
        names: List the names that a list of names may have; one tool that does is enough, and
            wrong names are refused with the right ones.
    """
    plain = _plain(schema, schema.get("$defs", {}))
    if not names:
        for given in plain.get("properties", {}).values():
            given.get("items", {}).pop("enum", None)
    for signal in _signals(plain):
        del signal["description"]  # it says what those of the fields say
        fields = signal["properties"]
        fields["modality"] |= {"enum": sorted(Percept.modalities), "description": MODALITY}
        fields[UNITS] |= {"description": UNITS_TOLD, "properties": _units()}
        if brief:
            fields[UNITS] = {"type": "string"}
            signal["properties"] = {
                name: {**fields[name], "description": told} for name, told in BRIEF.items()
            }
            del signal["properties"]["modality"]["enum"]  # of which three are needed
    return {"type": "object", "properties": {}, **plain}


def _units() -> dict[str, Any]:
    """Describe the common units: of which modalities they are, and what they mean."""
    units: dict[str, dict[str, Any]] = {}
    for name in COMMON:
        meanings: dict[str, list[str]] = {}
        for modality, sense in sorted(Percept.modalities.items()):
            if name in sense.needs:
                units[name] = _type_of(sense.needs[name].example)
                meanings.setdefault(sense.needs[name].meaning, []).append(modality)
        said = [f"{', '.join(whose)}: {meaning}." for meaning, whose in meanings.items()]
        units[name]["description"] = SHORT.get(name, " ".join(said))
        if name in ENUMS:
            units[name]["enum"] = ENUMS[name]
    return units


def _type_of(example: object) -> dict[str, Any]:
    if isinstance(example, bool):
        return {"type": "boolean"}
    if isinstance(example, (list, tuple)):
        return {"type": "array", "items": {"type": "number"}}
    return {"type": "string"}  # a number is read from it


def plain_output(schema: Schema) -> dict[str, Any]:
    """Return the schema of a tool's data in plain words, without what may be null.

    Of lists within lists, such as the media of records, only the kind of the items is told.
    """
    return _plain(schema, schema.get("$defs", {}), is_output=True)


def _signals(schema: Schema) -> list[dict[str, Any]]:
    """Return the schemas of signals among a tool's arguments."""
    items = [each.get("items", {}) for each in schema.get("properties", {}).values()]
    return [item for item in items if UNITS in item.get("properties", {})]


def _plain(schema: Schema, defined: Schema, *, is_output: bool = False) -> dict[str, Any]:
    whole, _ = _resolved(schema, defined)
    if is_output:  # a client checks the data by it, and models do not see it
        whole.pop("description", None)
    made: dict[str, Any] = {name: whole[name] for name in KEPT if whole.get(name) not in (None, "")}
    if isinstance(whole.get("type"), list):  # numbers are read from texts
        made["type"] = "string"
    if "const" in whole:
        made["enum"] = [whole["const"]]
    if whole.get("format") == DATE_TIME:
        made["format"] = DATE_TIME
    if "items" in whole:
        items = _plain(whole["items"], defined, is_output=is_output)
        is_large = is_output and _width(whole["items"], defined) > MOST_PROPERTIES
        made["items"] = {"type": "object"} if is_large else items
    if "properties" in whole:
        made["properties"] = {
            name: _plain(each, defined, is_output=is_output)
            for name, each in whole["properties"].items()
            if not (is_output and _resolved(each, defined)[1])
        }
        if is_output and len(made["properties"]) > MOST_PROPERTIES:
            made["properties"] = dict(list(made["properties"].items())[:MOST_PROPERTIES])
        if whole.get("required") and not is_output:
            made["required"] = list(whole["required"])
    elif made.get("type") == "object" and not is_output:
        made |= {"type": "string", "description": f"{whole['description']} As JSON."}
    default = whole.get("default")
    if default not in (None, "") and not is_output:
        made["description"] = f"{made['description']} Default: {json.dumps(default)}."
    return made


def _width(schema: Schema, defined: Schema) -> int:
    """Return how many properties an object has that are always there."""
    whole, _ = _resolved(schema, defined)
    inner = whole.get("properties", {}).values()
    return sum(not _resolved(each, defined)[1] for each in inner)


def _resolved(schema: Schema, defined: Schema) -> tuple[dict[str, Any], bool]:
    """Return a schema with its reference written out, without null; and whether it may be null."""
    whole = dict(schema)
    if "$ref" in whole:
        whole = {**defined[whole.pop("$ref").rpartition("/")[2]], **whole}
    branches = whole.pop("anyOf", None)
    if branches is None:
        return whole, False
    values = [branch for branch in branches if branch.get("type") != "null"]
    inner, _ = _resolved(values[0], defined)
    return {**inner, **whole}, len(values) < len(branches)
