"""Following a refusal word by word, through Python, the command line and a tool of an agent.

Nothing here knows how a remedy is made. What it names is read out of its text, added to the call,
and the call made again, until the file is read or nothing is left to follow.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest
from typer.testing import CliRunner

from sensorium.agents.arguments import Signal
from sensorium.agents.signals import SignalReader
from sensorium.agents.wording import worded
from sensorium.cli import app, looking
from sensorium.cli.looking import described
from sensorium.errors import SensoriumError
from sensorium.percepts import Percept

STEPS = 3  # remedies that are followed one after another
ZIPPED = "one zip archive of the files"
FLAGS = {"--trust"}
SEVERAL = {"--column", "--with"}
KEYWORD = re.compile(r"\b([a-z_]+)=")
OPTION = re.compile(r"(no )?(--[a-z][a-z-]*)(?: ('(?:[^']|'\"'\"')*'|[^\s;]+))?")
Call: TypeAlias = dict[str, Any]


class Refusal(NamedTuple):
    """What a door says of a file that it refuses."""

    remedy: str
    text: str


class Door(NamedTuple):
    """A way in: how a file is read, what a remedy adds to the call, and how a call begins."""

    read: Callable[[Path, str, Call], Percept | Refusal]
    ways: Callable[[str], list[Call]]
    begin: Callable[[Mapping[str, Any]], Call]


def keywords(text: str) -> list[Call]:
    """The keywords of Python in a text, those joined by commas together."""
    found, place = [], 0
    for start in KEYWORD.finditer(text):
        if start.start() < place:
            continue
        for end in range(len(text), start.end(), -1):
            try:
                call = ast.parse(f"f({text[start.start() : end]})", mode="eval").body
                assert isinstance(call, ast.Call)
                way = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
            except (SyntaxError, ValueError, AssertionError):
                continue
            if way and not call.args:
                found.append(way)
                place = end
                break
    return found


def _read_python(path: Path, modality: str, call: Call) -> Percept | Refusal:
    try:
        percept = Percept.modalities[modality](**{"source": path, **call})
        return _decoded(percept)
    except SensoriumError as error:
        return Refusal(error.remedy, str(error))


def _decoded(percept: Percept) -> Percept:
    """A percept whose content was read, as its values are checked then."""
    for name in ("metres", "view"):
        if hasattr(percept, name) and percept.units.get("unit") not in ("relative",):
            getattr(percept, name)()
    return percept


def options(text: str) -> list[Call]:
    """The options of the command line in a text, those joined by a blank together."""
    found: list[Call] = []
    place = -2
    for match in OPTION.finditer(text):
        name, value = match[2], (match[3] or "").rstrip(",;:?)")
        end = match.start() + len(match[0])
        if match[3] and not match[3].startswith("'"):
            end -= len(match[3]) - len(value)
        if name in FLAGS or not value:
            end, value = match.end(2), ""
        if match.start() != place + 1:
            found.append({})
        way = found[-1]
        if match[1]:
            way[name] = None
        elif name in SEVERAL:
            way[name] = [*way.get(name, []), *shlex.split(value)]
        else:
            way[name] = "".join(shlex.split(value))
        place = end
    return found


def _run(path: Path, modality: str, call: Call) -> Percept | Refusal:
    arguments: list[str] = []
    given: Call = {"--as": modality, **call}
    for name, value in given.items():
        for each in value if isinstance(value, list) else [value]:
            arguments += [name, *([each] if each else [])]
    seen: list[Percept] = []

    def noted(percept: Percept, *more: Any, **named: Any) -> Iterator[tuple[str, Any]]:
        seen.append(percept)
        return described(percept, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "described", noted)
        result = CliRunner().invoke(app, ["look", str(path), *arguments])
    if result.exit_code:
        text = result.stderr or result.stdout
        return Refusal(text.rpartition("; needed: ")[2].partition("; ")[2], text)
    [percept] = seen
    return percept


def fields(text: str) -> list[Call]:
    """The fields of a signal in a text: JSON behind `units`, and a modality."""
    found: list[Call] = []
    for match in re.finditer(rf"\bunits (?=\{{)|\bno (\w+) in units|{ZIPPED}", text):
        if match[0] == ZIPPED:
            found.append({ZIPPED: "yes"})
        elif match[1]:
            found.append({match[1]: None})
        else:
            found.append(json.JSONDecoder().raw_decode(text[match.end() :])[0])
    return found


def _send(path: Path, modality: str, call: Call) -> Percept | Refusal:
    units = dict(call)
    if units.pop(ZIPPED, False):
        tables = list(path.parent.glob("*.csv"))
        path = path.parent / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for each in tables:
                archive.write(each, each.name)
    try:
        signal = Signal(path=str(path), modality=modality, units=units)
        return _decoded(SignalReader(path.parent).read(signal))
    except SensoriumError as error:
        refused = worded(error, modality=modality)
        return Refusal(refused.remedy, str(refused))


def _as_options(arguments: Mapping[str, Any]) -> Call:
    columns = [f"{kind}={','.join(each)}" for kind, each in arguments.get("columns", {}).items()]
    given = {name: value for name, value in arguments.items() if name != "columns"}
    return ({"--column": columns} if columns else {}) | {
        f"--{name.replace('_', '-')}": "x".join(map(str, value))
        if isinstance(value, tuple)
        else str(value)
        for name, value in given.items()
    }


def _as_fields(arguments: Mapping[str, Any]) -> Call:
    read: Call = json.loads(json.dumps(dict(arguments)))
    return read


DOORS = {
    "Python": Door(_read_python, keywords, dict),
    "command line": Door(_run, options, _as_options),
    "agent": Door(_send, fields, _as_fields),
}


def followed(
    door: Door, path: Path, modality: str, call: Call, steps: int = STEPS
) -> Iterator[tuple[list[str], Percept]]:
    """Yield each percept that some chain of remedies leads to, with what was read on the way."""
    read = door.read(path, modality, call)
    if isinstance(read, Percept):
        yield [], read
        return
    ways = door.ways(read.remedy) if steps else []
    for way in ways:
        added = {**call, **way}
        kept = {name: value for name, value in added.items() if value is not None}
        for texts, percept in followed(door, path, modality, kept, steps - 1):
            yield [read.text, *texts], percept
    if not ways:
        yield [read.text], None  # type: ignore[misc]  # a dead end
