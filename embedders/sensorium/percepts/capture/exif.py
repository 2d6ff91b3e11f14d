"""EXIF: when a camera took a picture, in which zone, and where its receiver was.

The tags are those of CIPA DC-008, Exif 2.32, 4.6.5 (times) and 4.6.6 (GPS).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import PIL.Image
from PIL import ExifTags

from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.positions import SIGNS, degrees_of
from sensorium.percepts.capture.times import (
    LARGEST_OFFSET,
    LOCAL,
    credible,
    parse_offset,
    parse_time,
)
from sensorium.percepts.place import Place, measured_place

EXIF, CHANGED = "EXIF", "EXIF, of its last change"
Base, GPS, IFD = ExifTags.Base, ExifTags.GPS, ExifTags.IFD
# Each time with its fraction of a second and its offset
ORIGINAL = (Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal)
DIGITIZED = (Base.DateTimeDigitized, Base.SubsecTimeDigitized, Base.OffsetTimeDigitized)
QUARTER = timedelta(minutes=15)  # offsets from UTC are multiples of it
LATE_FIX = timedelta(minutes=5)  # a receiver may give a time that is this old


def exif_capture(exif: PIL.Image.Exif) -> Capture:
    """Return when and where EXIF says that a picture was taken."""
    main, gps = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
    tags = {**exif, **main}
    place = gps_place(gps)
    for names in (ORIGINAL, DIGITIZED):
        at, by = _taken(tags, names, _gps_time(gps))
        if at is not None:
            return Capture(at, by, place)
    satellite = credible(_gps_time(gps))
    return Capture(satellite, f"{EXIF}, GPS" if satellite else None, place)


def exif_change(exif: PIL.Image.Exif) -> Capture:
    """Return when a picture was last written, which scanners and old cameras alone say."""
    tags = {**exif, **exif.get_ifd(IFD.Exif)}
    time = parse_time(_text(tags.get(Base.DateTime)))
    zone = parse_offset(_text(tags.get(Base.OffsetTime)))
    at = credible(time.replace(tzinfo=zone) if time and zone else time)
    return Capture(at, CHANGED if zone else CHANGED + LOCAL) if at else NOTHING


def _taken(
    tags: Mapping[int, Any], names: Sequence[int], satellite: datetime | None
) -> tuple[datetime | None, str]:
    """Return the time of one of EXIF's clocks, and what says it."""
    name, fraction, offset = names
    time = parse_time(_text(tags.get(name)))
    if time is None:
        return None, EXIF
    if (digits := _text(tags.get(fraction)).strip()).isdecimal() and digits.isascii():
        time = time.replace(microsecond=int(digits[:6].ljust(6, "0")))
    zone = time.tzinfo or parse_offset(_text(tags.get(offset)))
    if zone is None and tags.get(Base.DateTime) == tags.get(name):  # nobody has changed it since
        zone = parse_offset(_text(tags.get(Base.OffsetTime)))
    if zone is not None:
        return credible(time.replace(tzinfo=zone)), EXIF
    if satellite is not None and credible(time) is not None:
        ahead = time.replace(tzinfo=timezone.utc) - satellite
        whole = round(ahead / QUARTER) * QUARTER
        if abs(whole) <= LARGEST_OFFSET:
            local = time.replace(tzinfo=timezone(whole))
            exact = abs(ahead - whole) <= LATE_FIX
            return credible(local if exact else satellite), f"{EXIF}, zone by GPS"
    return credible(time), EXIF + LOCAL


def _gps_time(gps: Mapping[int, Any]) -> datetime | None:
    """Return the time of the satellites, which is UTC."""
    parts = gps.get(GPS.GPSTimeStamp)
    day = _text(gps.get(GPS.GPSDateStamp)).strip()
    try:
        hours, minutes, seconds = (float(part) for part in parts or ())
        midnight = parse_time(f"{day} 00:00:00")
        since = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if midnight is None or not timedelta(0) <= since < timedelta(days=1, seconds=1):
        return None
    return midnight.replace(tzinfo=timezone.utc) + since


def gps_place(gps: Mapping[int, Any]) -> Place | None:
    """Return the place in the tags of GPS; `None` for zeros, and for what is no place."""
    latitude = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "NS")
    longitude = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "EW")
    if latitude is None or longitude is None:
        return None
    return measured_place(latitude, longitude, _altitude(gps))


def _degrees(parts: Any, reference: Any, signs: str) -> float | None:
    """Return signed degrees; without N, S, E or W nobody can say on which side they are."""
    sign = _text(reference).strip()[:1].upper()
    size = degrees_of(parts) if isinstance(parts, (tuple, list)) else None
    return None if size is None or not sign or sign not in signs else SIGNS[sign] * size


def _altitude(gps: Mapping[int, Any]) -> float | None:
    try:
        metres = float(gps[GPS.GPSAltitude])
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None
    reference = gps.get(GPS.GPSAltitudeRef, 0)
    below = (
        reference[-1:] in (b"\1", b"\3") if isinstance(reference, bytes) else reference in (1, 3)
    )
    return None if not math.isfinite(metres) else -metres if below else metres


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else ""
