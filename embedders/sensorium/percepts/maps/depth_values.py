"""The values of a depth map, from any dtype and unit to canonical float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    DepthEncodingError,
    EmptyPerceptError,
    PerceptShapeError,
    PerceptValueError,
    Phrase,
    UnitError,
    listed,
)
from sensorium.percepts.codecs.pictures import check_size, one_channel
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.counts import ROTATED, SWAPPED, Counts
from sensorium.percepts.maps.doubts import RANGE_BITS, doubted_bits, lone_maximum
from sensorium.percepts.source import Array

MODALITY = "depth"
MM_PER_METRE = 1000.0
DEEPEST_MEDIAN = 200.0  # metres; a scene deeper than this was given in a finer unit
NEAREST_MEDIAN_MM = 20.0  # millimetres; a scene nearer than this was given in metres
DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})  # Pillow's, one deep channel
MILLIMETRES = (0.0009, 0.0011)  # metres a count of maps that are said to be in millimetres
GREY = "L"  # Pillow's, 8 bits
LARGEST_DISPARITY = 512.0  # pixels, in a crop of a larger map
GREATEST_PERCENTILE = 99.0

UNITS = (
    'unit="m", "mm", metres per count as a number or a fraction (0.001, "1/5000" for TUM), '
    '"disparity" (pixels, larger is nearer) or "relative" (inverse depth, larger is nearer)'
)
BITS: Mapping[int | str, tuple[str, str, str]] = {  # what came, what is needed, and what to do
    SWAPPED: (
        "that is noise as it is, and a scene when its bytes are swapped",
        "the bytes of each number in the right order",
        "pass {0} to swap them",
    ),
    ROTATED: (
        "whose numbers are all multiples of 8",
        "millimetres: the SUN RGB-D data set rotates their bits by three",
        "pass {0} if it is such a file",
    ),
    RANGE_BITS: (
        "that is a scene only without its upper three bits",
        "millimetres: Android's DEPTH16 has a confidence there",
        "pass {0} to leave it out",
    ),
}
SURE = "if they are right as they are, pass {1}"
TRUST = {"trust": True}
LOOKS = {"mm": "millimetres", "m": "metres"}
WHOLE = 2**53  # up to here, floats hold every whole number
FEW = 3  # numbers that may mark pixels without depth


def check_mode(mode: str, name: str, *, trust: bool = False) -> None:
    """Check that pictures of Pillow's `mode` can hold depth; grey levels, if the caller insists.

    Raises:
        DepthEncodingError: They are 8-bit or coloured.
    """
    if mode not in DEEP_MODES and not (trust and mode == GREY):
        raise _encoding_error(f"a depth picture of mode {mode} ({name})")


def _encoding_error(came: str) -> DepthEncodingError:
    return DepthEncodingError(
        came,
        "16-bit, 32-bit or float values in one channel",
        Phrase(
            "pass the original 16-bit map: an 8-bit or coloured picture may be far-is-bright or "
            "near-is-bright, on an unknown scale, and a wrong guess silently inverts it; if you "
            "know how its grey levels were made, give that as the unit, with {0}",
            TRUST,
        ),
    )


def plane_of(array: Array, limits: Limits, *, trust: bool = False) -> Array:
    """Return the one channel of an array, (H, W), as a view; of 8 bits if the caller insists.

    Raises:
        DepthEncodingError: It has 8 bits.
        PerceptShapeError: It is no map.
        TooManyPixelsError: It has more pixels than `limits` allow.
    """
    small = array.dtype.kind in "iu" and array.dtype.itemsize == 1 and not trust
    if array.dtype.kind == "b" or small:
        raise _encoding_error(f"a depth array of dtype {array.dtype}")
    array = one_channel(array)
    if array.ndim != 2:
        raise PerceptShapeError(
            f"a depth array of shape {array.shape}",
            "(H, W), (1, H, W) or (H, W, 1)",
            Phrase("pass one map at a time, of a stack (N, H, W) for example {0}", {"frame": 0}),
        )
    check_size((array.shape[1], array.shape[0]), MODALITY, limits)
    return array


def canonical_values(
    stored: Array, unit: str | float, counts: Counts, *, trust: bool = False, doubt: bool = True
) -> tuple[NDArray[np.float32], str | float]:
    """Check stored values and give them canonical units; holes become NaN.

    Canonical values come back as they are, so that a percept survives its dictionary form.

    Args:
        stored: (H, W) of any integer or float dtype. Not modified.
        unit: Unit of the values: "m", "mm", metres per count, "disparity" or "relative".
        counts: How stored numbers become values.
        trust: Accept what looks like another unit or another kind of file.
        doubt: Look for signs of another kind of file.
    Returns:
        (H, W) float32, and their unit: "m", "disparity" or "relative".
    """
    metric = unit not in ("disparity", "relative")
    selected = counts.select(stored)
    with np.errstate(invalid="ignore"):  # some NaN cannot be cast without a warning
        wide = selected.astype(np.float64)
    wide[counts.is_invalid(stored)] = np.nan
    if doubt and not trust:
        _check_kind(stored, selected, wide, unit, counts)
    if counts.is_linear:
        if unit != "relative":
            wide[wide == 0] = np.nan  # before it is moved by the offset
        wide = counts.scaled(wide)
    if unit != "relative" and trust:
        wide[wide < 0] = np.nan
    elif unit != "relative":
        _check_negative(wide)
    if unit == "mm":
        wide /= MM_PER_METRE
    elif isinstance(unit, float):
        with np.errstate(over="ignore"):
            wide *= unit
    narrow = to_float32(wide)
    holes = np.isnan(narrow)
    if unit != "relative":
        holes |= narrow == 0
    if not metric:
        holes |= np.isinf(narrow)  # Middlebury's mark for unknown; a metric map is far there
    narrow[holes] = np.nan
    if holes.all():
        raise EmptyPerceptError(
            f"a depth map of {holes.size} pixels that are all holes (0 or NaN)",
            "at least one measured pixel",
            "leave this percept out, or check the sensor",
        )
    if not trust:
        _check_plausible(narrow[~holes], unit, width=narrow.shape[1])
    return narrow, "m" if metric else unit


def _check_kind(
    stored: Array, selected: Array, values: NDArray[np.float64], unit: str | float, counts: Counts
) -> None:
    """Check that stored numbers show no sign of another kind of file."""
    if unit == "relative":
        return
    if counts.invalid:
        holes = np.isnan(values)
        stored = np.where(holes, 0, stored).astype(stored.dtype)
        selected = np.where(holes, 0, selected).astype(selected.dtype)
    if counts.bits is None:
        bits = doubted_bits(stored, millimetres=_in_millimetres(unit, counts))
        if bits is not None:
            came, needed, remedy = BITS[bits]
            raise UnitError(
                Phrase(f"depth with {{0}} {came}", {"unit": unit}),
                needed,
                Phrase(f"{remedy}; {SURE}", {"bits": bits}, TRUST),
            )
    sentinel = lone_maximum(selected)
    if sentinel is not None:
        marked = int(sentinel) if sentinel < WHOLE and sentinel.is_integer() else sentinel
        raise UnitError(
            f"a depth map whose greatest value {sentinel:.15g} is far from all others",
            "a mark for pixels without depth, or a depth",
            Phrase(f"pass {{0}} to make holes of them; {SURE}", {"invalid": marked}, TRUST),
        )


def _in_millimetres(unit: str | float, counts: Counts) -> bool:
    if unit == "disparity":
        return False
    metres = {"m": 1.0, "mm": 1 / MM_PER_METRE}.get(unit, unit) if isinstance(unit, str) else unit
    count = float(metres) * (1.0 if counts.scale is None else counts.scale)
    return MILLIMETRES[0] < count < MILLIMETRES[1]


def _check_negative(values: NDArray[np.float64]) -> None:
    negative = int(np.count_nonzero(values < 0))
    if negative:
        least = np.nanmin(values)
        raise PerceptValueError(
            f"a depth map with {negative} negative values, the least {least:g}",
            "0 or more, with 0 or NaN where nothing was measured",
            _below_zero(values),
        )


def _below_zero(values: NDArray[np.float64]) -> Phrase:
    """Say what reads a map with negative depth."""
    found = np.unique(values[values < 0])
    if not (values > 0).any():
        return Phrase("if it points away from the camera, pass {0}", {"scale": -1})
    if len(found) <= FEW:
        marks = [int(each) if each.is_integer() else each for each in found.tolist()]
        way = {"invalid": marks[0] if len(marks) == 1 else marks}
        return Phrase("pass {0} if they mark missing pixels", way)
    return Phrase("pass {0} to make holes of them", TRUST)


def _check_plausible(valid: NDArray[np.float32], unit: str | float, *, width: int) -> None:
    """Check that canonical values without holes can be those of a scene."""
    if unit == "disparity":
        _check_disparity(valid, width)
        return
    if unit == "relative":
        if not (valid > 0).any():
            raise PerceptValueError(
                f"a relative depth map whose largest value is {valid.max():g}",
                "inverse depth: positive, larger is nearer",
                Phrase("if larger is farther, pass {0}", {"scale": -1}),
            )
        return
    finite = valid[np.isfinite(valid)]
    median = float(np.median(finite)) if finite.size else 1.0  # infinitely far everywhere: no hint
    likely: list[dict[str, Any]] = []
    if median > DEEPEST_MEDIAN:
        count = {"m": 1.0, "mm": 1 / MM_PER_METRE}.get(str(unit)) or float(unit)
        likely = [{"unit": each} for each in finer_units(median / count)]
    elif unit == "mm" and median * MM_PER_METRE < NEAREST_MEDIAN_MM:
        likely = [{"unit": "m"}]
    if likely:
        raise UnitError(
            Phrase(f"depth with {{0}} whose median would be {median:g} m", {"unit": unit}),
            f"a median of {NEAREST_MEDIAN_MM / MM_PER_METRE:g} to {DEEPEST_MEDIAN:g} m",
            Phrase(
                f"the values look like {LOOKS.get(likely[0]['unit'], 'another unit')}: "
                f"pass {listed(likely)}; "
                f"{SURE.replace('1', str(len(likely)))}",
                *likely,
                TRUST,
            ),
        )


def likely_units(stored: Array) -> list[str | float]:
    """Return units with which stored numbers are a scene, the likeliest first."""
    if stored.dtype.kind not in "iuf":
        return finer_units(1.0)
    values = stored[np.isfinite(stored) & (stored > 0)]
    median = float(np.median(values)) if values.size else 1.0
    if stored.dtype.kind == "f" and median < DEEPEST_MEDIAN:
        return ["m"]
    return finer_units(median)


def finer_units(median: float) -> list[str | float]:
    """Return units of depth with which a median of stored numbers is a scene, the usual first."""
    units = {"mm": 1e-3, "1/5000": 1 / 5000, "1/256": 1 / 256, "0.00025": 0.00025, "1e-06": 1e-6}
    least = NEAREST_MEDIAN_MM / MM_PER_METRE
    found = [unit for unit, metres in units.items() if least < median * metres < DEEPEST_MEDIAN]
    return list(found[:FEW]) or [float(f"{2 / median:.2g}")]


def _check_disparity(valid: NDArray[np.float32], width: int) -> None:
    greatest = float(np.percentile(valid, GREATEST_PERCENTILE))
    if greatest > max(width, LARGEST_DISPARITY):
        raise UnitError(
            f"disparities of up to {greatest:g} pixels in a map {width} pixels wide",
            "pixels, fewer than the map is wide",
            Phrase(
                "say what a count stands for: KITTI has {0}, Cityscapes {2}; " + SURE,
                {"scale": "1/256"},
                TRUST,
                {"scale": "1/256", "offset": "-1/256"},
            ),
        )


def invert(values: NDArray[np.float32], product: float) -> NDArray[np.float32]:
    """Return `product / values`, which turns metres into disparity and back."""
    with np.errstate(over="ignore"):
        inverse = product / values.astype(np.float64)
    return to_float32(np.minimum(inverse, float(np.finfo(np.float32).max)))


def to_float32(wide: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a float32 copy; what float32 cannot hold becomes infinity or 0, without a warning."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return wide.astype(np.float32)
