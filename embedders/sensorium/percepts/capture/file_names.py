"""When something was taken, by the name that a phone, a camera or a messenger gave its file."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote, urlsplit

from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.times import LOCAL, credible, parse_offset

NAME, DAY_NAME = "file name", "date in the file name"
YEAR, MONTH, DAY = r"((?:19|20)[0-9]{2})", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12][0-9]|3[01])"
DATE = rf"(?<![0-9]){YEAR}(?P<d>[-_. ]?){MONTH}(?P=d){DAY}"
AT = r"(?:[-_T, .]*|\s+(?:at|um|à|a las|alle(?: ore)?|om|kl\.?|klo|às|o)\s+)"
CLOCK = r"([01]?[0-9]|2[0-3])(?P<c>[-_.:h ]?)([0-5][0-9])(?P=c)([0-5][0-9])"
# "2021-08-03 17.42.10", "IMG_20210803_174210", "PXL_20210803_174210123", "... at 5.42.10 PM"
MOMENT = re.compile(
    rf"{DATE}{AT}{CLOCK}(?:[._]?([0-9]{{3}}))?(?![0-9])"
    r"(?:\s?(?P<half>[AP])\.?M\b)?(?P<zone>Z\b|[+-][0-9]{2}:?[0-9]{2}(?![0-9]))?",
    re.IGNORECASE,
)
# A date alone counts at the beginning of a name, or behind what devices and messengers write
DEVICES = (
    r"IMG|VID|AUD|PTT|DOC|STK|GIF|PXL|MVIMG|PANO|BURST|DSC|DCIM|WP|DJI|REC|CAM|TRIM|VIDEO|AUDIO"
    r"|PHOTO|IMAGE|VOICE|RECORDING|SIGNAL|TELEGRAM|WHATSAPP[ _-](?:IMAGE|VIDEO|AUDIO|PTT)"
    r"|SCREEN ?SHOT|SCREEN[ _-]?RECORDING|BILDSCHIRMFOTO|CAPTURE"
)
DATED = re.compile(
    rf"(?:(?:{DEVICES})[-_ ]*{YEAR}(?P<d>[-_. ]?){MONTH}(?P=d){DAY}(?![0-9])"
    rf"|{YEAR}-{MONTH}-{DAY}(?![0-9]))",
    re.IGNORECASE,
)
# Milliseconds since 1970, behind the names of some messengers and cameras
COUNTED = re.compile(
    r"(?:FB_IMG|FB_VID|mmexport|wx_camera|IMG|VID|Screenshot|pic|beauty|received)[-_]?"
    r"(1[0-9]{12})(?![0-9])",
    re.IGNORECASE,
)
UTC_NAMES = re.compile(r"PXL_", re.IGNORECASE)  # phones whose names have the time of UTC
ISO_8601 = re.compile(r"[0-9]T[0-9]", re.IGNORECASE)
HASH = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)  # digits in it are chance
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NOON = 12  # hours


def name_capture(name: str) -> Capture:
    """Return when something was taken, by the name of its file.

    Args:
        name: Name of the file, with its suffix or without.
    """
    stem = name.rpartition(".")[0] or name
    if not stem or HASH.fullmatch(stem):
        return NOTHING
    counted = COUNTED.match(stem)
    if counted is not None:
        at = credible(EPOCH + timedelta(milliseconds=int(counted[1])))
        return Capture(at, NAME) if at else NOTHING
    moments = list(MOMENT.finditer(stem))
    for found in moments:
        time = _moment(found)
        if time is not None and UTC_NAMES.match(stem):
            time = time.replace(tzinfo=time.tzinfo or timezone.utc)
        if at := credible(time):
            return Capture(at, NAME if time and time.tzinfo else NAME + LOCAL)
    return NOTHING if moments else _dated(stem)


def _moment(found: re.Match[str]) -> datetime | None:
    year, _, month, day, hour, apart, minute, second, millis = found.groups()[:9]
    if not apart and len(hour) == 1:  # 2021080317421 is no time
        return None
    number, half = int(hour), (found["half"] or "").upper()
    if half:
        if not 1 <= number <= NOON:
            return None
        number = number % NOON + (NOON if half == "P" else 0)
    # Behind a time that is not of ISO 8601, "-01" counts files
    zone = parse_offset(found["zone"]) if found["zone"] and ISO_8601.search(found[0]) else None
    try:
        return datetime(
            *(int(year), int(month), int(day), number, int(minute), int(second)),
            microsecond=1000 * int(millis or 0),
            tzinfo=zone,
        )
    except ValueError:  # the 31st of June
        return None


def _dated(stem: str) -> Capture:
    found = DATED.match(stem)
    if found is None:
        return NOTHING
    year, month, day = (part for part in found.groups() if part and part.isdecimal())
    try:
        at = credible(datetime(int(year), int(month), int(day)), day_only=True)
    except ValueError:
        return NOTHING
    return Capture(at, DAY_NAME) if at else NOTHING


def name_in(uri: str) -> str:
    """Return the name of the file that a URI or a path names; empty for a web address."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    return unquote(parts.path).rpartition("/")[2] if parts.scheme in ("", "file") else ""
