"""XMP: what programs write about a picture, within it or beside it.

The names are those of Adobe's XMP specification, part 2, and of CIPA DC-010 for EXIF's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sensorium.percepts.capture.captions import caption, keywords
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.positions import parse_xmp_degrees
from sensorium.percepts.capture.times import LOCAL, credible, parse_date, parse_time
from sensorium.percepts.place import Place, measured_place

XMP = "XMP"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
EXIF = "{http://ns.adobe.com/exif/1.0/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
BASIC = "{http://ns.adobe.com/xap/1.0/}"
TIMES = (  # the first that says a time is believed
    f"{EXIF}DateTimeOriginal",
    f"{PHOTOSHOP}DateCreated",
    f"{EXIF}DateTimeDigitized",
    f"{BASIC}CreateDate",
)
PADDING = b"\0 \r\n\t"
LARGEST = 16 * 2**20  # bytes of a packet that is read; pictures within it make some large


@dataclass(frozen=True)
class Packet:
    """What is taken from XMP.

    Attributes:
        capture: When and where, the description and the keywords.
        title: The title; empty without one.
    """

    capture: Capture = NOTHING
    title: str = ""


def read_xmp(packet: bytes) -> Packet | None:
    """Read a packet of XMP; `None` if it is none, or damaged."""
    text = packet[max(0, packet.find(b"<")) :].rstrip(PADDING)
    # What declares entities may unfold to gigabytes; zero bytes are UTF-16, which could hide them
    if len(text) > LARGEST or any(sign in text for sign in (b"<!DOCTYPE", b"<!ENTITY", b"\0")):
        return None
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError, LookupError):
        return None
    values = dict(_values(root))
    words = caption(values.get(f"{DC}description", ""))
    said = Capture(*_time(values), _place(values), words, keywords(_subjects(root)))
    return Packet(said, values.get(f"{DC}title", ""))


def _values(root: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the properties: attributes, elements, the first of lists."""
    for description in root.iter(f"{RDF}Description"):
        yield from description.attrib.items()
        for element in description:
            item = next(element.iter(f"{RDF}li"), element)
            if text := (item.text or "").strip():
                yield element.tag, text


def _subjects(root: ET.Element) -> Iterator[str]:
    """Yield the keywords: a bag, or one text."""
    for subject in root.iter(f"{DC}subject"):
        items = list(subject.iter(f"{RDF}li")) or [subject]
        yield from (item.text or "" for item in items)


def _time(values: Mapping[str, str]) -> tuple[datetime | None, str | None]:
    for name in TIMES:
        text = values.get(name, "")
        day = parse_date(text)
        time = day or parse_time(text)
        if at := credible(time, day_only=day is not None):
            return at, XMP if time and time.tzinfo else XMP + LOCAL
    return None, None


def _place(values: Mapping[str, str]) -> Place | None:
    latitude, longitude = (
        parse_xmp_degrees(values.get(f"{EXIF}{name}", ""), values.get(f"{EXIF}{name}Ref"))
        for name in ("GPSLatitude", "GPSLongitude")
    )
    if latitude is None or longitude is None:
        return None
    altitude = _ratio(values.get(f"{EXIF}GPSAltitude", ""))
    below = values.get(f"{EXIF}GPSAltitudeRef", "0").strip() in ("1", "3")
    return measured_place(
        latitude, longitude, -altitude if altitude is not None and below else altitude
    )


def _ratio(text: str) -> float | None:
    """Return the number that XMP writes as a fraction, `3512/10`, or as it is."""
    above, _, under = text.partition("/")
    try:
        return float(above) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        return None
