"""What errors advise, in the words of the command line: arguments of Python become options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from sensorium.cli.units import Units
from sensorium.errors import Doors, Phrase, literal

OPTIONS = {"modality": "as"}  # arguments whose option has another name
FLAGS = frozenset({"trust"})
NAMES = "|".join(field.name for field in fields(Units))
ARGUMENT = re.compile(rf"\b({NAMES})=(?=([\w\"'(\[-]?))")  # in a message for Python
SIDES = re.compile(r"--shape \((\d+), (\d+)\)")  # which the option takes as HxW


def in_options(text: str) -> str:
    """Write the arguments that a part of an error names as options.

    Args:
        text: A `Phrase`, `Doors`, or words in which arguments stand as keywords of Python.
    """
    if isinstance(text, Doors):
        return text.command
    return text.written(options_of) if isinstance(text, Phrase) else as_options(text)


def as_options(remedy: str) -> str:
    """Write the arguments of a percept's class as options: `bits=13` becomes `--bits 13`."""
    options = ARGUMENT.sub(
        lambda found: f"--{found[1].replace('_', '-')}{' ' if found[2] else ''}", remedy
    )
    options = options.replace("--trust True", "--trust").replace(", --", " --")
    return SIDES.sub(r"--shape \1x\2", options)


def options_of(way: Mapping[str, Any]) -> str:
    """Write arguments as options that a shell reads back: `--unit mm --fx 525`."""
    return " ".join(option for name, value in way.items() for option in _options(name, value))


def _options(name: str, value: Any) -> Iterator[str]:
    option = f"--{OPTIONS.get(name, name).replace('_', '-')}"
    if name == "units":
        yield options_of(value)
    elif name == "source":  # the first is the file itself
        yield from (f"--with {shlex.quote(str(other))}" for other in value[1:])
    elif name == "columns" and value is not None:
        yield from _columns(value)
    elif name == "topics" and value is not None:
        yield from _topics(value)
    elif value is None:
        yield f"no {'--column' if name == 'columns' else option}"
    elif name in FLAGS:
        yield option
    else:
        yield f"{option} {shlex.quote(_text(name, value))}"


def _columns(columns: Mapping[str, Any]) -> Iterator[str]:
    for sensor, names in columns.items():
        if sensor == "time":
            yield f"--time-column {shlex.quote(str(names))}"
        else:
            yield f"--column {shlex.quote(f'{sensor}=' + ','.join(map(str, names)))}"


def _topics(topics: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for topic, options in topics.items():
        given = [f"{name}={shlex.quote(_text(name, each))}" for name, each in options.items()]
        yield f"--topic {shlex.quote(' '.join([topic, *given]))}"


def _text(name: str, value: Any) -> str:
    """Write a value as the option of a name takes it."""
    if isinstance(value, (list, tuple)):
        return ("x" if name == "shape" else ",").join(_text(name, each) for each in value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else literal(value)
