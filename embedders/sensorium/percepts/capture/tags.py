"""When and where a sound or a video was recorded, by the tags of its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timezone
from typing import TYPE_CHECKING

from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.positions import parse_iso_6709
from sensorium.percepts.capture.times import LOCAL, credible, parse_time

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

QUICKTIME = "com.apple.quicktime.creationdate"  # when it was taken, with the camera's offset
CREATION = "creation_time"  # of MPEG-4, QuickTime and Matroska, in UTC; of BWF the time of day
RECORDED = ("date_recorded", "recording_time", "recorded date", "recordingdate")
DATE = "date"  # ID3's TDRC, a comment of Vorbis, INFO of WAV: of music it is when it came out
PLACES = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
KEPT = frozenset({QUICKTIME, CREATION, *RECORDED, DATE, *PLACES})
MUSIC = frozenset({"album", "album_artist", "track", "isrc", "disc", "barcode", "tsrc"})
RELEASED = "published"  # kept in place of those
FIRST_FILM = 1888  # year of the oldest film there is, at Roundhay
LONGEST = 200  # characters of a tag that is kept
DAY = re.compile(r"[0-9]{4}[-:/. ][0-9]{2}[-:/. ][0-9]{2}")
CLOCK = re.compile(r"([0-9]{2})[-:/. ]([0-9]{2})[-:/. ]([0-9]{2})")

CONTAINER, TAG, BROADCAST = "creation_time", "recording date", "BWF origination"


def capture_tags(container: InputContainer, track: Stream) -> dict[str, str]:
    """Return the tags of an open file that say when and where it was recorded, by small names."""
    kept: dict[str, str] = {}
    for name, value in _tags(container, track):
        if name in MUSIC and value.strip():
            kept[RELEASED] = name
        elif name in KEPT and value.strip() and len(value) <= LONGEST:
            # FFmpeg from 8.1 on writes all values of a tag, where there are several
            kept.setdefault(name, value.partition(";")[0].strip())
    return kept


def _tags(container: InputContainer, track: Stream) -> Iterator[tuple[str, str]]:
    for owner in (container, track):
        for name, value in owner.metadata.items():
            yield name.lower(), value


def recording_capture(tags: Mapping[str, str]) -> Capture:
    """Return when and where something was recorded, by its `capture_tags`.

    Music is published: its dates say when, or when its file was made, and are left out.
    """
    place = next((place for name in PLACES if (place := parse_iso_6709(tags.get(name, "")))), None)
    if RELEASED in tags:
        return Capture(place=place)
    for at, by in _times(tags):
        if at is not None and at.year >= FIRST_FILM:  # FFmpeg turns the far future into 1829
            return Capture(at, by, place)
    return Capture(place=place) if place else NOTHING


def _times(tags: Mapping[str, str]) -> Iterator[tuple[datetime | None, str]]:
    """Yield the times that the tags say, the best first."""
    taken = parse_time(tags.get(QUICKTIME, ""))
    yield credible(taken), CONTAINER if taken and taken.tzinfo else CONTAINER + LOCAL
    yield credible(_broadcast(tags)), BROADCAST + LOCAL
    for name in RECORDED:
        said = parse_time(tags.get(name, ""))
        yield credible(said), TAG if said and said.tzinfo else TAG + LOCAL
    made = parse_time(tags.get(CREATION, ""))
    yield credible(made and made.replace(tzinfo=made.tzinfo or timezone.utc)), CONTAINER
    said = parse_time(tags.get(DATE, ""))
    if said is not None and said.time() != time():  # midnight stands for a date alone
        yield credible(said), TAG if said.tzinfo else TAG + LOCAL


def _broadcast(tags: Mapping[str, str]) -> datetime | None:
    """Return the time of the broadcast chunk of a WAV, which has date and time of day apart."""
    day, clock = DAY.fullmatch(tags.get(DATE, "")), CLOCK.fullmatch(tags.get(CREATION, ""))
    if day is None or clock is None:
        return None
    return parse_time(f"{day[0]} {':'.join(clock.groups())}")
