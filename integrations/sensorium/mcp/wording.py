"""Errors in words that an agent can act on: no Python, and a remedy within its reach."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from sensorium.errors import (
    BatchError,
    EmptyPerceptError,
    FilterError,
    MediaDecodeError,
    MediaQuotaError,
    NonFiniteError,
    PerceptShapeError,
    PerceptTooShortError,
    RecordNotFoundError,
    SensoriumError,
    SourceTooLargeError,
    SourceTypeError,
    StoreError,
    TooManyPixelsError,
    UnitError,
    UnsupportedModalityError,
)

SHOWN = 80  # characters of a refused value
MOST_PROBLEMS = 3  # of refused arguments that are told
KEYWORD = re.compile(r"\b([A-Za-z_]\w*)= ?(?=\S)")
SHOULD = re.compile(r"^\w+ should (?:be|have) ")  # begins what pydantic says
# What only a programmer can use: calls, attributes, names_like_this, documents
CALL = re.compile(r"\w\(|\b[A-Z]\w*\.\w|\b_?\w+_\w+\b|\bNone\b|docs/")
AGAIN = "correct it and call again"

UNITS = {
    "depth": "give modality depth with units such as "
    '{"unit": "mm", "fx": 525}; unit is m, mm, metres per count as a number, disparity or '
    "relative; fx is the focal length in pixels, or assume-60deg to accept a guess",
    "thermal": "give modality thermal with units such as "
    '{"unit": "celsius"}; unit is celsius, kelvin, counts, white-hot or black-hot; '
    "a coloured picture needs its palette, too",
    "imu": "give modality imu with units such as "
    '{"accel": "m/s^2", "gyro": "rad/s", "rate": 50}; accel is m/s^2 or g, gyro is rad/s or '
    "deg/s, and rate is needed unless there are times",
}
ANY_UNITS = "say the modality (depth, thermal, imu or image) and its units"
REMEDIES: Mapping[type[SensoriumError], str] = {
    TooManyPixelsError: "scale it down and send it again",
    SourceTooLargeError: "send a shorter or smaller one, or several parts",
    SourceTypeError: "send the whole file as base64, or samples as rows of numbers",
    EmptyPerceptError: "leave it out, or send one that holds something",
    MediaDecodeError: "send the whole file in a common format (JPEG, PNG, WAV, FLAC, MP3, MP4), "
    "and say its modality or mime type",
    NonFiniteError: "leave those samples out, and give the times of the others",
    PerceptShapeError: "send one picture, sound or map at a time; of motion, six numbers a sample",
    PerceptTooShortError: "send a longer one, or leave it out",
    UnsupportedModalityError: "leave that sense out: this memory's encoder does not know it",
    RecordNotFoundError: "use an id that recall or timeline has given",
    FilterError: "write it as timeline gave it",
    MediaQuotaError: "forget what is not needed, or ask the user for more room",
    StoreError: "try again; if it stays, tell the user",
}


def told(error: SensoriumError, *, modality: str | None = None) -> str:
    """Say what came, what was needed and what to do.

    Args:
        error: Any of ours.
        modality: Of what was being read, for the units it needs.
    """
    if isinstance(error, BatchError) and error.failures:
        index, first = min(error.failures.items())
        return f"{told(first, modality=modality)} (in part {index + 1} of {len(error.results)})"
    return f"{_plain(error.came)}; needed {_plain(error.needed)}; {_remedy(error, modality)}"


def _remedy(error: SensoriumError, modality: str | None) -> str:
    if isinstance(error, UnitError):
        named = modality or next((one for one in UNITS if one in error.came), "")
        return UNITS.get(named, ANY_UNITS)
    for kind in type(error).__mro__:
        if kind in REMEDIES:
            return REMEDIES[kind]
    plain = _plain(error.remedy)
    return AGAIN if CALL.search(plain) else plain


def memories(count: int) -> str:
    """Write how many there are."""
    return "1 memory" if count == 1 else f"{count} memories"


def _plain(text: str) -> str:
    """Write `fx=525` as `fx 525`."""
    return KEYWORD.sub(r"\1 ", text)


def refused(error: ValidationError) -> str:
    """Say which arguments were wrong, how, and what to do; long values are cut."""
    problems = error.errors(include_url=False)
    lines = [_problem(problem) for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS} more")
    return "\n".join(lines)


def _problem(problem: Any) -> str:
    """Word one problem of `ValidationError.errors`."""
    name, kind = where(problem["loc"]), problem["type"]
    if kind == "missing":
        return f"{name} was not given; needed {name}; call again with it"
    if kind == "extra_forbidden":
        return f"the unknown argument {name}; needed only those that are described; leave it out"
    if kind == "timezone_aware":
        return (
            f"{name} was {shown(problem['input'])}, without a zone; needed a time with its zone; "
            "end it with Z for UTC, or with an offset such as +02:00"
        )
    if kind.startswith("datetime"):
        needed = "a time of the calendar; write it like 2026-07-01T12:00:00Z"
        return f"{name} was {shown(problem['input'])}; needed {needed}"
    context = problem.get("ctx", {})
    needed = context.get("needed") or SHOULD.sub("", problem["msg"])
    return f"{name} was {shown(problem['input'])}; needed {needed}; {context.get('remedy', AGAIN)}"


def where(location: tuple[int | str, ...]) -> str:
    """Name a place among the arguments: `media[0].units.fx`."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return name.removeprefix(".") or "the arguments"


def shown(value: object) -> str:
    """Write a value as JSON, cut."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=lambda one: type(one).__name__)
    except (TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"
