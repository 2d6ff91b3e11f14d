"""Laws of EXIF: when a camera took a picture, and where."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from PIL.ExifTags import GPS, Base
from tests.support.captures import SYDNEY, nothing_below, photo, xmp

from sensorium.percepts import Image, Place

AFTERNOON = datetime(2021, 8, 3, 17, 42, 10, tzinfo=timezone.utc)
SATELLITES: dict[int, Any] = {GPS.GPSDateStamp: "2021:08:03", GPS.GPSTimeStamp: (17.0, 42.0, 7.0)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_was_taken_when_its_camera_says(kind: str) -> None:
    """The time has its offset, and its fraction of a second; the place its signs."""
    content = photo(
        taken="2021:08:03 19:42:10",
        offset="+02:00",
        tags={Base.SubsecTimeOriginal: "25"},
        gps=SYDNEY,
        kind=kind,
    )
    image = Image(content)
    assert image.captured == AFTERNOON + timedelta(milliseconds=250)
    assert image.captured is not None
    assert image.captured.utcoffset() == timedelta(hours=2)
    assert image.captured_by == "EXIF"
    assert image.place == Place(-33.8568, 151.2153)
    assert image.at is None  # which only a caller says


def test_without_an_offset_the_clock_of_a_camera_is_local(eastern: None) -> None:
    """It is that of this machine, and is said to be."""
    image = Image(photo(taken="2021:08:03 13:42:10"))
    assert image.captured == AFTERNOON
    assert image.captured_by == "EXIF, in this machine's local time"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ("2021:08:03 19:42:10", AFTERNOON),  # two hours ahead, fixed 3 s earlier
        ("2021:08:03 23:27:12", AFTERNOON + timedelta(seconds=2)),  # Nepal: 5 h 45 min
        ("2021:08:03 19:49:00", AFTERNOON - timedelta(seconds=3)),  # the camera is 7 minutes fast
    ],
)
def test_satellites_say_the_zone(taken: str, expected: datetime, eastern: None) -> None:
    """The time of the satellites, which is UTC, tells the offset of the camera's clock."""
    image = Image(photo(taken=taken, gps=SATELLITES))
    assert (image.captured, image.captured_by) == (expected, "EXIF, zone by GPS")


def test_satellites_are_the_clock_of_a_camera_that_was_not_set() -> None:
    """Zeros in the camera's own time leave the satellites' time, to the second."""
    image = Image(photo(taken="0000:00:00 00:00:00", gps=SATELLITES))
    assert image.captured == AFTERNOON - timedelta(seconds=3)


@pytest.mark.parametrize(
    "taken",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "1970:01:01 01:00:12",
        "1980:01:01 00:00:04",
        "2000:01:01 00:10:00",
        "2012:01:01 00:00:00",
        "2002:12:08 12:00:00",
        "2999:01:02 03:04:05",
        "2021:13:45 99:99:99",
        "yesterday",
        "",
    ],
)
def test_a_clock_that_was_not_set_says_nothing(taken: str) -> None:
    """Zeros, blanks, the first day of a clock and the future are no times."""
    image = Image(photo(taken=taken))
    assert (image.captured, image.captured_by) == (None, None)


def test_new_year_is_a_time() -> None:
    """A minute past midnight people take pictures of rockets."""
    image = Image(photo(taken="2020:01:01 00:01:30", offset="+01:00"))
    assert image.captured == datetime(2019, 12, 31, 23, 1, 30, tzinfo=timezone.utc)


def test_digitised_stands_in_for_original() -> None:
    """A scan says when it was made, if not when its photo was taken."""
    tags: dict[int, Any] = {
        Base.DateTimeDigitized: "2021:08:03 17:42:10",
        Base.OffsetTimeDigitized: "+00:00",
    }
    assert Image(photo(tags=tags)).captured == AFTERNOON


def test_the_last_change_is_believed_last(tmp_path: Any) -> None:
    """`DateTime` is when a program wrote the file; its name says more, and all else."""
    changed = photo(main={Base.DateTime: "2021:08:03 17:42:10"}, tags={Base.OffsetTime: "+00:00"})
    image = Image(changed)
    assert (image.captured, image.captured_by) == (AFTERNOON, "EXIF, of its last change")
    named = tmp_path / "IMG_20150620_140533.jpg"
    named.write_bytes(changed)
    assert Image(named).captured_by == "file name, in this machine's local time"
    both = photo(
        taken="2019:01:02 03:04:05", offset="Z", main={Base.DateTime: "2021:08:03 17:42:10"}
    )
    assert Image(both).captured == datetime(2019, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "gps",
    [
        {**SYDNEY, GPS.GPSLatitude: (0.0, 0.0, 0.0), GPS.GPSLongitude: (0.0, 0.0, 0.0)},
        {**SYDNEY, GPS.GPSLatitude: (nothing_below(),) * 3},
        {**SYDNEY, GPS.GPSLatitude: (133.0, 0.0, 0.0)},
        {**SYDNEY, GPS.GPSLongitude: (151.0, 75.0, 0.0)},
        {**SYDNEY, GPS.GPSLatitudeRef: "X"},
        {k: v for k, v in SYDNEY.items() if k != GPS.GPSLongitudeRef},  # east or west?
    ],
)
def test_what_is_no_place_is_none(gps: dict[int, Any]) -> None:
    """Zeros, fractions of nothing, degrees beyond the poles, and no word of which side."""
    assert Image(photo(gps=gps)).place is None


@pytest.mark.parametrize(("reference", "altitude"), [(b"\0", 35.5), (b"\1", -35.5), (None, 35.5)])
def test_altitude_is_below_the_sea_if_it_says_so(reference: bytes | None, altitude: float) -> None:
    """Metres, with a sign."""
    gps = {**SYDNEY, GPS.GPSAltitude: 35.5}
    if reference is not None:
        gps[GPS.GPSAltitudeRef] = reference
    place = Image(photo(gps=gps)).place
    assert place is not None
    assert place.altitude == altitude


def test_exif_goes_before_xmp_and_xmp_before_the_name(tmp_path: Any) -> None:
    """Each says what those before it do not."""
    packet = xmp(exif__DateTimeOriginal="2020-02-02T10:00:00Z")
    path = tmp_path / "IMG_20150620_140533.jpg"
    path.write_bytes(photo(xmp=packet))
    assert Image(path).captured == datetime(2020, 2, 2, 10, tzinfo=timezone.utc)
    path.write_bytes(photo(taken="2021:08:03 17:42:10", offset="+00:00", xmp=packet))
    assert Image(path).captured == AFTERNOON


@pytest.mark.parametrize("cut", [60, 90, 120, 150])
def test_damaged_exif_is_passed_over(cut: int) -> None:
    """A picture whose EXIF is garbage is a picture all the same."""
    content = bytearray(photo(taken="2021:08:03 17:42:10", gps=SYDNEY))
    start = content.index(b"Exif")
    content[start + 6 : start + cut] = b"\xa5" * (cut - 6)
    image = Image(bytes(content))
    assert image.size == (8, 6)
    assert image.captured is None
    assert image.place is None
