"""The values of a thermal picture, from any dtype, unit or palette to canonical float32."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.errors import (
    NonFiniteError,
    PaletteError,
    PerceptShapeError,
    PerceptValueError,
    UnitError,
)
from sensorium.percepts.codecs.pictures import (
    check_size,
    check_unit_interval,
    eight_bit,
    one_channel,
    translate_errors,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.counts import SWAPPED, Counts, to_number
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
TRUST = "if it really is so, pass trust=True"

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
        'name its unit: unit="white-hot" (with palette=... if it is coloured), or pass the file '
        "that the camera wrote, or an array in celsius",
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
            'pass unit="white-hot" or "black-hot": 8 bits have been through gain control',
        )
    bad = int(plane.size - np.count_nonzero(np.isfinite(plane)))
    if bad:
        raise NonFiniteError(
            f"{bad} values that are NaN or infinite in a thermal picture",
            "finite values",
            "fill them first (sensorium.percepts.holes.fill_holes fills NaN from its surroundings)",
        )
    if guess and counts.bits is None and doubted_bits(plane, millimetres=False):
        raise UnitError(
            f"a thermal picture in {unit} that is noise as it is, and a scene when its bytes are "
            "swapped",
            "the bytes of each number in the right order",
            f'pass bits="{SWAPPED}" to swap them, or the JPEG that it was taken from; {TRUST}',
        )
    stored = counts.select(plane).astype(np.float64)
    values = counts.scaled(stored)
    if unit != "counts":
        if guess:
            _check_likely(stored, values, unit, counts)
        values = _celsius(values, unit)
    return _narrow(values)


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
        remedy = "pass one picture at a time, and numbers instead of a mask"
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
            "leave the palette out",
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
            'convert it, or pass unit="counts" if it is raw',
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
            f"pass palette= one of {', '.join(map(repr, PALETTES))} or the camera's table as an "
            "(N, 3) uint8 array from cold to hot; leave out a colour bar or logo drawn on it",
        )
    mean: NDArray[np.float64] = pixels.mean(axis=2) / 255
    return mean


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
        others = dict.fromkeys(reading.split('"')[1] for reading in likely)
        kinds = [other for other in others if other != unit]
        if any("scale" in reading for reading in likely):
            kinds.append("parts of a degree")
        raise UnitError(
            f"a thermal picture in {unit} whose median is {median:g}",
            f"the {unit} of a scene: it looks like {' or '.join(kinds)}",
            f"look up what the camera writes, and pass {' or '.join(likely)}; {TRUST}",
        )


def _likely(median: float, whole: bool) -> list[str]:
    """Return the arguments with which the median of stored numbers is the heat of a scene."""
    found = []
    for unit, scale, offset in READINGS:
        value = median * (to_number(scale) or 1.0) + (to_number(offset) or 0.0)
        if (whole or scale == "1") and SCENE[0] < to_celsius(value, unit) < SCENE[1]:
            scaled = f", scale={scale}" if scale != "1" else ""
            found.append(f'unit="{unit}"{scaled}' + (f", offset={offset}" if offset != "0" else ""))
    return found


def _celsius(values: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Convert to degrees Celsius and check that they are possible."""
    factor, offset = TEMPERATURES[unit]
    celsius = values * factor + offset
    low, high = float(celsius.min()), float(celsius.max())
    if low < ABSOLUTE_ZERO or high > HOTTEST:
        raise PerceptValueError(
            f"temperatures from {low:g} to {high:g} degrees Celsius (given in {unit})",
            f"{ABSOLUTE_ZERO} to {HOTTEST:g} degrees Celsius",
            'pass scale= and offset= if a count is not one degree (unit="kelvin", scale=0.01), or '
            'unit="counts" if these are raw sensor values',
        )
    return celsius


def _narrow(values: NDArray[np.float64]) -> NDArray[np.float32]:
    limit = float(np.finfo(np.float32).max)
    with np.errstate(under="ignore"):
        return np.clip(values, -limit, limit).astype(np.float32)
