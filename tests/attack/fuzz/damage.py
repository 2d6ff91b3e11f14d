"""Wild values, and bytes damaged in many ways."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

WILD: tuple[Any, ...] = (
    *(None, 0, -1, 1, 2**63, 2**70, -(2**63), 1.5, float("nan"), float("inf"), 1e308, 1e-300),
    *(
        "",
        " ",
        "a",
        "a" * 3000,
        "\0",
        "\ud800",
        "é",
        "a.b",
        '"',
        '"a"',
        "a[",
        "a[0]",
        "[]",
        "..",
        "\n",
    ),
    *(
        "mm",
        "m",
        "celsius",
        "kelvin",
        "g",
        "m/s^2",
        "rad/s",
        True,
        False,
        b"x",
        object,
        set(),
        range(3),
    ),
    *(
        [],
        [1],
        [1, 2],
        ["a", "b"],
        {},
        {"a": 1},
        (),
        (1, 2),
        np.float32(1),
        np.int64(5),
        np.array([1]),
    ),
    *(datetime(2026, 7, 1), datetime(2026, 7, 1, tzinfo=timezone.utc)),
    *(datetime.max.replace(tzinfo=timezone.utc), datetime.min.replace(tzinfo=timezone.utc)),
    *(timedelta(days=1), timedelta.max, timedelta.min, len),
    *("00000000-0000-0000-0000-000000000000", "2026-07-01T12:00:00.000000Z"),
)
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEADER = 256  # bytes, in which most damage is done
FOREIGN = 30_000  # bytes of another file
Way = Callable[[random.Random, bytearray, int, Sequence[bytes]], None]


def deep(levels: int, *, mapping: bool = False) -> Any:
    """A list in a list in a list, or so with dictionaries."""
    nested: Any = 0
    for _ in range(levels):
        nested = {"a": nested} if mapping else [nested]
    return nested


def damaged(dice: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Damage content in one to eight ways; parts of other files may get into it."""
    data = bytearray(content)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 8])):
        if data:
            end = min(len(data), HEADER) if dice.random() < 0.6 else len(data)
            dice.choice(WAYS)(dice, data, dice.randrange(end), others)
    return bytes(data)


def _flip(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    data[place] ^= 1 << dice.randrange(8)


def _byte(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    data[place] = dice.randrange(256)


def _cut(dice: random.Random, data: bytearray, _: int, __: Sequence[bytes]) -> None:
    del data[dice.randrange(len(data)) :]


def _remove(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    del data[place : place + dice.randrange(1, 64)]


def _insert(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    data[place:place] = dice.randbytes(dice.randrange(1, 64))


def _splice(dice: random.Random, data: bytearray, place: int, others: Sequence[bytes]) -> None:
    other = dice.choice(others)
    start = dice.randrange(len(other))
    data[place:] = other[start : start + FOREIGN]


def _number(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    order, number = dice.choice("<>"), dice.choice(NUMBERS)
    raw = (
        struct.pack(f"{order}I", number)
        if dice.random() < 0.5
        else struct.pack(f"{order}H", number & 0xFFFF)
    )
    data[place : place + len(raw)] = raw


def _repeat(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    length = dice.randrange(1, 200)
    data[place : place + length] = data[place : place + length] * dice.choice([2, 3])


def _fill(dice: random.Random, data: bytearray, place: int, _: Sequence[bytes]) -> None:
    length = dice.randrange(1, 64)
    data[place : place + length] = bytes([dice.choice([0, 255])]) * length


WAYS: tuple[Way, ...] = (*(_flip, _byte, _cut, _remove, _insert, _splice, _number, _repeat, _fill),)
