"""The values of a thermal picture, from any dtype, unit or palette to canonical float32."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.errors import (
    NonFiniteError,
    PaletteError,
    PerceptShapeError,
    PerceptValueError,
    Phrase,
    UnitError,
    listed,
)
from sensorium.percepts.codecs.pictures import (
    check_size,
    check_unit_interval,
    eight_bit,
    one_channel,
    translate_errors,
)
from sensorium.percepts.holes import fill_holes
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.counts import NOT_A_NUMBER, SWAPPED, Counts, to_number
from sensorium.percepts.maps.doubts import doubted_bits
from sensorium.percepts.maps.palettes import PALETTES, invert_palette
from sensorium.percepts.source import Array

MODALITY = "thermal"
TEMPERATURES: Mapping[str, tuple[float, float]] = {  # factor and offset to degrees Celsius
    "celsius": (1.0, 0.0),
    "kelvin": (1.0, -273.15),
    "fahrenheit": (1 / 1.8, -32 / 1.8),
}
RADIOMETRIC_UNITS = frozenset({*TEMPERATURES, "counts"})
DISPLAY_UNITS = frozenset({"white-hot", "black-hot"})

AS_STORED = Counts()
SURE = "if it really is so, pass {1}"
TRUST = {"trust": True}
MOST_WAYS = 4
FEW_MARKS = 3  # numbers that may mark pixels without a value

ABSOLUTE_ZERO = -273.15  # degrees Celsius
HOTTEST = 3000.0  # degrees Celsius; beyond what these cameras measure
LIKELY_KELVIN = (200.0, 400.0)  # a median of so many "degrees Celsius" is a scene in kelvin
LIKELY_CELSIUS = 150.0  # a median of fewer "kelvin" is a scene in degrees Celsius
# Medians of whole numbers outside of these are parts of degrees, counted from some zero
WHOLE = {"celsius": (-40.0, 100.0), "kelvin": (260.0, 600.0), "fahrenheit": (-40.0, 212.0)}
SCENE = (-40.0, 100.0)  # degrees Celsius that the median of a scene may be
READINGS = (  # how cameras write temperatures: unit, scale, offset
    ("celsius", "1", "0"),
    ("kelvin", "1", "0"),
    ("fahrenheit", "1", "0"),
    ("celsius", "0.1", "0"),
    ("celsius", "0.01", "0"),
    ("kelvin", "0.1", "0"),
    ("kelvin", "0.01", "0"),  # Lepton
    ("kelvin", "0.04", "0"),  # Tau and Boson
    ("kelvin", "1/64", "0"),  # InfiRay
    ("celsius", "0.1", "-100"),  # Optris
)

WHITEST_16_BIT = 65_535
SAME_GREY = 3  # levels that the channels of a grey picture may differ by after JPEG...
GREY_SHARE = 0.99  # ... in this share of its pixels

Colours = str | list[list[int]]  # a canonical palette


def check_mode(mode: str, unit: str, name: str) -> None:
    """Check that pictures of Pillow's `mode` can hold `unit`.

    Raises:
        UnitError: They cannot.
    """
    if unit in DISPLAY_UNITS or mode == "F" or mode.startswith("I"):
        return
    raise UnitError(
        f"a thermal picture of mode {mode} ({name}) with unit={unit!r}",
        f"16-bit or float values in one channel for {unit}, or a JPEG of a FLIR camera; "
        '"white-hot" or "black-hot" for a display picture',
        Phrase(
            "pass {0} for the picture, or the file of temperatures that the camera wrote",
            {"unit": "white-hot"},
        ),
    )


def picture_values(picture: PIL.Image.Image) -> Array:
    """Return a decoded picture as (H, W) of its own depth or (H, W, 3) uint8; alpha is dropped.

    Raises:
        MediaDecodeError: The picture's mode cannot be converted to RGB.
    """
    if picture.mode == "I":  # what some 16-bit files are read as
        values = np.asarray(picture)
        short = values.min() >= 0 and values.max() <= WHITEST_16_BIT
        return values.astype(np.uint16) if short else values
    if picture.mode in ("F", "L") or picture.mode.startswith("I"):
        return np.asarray(picture)
    with translate_errors(f"a picture of mode {picture.mode}", MODALITY):
        if picture.mode == "P":  # straight to RGB, a transparent palette would warn
            picture = picture.convert("RGBA")
        return np.asarray(picture.convert("RGB"))


def canonical_values(
    array: Array,
    unit: str,
    *,
    palette: Colours | None,
    limits: Limits,
    guess: bool = True,
    counts: Counts = AS_STORED,
) -> NDArray[np.float32]:
    """Check values and convert them to canonical units.

    Args:
        array: (H, W), (1, H, W), (H, W, 1), or (H, W, 3) for display units. Not modified.
        unit: Unit of the values, in `RADIOMETRIC_UNITS` or `DISPLAY_UNITS`.
        palette: Palette of a coloured display picture.
        limits: `max_pixels` is checked.
        guess: Refuse plausible values that look like another unit's.
        counts: How stored numbers become values in `unit`.
    Returns:
        (H, W) float32: degrees Celsius, counts, or white-hot intensity in [0, 1]. Canonical values
        come back as they are.
    """
    plane = _plane(array, coloured=unit in DISPLAY_UNITS)
    check_size((plane.shape[1], plane.shape[0]), MODALITY, limits)
    if unit in DISPLAY_UNITS:
        intensity = _intensity(plane, palette)
        return (intensity if unit == "white-hot" else 1 - intensity).astype(np.float32)
    if unit == "counts" and plane.dtype.kind in "iu" and plane.dtype.itemsize == 1:
        raise UnitError(
            f"8-bit thermal counts (dtype {plane.dtype})",
            "raw 14- or 16-bit counts",
            Phrase("pass {0}: 8 bits have been through gain control", {"unit": "white-hot"}),
        )
    holes = counts.is_invalid(plane)
    bad = int(plane.size - np.count_nonzero(np.isfinite(plane) | holes))
    if bad or holes.all():
        raise NonFiniteError(
            f"{bad} values that are NaN or infinite in a thermal picture",
            "finite values",
            Phrase("pass {0} to fill them from their surroundings", {"invalid": NOT_A_NUMBER}),
        )
    if guess and counts.bits is None and doubted_bits(plane, millimetres=False):
        raise UnitError(
            f"a thermal picture in {unit} that is noise as it is, and a scene when its bytes are "
            "swapped",
            "the bytes of each number in the right order",
            Phrase(
                f"pass {{0}} to swap them, or the JPEG that it was taken from; {SURE}",
                {"bits": SWAPPED},
                TRUST,
            ),
        )
    stored = counts.select(plane).astype(np.float64)
    values = counts.scaled(stored)
    if unit != "counts":
        if guess:
            _check_likely(stored[~holes], values[~holes], unit, counts)
        values[~holes] = _celsius(values[~holes], unit, stored[~holes])
    values[holes] = np.nan
    narrow = _narrow(values)
    return fill_holes(narrow) if holes.any() else narrow


def to_celsius(value: float, unit: str) -> float:
    """Convert a value in a unit of temperature to degrees Celsius; counts stay as they are."""
    factor, offset = TEMPERATURES.get(unit, (1.0, 0.0))
    return value * factor + offset


def from_celsius(value: float, unit: str) -> float:
    """Convert degrees Celsius to a unit of temperature."""
    factor, offset = TEMPERATURES[unit]
    return (value - offset) / factor


def _plane(array: Array, *, coloured: bool) -> Array:
    """Return (H, W), or (H, W, 3) if `coloured` allows it, as a view."""
    three = coloured and array.ndim == 3 and array.shape[2] == 3
    plane = array if three else one_channel(array)
    if plane.dtype.kind == "b" or not (plane.ndim == 2 or three):
        remedy: str = Phrase("pass one picture at a time, of a stack for example {0}", {"frame": 0})
        if coloured and plane.ndim == 3 and plane.shape[0] == 3:
            remedy = "put the colours last: array.transpose(1, 2, 0), or tensor.permute(1, 2, 0)"
        raise PerceptShapeError(
            f"a thermal array of shape {array.shape} and dtype {array.dtype}",
            "numbers of shape (H, W)" + (" or (H, W, 3)" if coloured else ""),
            remedy,
        )
    return plane


def _intensity(plane: Array, palette: Colours | None) -> NDArray[np.float64]:
    """Return a display picture, (H, W) or (H, W, 3), as numbers in [0, 1], not yet inverted."""
    if plane.ndim == 3:
        return _from_colours(eight_bit(plane, MODALITY), palette)
    if palette is not None:
        raise PaletteError(
            "a palette for a thermal picture of one channel",
            "three channels to look up in the palette",
            Phrase("leave the palette out: {0}", {"palette": None}),
        )
    if plane.dtype == np.uint8:
        return plane / np.float64(255)
    if plane.dtype.kind == "f":
        check_unit_interval(plane, MODALITY)
        return plane.astype(np.float64)
    if plane.dtype != np.uint16:
        low, high = int(plane.min()), int(plane.max())
        raise PerceptValueError(
            f"a thermal display picture of dtype {plane.dtype} with values from {low} to {high}",
            "uint8, uint16, or floats in [0, 1]",
            Phrase("pass {0} if it is raw", {"unit": "counts"}),
        )
    return plane / np.float64(WHITEST_16_BIT)


def _from_colours(pixels: NDArray[np.uint8], palette: Colours | None) -> NDArray[np.float64]:
    if palette is not None:
        return invert_palette(pixels, palette).astype(np.float64)
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    grey = np.count_nonzero(spread <= SAME_GREY)
    if grey < GREY_SHARE * spread.size:
        raise PaletteError(
            f"a thermal picture with three unequal channels ({spread.size - grey} coloured pixels)",
            "a grey one, or the name of its palette",
            Phrase(
                f"pass {{0}}, or another of {', '.join(PALETTES)}, or the camera's table as "
                "(N, 3) colours from cold to hot; leave out a colour bar or logo drawn on it",
                {"palette": _likely_palette(pixels)},
            ),
        )
    mean: NDArray[np.float64] = pixels.mean(axis=2) / 255
    return mean


def _likely_palette(pixels: NDArray[np.uint8]) -> str:
    """Return the first palette that a picture may use, or the most usual one."""
    for palette in PALETTES:
        with suppress(PaletteError):
            invert_palette(pixels, palette)
            return palette
    return "ironbow"


def _check_likely(
    stored: NDArray[np.float64], values: NDArray[np.float64], unit: str, counts: Counts
) -> None:
    """Check that the median is a temperature of a scene in that unit, not in another one."""
    median = float(np.median(values))
    whole = not counts.is_linear and bool((stored == np.rint(stored)).all())
    odd = whole and not WHOLE[unit][0] <= median <= WHOLE[unit][1]
    if unit == "kelvin":
        odd |= values.min() >= 0 and median < LIKELY_CELSIUS
    else:
        odd |= LIKELY_KELVIN[0] < median < LIKELY_KELVIN[1]
    if not odd or values.min() < from_celsius(ABSOLUTE_ZERO, unit):
        return  # what is impossible is refused as that
    likely = _likely(float(np.median(stored)), whole)
    if likely:
        others = dict.fromkeys(reading["unit"] for reading in likely)
        kinds = [other for other in others if other != unit]
        if any("scale" in reading for reading in likely):
            kinds.append("parts of a degree")
        last = str(len(likely))
        raise UnitError(
            f"a thermal picture in {unit} whose median is {median:g}",
            f"the {unit} of a scene: it looks like {' or '.join(kinds)}",
            Phrase(
                f"look up what the camera writes, and pass {listed(likely)}; "
                f"{SURE.replace('1', last)}",
                *likely,
                TRUST,
            ),
        )


def _likely(median: float, whole: bool) -> list[dict[str, Any]]:
    """Return the arguments with which the median of stored numbers is the heat of a scene."""
    found = []
    for unit, scale, offset in READINGS:
        value = median * (to_number(scale) or 1.0) + (to_number(offset) or 0.0)
        if (whole or scale == "1") and SCENE[0] < to_celsius(value, unit) < SCENE[1]:
            way: dict[str, Any] = {"unit": unit}
            way |= {"scale": _plain(scale)} if scale != "1" else {}
            found.append(way | ({"offset": _plain(offset)} if offset != "0" else {}))
    return found


def _plain(number: str) -> str | float:
    """Return a number as one writes it: 0.01, but "1/64"."""
    return number if "/" in number else to_number(number) or 0.0


def likely_units(stored: Array) -> list[dict[str, Any]]:
    """Return the arguments with which stored numbers are the heat of a scene."""
    values = stored[np.isfinite(stored)] if stored.dtype.kind in "iuf" else np.zeros(1)
    whole = stored.dtype.kind in "iu"
    deep = stored.ndim == 2 and stored.dtype.itemsize > 1
    found = _likely(float(np.median(values)), whole) if deep and values.size else []
    return found[:MOST_WAYS] or [{"unit": "counts" if deep else "white-hot"}]


def _celsius(
    values: NDArray[np.float64], unit: str, stored: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Convert to degrees Celsius and check that they are possible."""
    factor, offset = TEMPERATURES[unit]
    celsius = values * factor + offset
    low, high = float(celsius.min()), float(celsius.max())
    if low < ABSOLUTE_ZERO or high > HOTTEST:
        raise PerceptValueError(
            f"temperatures from {low:g} to {high:g} degrees Celsius (given in {unit})",
            f"{ABSOLUTE_ZERO} to {HOTTEST:g} degrees Celsius",
            _possible(celsius, stored),
        )
    return celsius


def _possible(celsius: NDArray[np.float64], stored: NDArray[np.float64]) -> Phrase:
    """Say what reads a picture of temperatures that cannot be."""
    odd = (celsius < ABSOLUTE_ZERO) | (celsius > HOTTEST)
    marks = np.unique(stored[odd])
    if len(marks) <= FEW_MARKS and np.count_nonzero(odd) * 2 < odd.size:
        numbers = [int(each) if each.is_integer() else each for each in marks.tolist()]
        way = {"invalid": numbers[0] if len(numbers) == 1 else numbers}
        return Phrase("pass {0} to fill pixels without a value from their surroundings", way)
    ways = _likely(float(np.median(stored)), bool((stored == np.rint(stored)).all()))
    ways = [*ways[: MOST_WAYS - 1], {"unit": "counts"}]
    return Phrase(f"pass {listed(ways)}; the last is for raw numbers of a sensor", *ways)


def _narrow(values: NDArray[np.float64]) -> NDArray[np.float32]:
    limit = float(np.finfo(np.float32).max)
    with np.errstate(under="ignore"):
        return np.clip(values, -limit, limit).astype(np.float32)
