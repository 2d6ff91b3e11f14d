"""Positions as files write them: degrees, minutes and seconds; ISO 6709; the text of XMP."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from sensorium.percepts.place import Place, measured_place

SIGNS = {"N": 1, "S": -1, "E": 1, "W": -1}
NUMBER = r"[+-][0-9]+(?:\.[0-9]+)?"
# "+48.8577+002.2950+035.000/", and the reference system that may follow
ISO_6709 = re.compile(rf"({NUMBER})({NUMBER})({NUMBER})?(?:CRS[^/]*)?/?")
SIXTY = 60.0  # minutes of a degree, seconds of a minute
# How many digits before the point are degrees alone, with minutes, with seconds: ISO 6709
LATITUDE_DIGITS, LONGITUDE_DIGITS = (2, 4, 6), (3, 5, 7)


def parse_iso_6709(text: str) -> Place | None:
    """Return the place that ISO 6709 writes: `+48.8577+002.2950+035.000/`; `None` for others."""
    found = ISO_6709.fullmatch(text.strip("\0 \n"))
    if found is None:
        return None
    latitude = _sexagesimal(found[1], LATITUDE_DIGITS)
    longitude = _sexagesimal(found[2], LONGITUDE_DIGITS)
    if latitude is None or longitude is None:
        return None
    return measured_place(latitude, longitude, float(found[3]) if found[3] else None)


def _sexagesimal(text: str, digits: Sequence[int]) -> float | None:
    """Return degrees from `+DD.d`, `+DDMM.m` or `+DDMMSS.s`."""
    whole, point, fraction = text[1:].partition(".")
    degrees, minutes, seconds = digits
    sign = -1.0 if text[0] == "-" else 1.0
    if len(whole) <= degrees:  # some writers leave out zeros in front
        return sign * float(f"{whole}{point}{fraction}")
    if len(whole) == minutes:
        parts = (whole[:degrees], f"{whole[degrees:]}{point}{fraction}", "0")
    elif len(whole) == seconds:
        parts = (whole[:degrees], whole[degrees:minutes], f"{whole[minutes:]}{point}{fraction}")
    else:
        return None
    return None if (size := degrees_of(parts)) is None else sign * size


def degrees_of(parts: Sequence[Any]) -> float | None:
    """Return degrees from degrees, minutes and seconds; `None` where they are none.

    Args:
        parts: One to three numbers, or their text; fractions of EXIF may have a zero below.
    """
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not 1 <= len(numbers) <= 3 or not all(math.isfinite(n) and n >= 0 for n in numbers):
        return None
    if any(number >= SIXTY for number in numbers[1:]):
        return None
    return sum((number / SIXTY**power for power, number in enumerate(numbers)), 0.0)


def parse_xmp_degrees(text: str, reference: str | None = None) -> float | None:
    """Return degrees from the text of XMP: `26,34.951N`, `26,34,12S`, or decimal degrees.

    Args:
        text: The text.
        reference: N, S, E or W where it is kept apart, as some programs do.
    """
    text = text.strip()
    sign = SIGNS.get(text[-1:].upper())
    if sign is not None:
        size = degrees_of(text[:-1].split(","))
    else:
        sign = SIGNS.get((reference or "").strip()[:1].upper(), 1)
        try:
            number = float(text)
        except ValueError:
            return None
        sign, size = (1, number) if number < 0 else (sign, number)
    return None if size is None else sign * size
