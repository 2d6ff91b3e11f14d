"""How the stored numbers of a map become values: bits, holes, scale and offset."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import Phrase, UnitError, show
from sensorium.percepts.source import Array

SWAPPED = "swapped"  # the two bytes of each number stand in the wrong order
ROTATED = "sun-rgbd"  # 16 bits rotated left by three, as the SUN RGB-D data set keeps millimetres
ROTATION = 3
WIDTH = 16  # bits of what can be swapped or rotated
MOST_BITS = 32
NOT_A_NUMBER = "nan"  # of pixels that hold no number
LONGEST_NUMBER = 40  # characters

Number: TypeAlias = "float | str"  # a number, or its text: "0.01", "1/256"


def to_number(value: object) -> float | None:
    """Return a finite number, or the text of one or of a fraction; `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, Real)):
        return None
    try:
        if isinstance(value, str):
            short = value.strip() if len(value) <= LONGEST_NUMBER else ""
            above, of, below = short.partition("/")
            number = float(above) / float(below) if of else float(short)
        else:
            number = float(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def check_number(value: object, name: str, example: str, *, zero: bool = True) -> float | None:
    """Return the number that an argument is, `None` where it is not given.

    Args:
        value: What was given.
        name: Name of the argument.
        example: How it is written, for the message.
        zero: Whether 0 is such a number.
    Raises:
        UnitError: It is no number.
    """
    if value is None:
        return None
    number = to_number(value)
    if number is None or (number == 0 and not zero):
        raise UnitError(
            f"{name}={show(value)}",
            "a number or a fraction",
            Phrase(
                "pass {0}, with the number of your camera, or leave it out: {1}",
                {name: to_number(example)},
                {name: None},
            ),
        )
    return number


@dataclass(frozen=True)
class Counts:
    """How the numbers of a map become values: `(bits of number) * scale + offset`.

    Attributes:
        bits: How many of the low bits count, or `"swapped"`, or `"sun-rgbd"`.
        invalid: Numbers that mark pixels without a value, as they are stored.
        scale: Factor of the numbers.
        offset: Added afterwards.
    """

    bits: int | str | None = None
    invalid: tuple[float, ...] = ()
    scale: float | None = None
    offset: float | None = None

    @classmethod
    def of(
        cls,
        *,
        bits: float | str | None,
        scale: Number | None,
        offset: Number | None,
        invalid: Number | Iterable[Number] | None = None,
    ) -> Counts:
        """Check the arguments of a percept.

        Raises:
            UnitError: One of them is malformed.
        """
        return cls(
            _check_bits(bits),
            _check_invalid(invalid),
            check_number(scale, "scale", "0.01", zero=False),
            check_number(offset, "offset", "-100"),
        )

    @property
    def units(self) -> dict[str, Any]:
        """The arguments that were given, JSON-ready."""
        given = {"bits": self.bits, "scale": self.scale, "offset": self.offset}
        units: dict[str, Any] = {k: value for k, value in given.items() if value is not None}
        if self.invalid:
            units["invalid"] = [NOT_A_NUMBER if math.isnan(x) else x for x in self.invalid]
        return units

    @property
    def is_linear(self) -> bool:
        """Whether a scale or an offset was given."""
        return self.scale is not None or self.offset is not None

    def select(self, array: Array) -> Array:
        """Return the bits of the stored numbers that count.

        Raises:
            UnitError: The numbers are not whole, or not of 16 bits where those are rearranged.
        """
        if self.bits is None:
            return array
        whole = as_words(array)
        if isinstance(self.bits, int):
            if whole is None and array.dtype.kind not in "iu":
                raise _bits_error(self.bits, array)
            words = array if whole is None else whole
            return words & words.dtype.type(min((1 << self.bits) - 1, np.iinfo(words.dtype).max))
        if whole is None:
            raise _bits_error(self.bits, array)
        if self.bits == SWAPPED:
            return whole.byteswap()
        return (whole >> np.uint16(ROTATION)) | (whole << np.uint16(WIDTH - ROTATION))

    def is_invalid(self, array: Array) -> NDArray[np.bool_]:
        """Return which stored numbers mark pixels without a value."""
        if not self.invalid:
            return np.zeros(array.shape, bool)
        found = np.isin(array, np.array(self.invalid))
        return found | ~np.isfinite(array) if any(map(math.isnan, self.invalid)) else found

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `values * scale + offset`."""
        if not self.is_linear:
            return values
        with np.errstate(over="ignore"):
            return values * (1.0 if self.scale is None else self.scale) + (self.offset or 0.0)


def as_words(array: Array) -> NDArray[np.uint16] | None:
    """Return whole numbers of 16 bits, as they are stored; `None` where they are others."""
    if array.dtype.kind not in "iu":
        return None
    if array.dtype.itemsize == 2:
        native: Array = array.astype(array.dtype.newbyteorder("="))
        return native.view(np.uint16)
    if array.size and array.min() >= 0 and array.max() <= np.iinfo(np.uint16).max:
        return array.astype(np.uint16)
    return None


def _bits_error(bits: int | str, array: Array) -> UnitError:
    return UnitError(
        f"bits={bits!r} for a map of dtype {array.dtype}",
        "whole numbers of 16 bits",
        Phrase("leave it out: {0}", {"bits": None}),
    )


def _check_bits(bits: float | str | None) -> int | str | None:
    if bits is None or (isinstance(bits, str) and bits in (SWAPPED, ROTATED)):
        return bits
    number = to_number(bits)
    if number is None or number != int(number) or not 1 <= number <= MOST_BITS:
        raise UnitError(
            f"bits={show(bits)}",
            f'how many of the low bits count, "{SWAPPED}" or "{ROTATED}"',
            Phrase(
                "pass {0} for Android's DEPTH16, whose upper three bits are a confidence, or "
                "leave it out: {1}",
                {"bits": 13},
                {"bits": None},
            ),
        )
    return int(number)


def _is_nan(value: object) -> bool:
    return value == NOT_A_NUMBER or (isinstance(value, float) and math.isnan(value))


def _check_invalid(invalid: Number | Iterable[Number] | None) -> tuple[float, ...]:
    if invalid is None:
        return ()
    given = invalid.split(",") if isinstance(invalid, str) else invalid
    listed = list(given) if isinstance(given, Iterable) else [given]
    numbers = [math.nan if _is_nan(value) else to_number(value) for value in listed]
    if not numbers or None in numbers:
        raise UnitError(
            f"invalid={show(invalid)}",
            "the stored numbers that mark pixels without a value",
            Phrase("pass {0}, or several: {1}", {"invalid": 65_535}, {"invalid": [-1, 65_535]}),
        )
    return tuple(number for number in numbers if number is not None)
