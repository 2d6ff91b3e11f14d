"""Damaged files, wild arrays and dictionaries as percepts, all of which is read."""

from __future__ import annotations

import base64
import io
import json
import math
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sensorium.percepts import (
    IMU,
    Audio,
    Depth,
    Image,
    Limits,
    Percept,
    Text,
    Thermal,
    Video,
    percept_from_dict,
    percept_from_media,
)
from tests.attack.fuzz.cases import Case, Maker, attack
from tests.attack.fuzz.damage import WILD, damaged, deep
from tests.attack.fuzz.files import valid_files
from tests.attack.task import Task

SENSES = ("image", "audio", "video", "depth", "thermal", "imu", "text", None)
CLASSES: tuple[Any, ...] = (Image, Audio, Depth, Thermal, IMU, Video, Text)
TYPES = (
    *(
        "f4",
        "f8",
        "f2",
        "i1",
        "i2",
        "i4",
        "i8",
        "u1",
        "u2",
        "u4",
        "u8",
        "?",
        "c8",
        "M8[s]",
        "m8[s]",
    ),
    *("O", "U3", "S3", ">f4", ">u2", "V4", "f4,i4", "g"),
)
SIZES = (0, 1, 2, 3, 4, 6, 6, 7, 16, 64, 200)
LARGEST = 2e6  # numbers of an array
LISTED = 50_000  # numbers of one that is passed as lists
NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
MIME = (None, None, "image/png", "audio/wav", "video/mp4", "text/plain", "x", "image/" + "a" * 300)
KEYS = (*("unit", "fx", "baseline", "span", "palette", "accel", "gyro", "rate", "timestamps"),)
SHAPES: tuple[Any, ...] = (
    *([2**63, 2], [-1, 3], [0], [10**30], [1] * 70, "<f4", ">M8[s]", "O", "(3,)f4", "f4,f4", "V"),
    *("AAAA", "!", "../../etc/passwd", "/dev/zero", "/etc/hostname", {"path": "/etc/hostname"}),
    *(deep(900), deep(3000), {"base64": "AAAA", "dtype": "<f4", "shape": [2**40]}),
)


def attacking(task: Task) -> None:
    """Make percepts until the time is over."""
    files = valid_files()

    def start(_: Path) -> Maker:
        torch.set_num_threads(1)
        return lambda number: _case(task.dice(number), files)

    attack(task, start, what="percepts")


def _case(dice: random.Random, files: dict[str, tuple[str, bytes]]) -> Case:
    kind = dice.choice(["file"] * 4 + ["array"] * 2 + ["dictionary"])
    if kind == "file":
        return _file(dice, files)
    return _array(dice) if kind == "array" else _dictionary(dice)


def _file(dice: random.Random, files: dict[str, tuple[str, bytes]]) -> Case:
    name = dice.choice(list(files))
    usual, whole = files[name]
    content = damaged(dice, whole, [one for _, one in files.values()])
    sense = dice.choice([*SENSES, *[usual] * 12])
    units, mime = _units(dice, sense), dice.choice(MIME)
    given: str | bytes = content
    if dice.random() < 0.1:
        given = _data_uri(dice, content)
    return Case(
        f"file {name} as {sense}, {mime}, {_short(units)}",
        lambda: read_all(
            percept_from_media(given, modality=sense, mime_type=mime, units=units), dice
        ),
    )


def _data_uri(dice: random.Random, content: bytes) -> str:
    kind = dice.choice(["image/png", "audio/wav", "", "x;y=z", "text/plain;charset=utf-8"])
    form = dice.choice([";base64", "", ";BASE64"])
    whole = f"data:{kind}{form},{base64.b64encode(content).decode()}"
    return whole[: dice.randrange(len(whole))] if dice.random() < 0.5 else whole


def _units(dice: random.Random, sense: str | None) -> dict[str, Any]:
    """The right units mostly, a wild one now and then."""
    right: dict[str | None, dict[str, Any]] = {
        "depth": {"unit": "mm", "fx": 500.0},
        "thermal": {"unit": dice.choice(["celsius", "kelvin"])},
        "imu": {"accel": "m/s^2", "gyro": "rad/s", "rate": 50},
    }
    units = dict(right.get(sense, {}))
    if dice.random() < 0.25:
        units[dice.choice(KEYS)] = dice.choice(WILD)
    return units


def _array(dice: random.Random) -> Case:
    made, array = dice.choice(CLASSES), _numbers(dice)
    given = _as_given(dice, array)
    options = _options(dice, made, array)
    at = dice.choice([None, None, None, NOON, dice.choice(WILD)])
    uri = dice.choice([None, None, "x", 5, "a" * 10_000])
    limits = dice.choice([Limits(), Limits(), Limits(max_bytes=10, max_pixels=10)])
    said = f"{made.__name__} of {_short(given)}, {_short(options)}, at={_short(at)}"

    def act() -> None:
        with suppress(_UnknownArgumentError):
            read_all(_made(made, given, {**options, "at": at, "uri": uri, "limits": limits}), dice)

    return Case(said, act)


class _UnknownArgumentError(Exception):
    """Python's own word for a wrong call."""


def _made(made: Any, given: Any, options: dict[str, Any]) -> Percept:
    try:
        percept: Percept = made(given, **options)
    except TypeError as error:
        if "unexpected keyword argument" in str(error) or "missing" in str(error):
            raise _UnknownArgumentError from error
        raise
    return percept


def _numbers(dice: random.Random) -> np.ndarray[Any, Any]:
    shape = [dice.choice(SIZES) for _ in range(dice.choice([0, 1, 2, 2, 2, 3, 3, 4, 6]))]
    while np.prod(shape, dtype=float) > LARGEST:
        shape.pop()
    dtype = np.dtype(dice.choice(TYPES))
    noise = np.random.default_rng(dice.randrange(2**32)).normal(size=shape)
    scale = dice.choice([0, 0.1, 1, 10, 300, 1e4, 1e30, 1e300])
    try:
        array = np.asarray(noise * scale).astype(dtype)
    except (TypeError, ValueError):
        array = np.empty(shape, dtype)
    if array.dtype.kind == "f" and array.size and dice.random() < 0.4:
        flat = array.reshape(-1)
        flat[dice.randrange(flat.size)] = dice.choice([np.nan, np.inf, -np.inf, 0, -0.0, 1e-45])
    return array


def _as_given(dice: random.Random, array: np.ndarray[Any, Any]) -> Any:
    others = [
        *WILD,
        *([array, None], [[1], [1, 2]], range(5), 5, io.StringIO("x"), io.BytesIO(b"x" * 9)),
        *(Path("/nonexistent"), "~", "http://x/", "file:///etc", "a" * 5000),
    ]
    way = dice.randrange(8)
    lists = math.prod(max(length, 1) for length in array.shape)  # even if the innermost are empty
    if way == 0 and lists < LISTED:
        return array.tolist()
    if way == 1 and array.ndim:
        return array[..., ::-1]
    return array.T if way == 2 else dice.choice(others) if way == 3 else array


def _options(dice: random.Random, made: Any, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    options = _units(dice, made.modality)
    if made is Audio and dice.random() < 0.8:
        rates = [16000, 1, 0, -5, 2**40, 8000.5, "16000", None, True, 44100, float("nan")]
        options["rate"] = dice.choice(rates)
    if made is IMU and dice.random() < 0.4:
        options.pop("rate", None)
        options["timestamps"] = _stamps(dice, array.shape[0] if array.ndim else 3)
    if made is Depth and dice.random() < 0.3:
        options["baseline"] = dice.choice([0.05, 0, -1, float("inf"), "x"])
        options["unit"] = dice.choice(["m", "mm", "disparity", "px", "cm", None])
    if made is Thermal and dice.random() < 0.3:
        options["span"] = dice.choice([(0, 100), (5, 5), (100, 0), (np.nan, 1), [1], "ab", None])
        options["palette"] = dice.choice(["ironbow", "grey", "jet", "inferno", "x", None, 5])
    return options


def _stamps(dice: random.Random, count: int) -> Any:
    even = np.arange(count) * dice.choice([0.02, 0, -1, 1e12, 1e-12, np.nan])
    times = [datetime(2026, 7, 1, tzinfo=timezone.utc)] * count
    return dice.choice([even, even.tolist(), np.flip(even), [None], "x", times, 10**400])


def _dictionary(dice: random.Random) -> Case:
    given = json.loads(dice.choice(_WHOLE))
    for _ in range(dice.choice([1, 1, 2, 4])):
        _change(dice, given)
    roots: Any = dice.choice([None, [], ["/"], "/", [5], [None]]) if dice.random() < 0.3 else []
    said = f"dictionary {_short(given)}, roots={roots!r}"
    return Case(said, lambda: read_all(percept_from_dict(given, roots=roots), dice))


def _change(dice: random.Random, given: dict[str, Any]) -> None:
    place = given
    key = dice.choice(list(place) or ["source"])
    if isinstance(place.get(key), dict) and place[key] and dice.random() < 0.8:
        place = place[key]
        key = dice.choice(list(place))
    wild = dice.choice([*WILD, *SHAPES])
    way = dice.randrange(4)
    if way == 0:
        place.pop(key, None)
    elif way == 1:
        others = ["dtype", "shape", "base64", "path", "text", "extra", "units", "modality"]
        place[dice.choice(others)] = wild
    else:
        place[key] = wild


def _dictionaries() -> Sequence[str]:
    rows = np.random.default_rng(0).normal(size=(40, 6))
    motion: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}
    made = [
        Image(np.zeros((4, 4, 3), np.uint8)),
        Audio(np.zeros(100, np.float32), rate=100),
        Text("hello"),
        Depth(np.ones((4, 4), np.float32), unit="m", fx=100.0),
        Thermal(np.full((4, 4), 300.0, np.float32), unit="kelvin"),
        IMU(rows, rate=50, **motion),
        IMU(rows, timestamps=np.arange(40) / 50, **motion),
    ]
    return [json.dumps(one.to_dict()) for one in made]


_WHOLE = _dictionaries()


def _short(given: object) -> str:
    try:
        return repr(given)[:80]
    except (RecursionError, ValueError):  # ValueError: an int of too many digits
        return "(cannot be shown)"


def read_all(percept: Percept, dice: random.Random) -> None:
    """Read all of a percept that an encoder might read."""
    repr(percept)
    percept.to_dict()
    str(percept.digest), str(percept.duration), str(percept.units)
    if isinstance(percept, Image):
        percept.picture()
    elif isinstance(percept, Audio):
        percept.mono(16000)
        list(percept.blocks(8000, seconds=1.0, since=dice.choice([0.0, 0.1, 1e9])))
    elif isinstance(percept, Video):
        _watch(percept, dice)
    elif isinstance(percept, Depth):
        percept.metres()
        if "fx" in percept.units:
            percept.disparity()
    elif isinstance(percept, Thermal):
        percept.view()
        percept.intensity()
    elif isinstance(percept, IMU):
        str(percept.gaps)
        percept.segments(50.0)


def _watch(percept: Video, dice: random.Random) -> None:
    str(percept.fps), str(percept.size)
    list(percept.frames([0.0, 0.1, dice.choice([0.2, 1e6])]))
    if percept.has_sound:
        percept.sound().mono(16000)
