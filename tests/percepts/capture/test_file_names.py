"""Laws of names: what phones, cameras and messengers call their files."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from sensorium.percepts.capture.file_names import name_capture, name_in

LOCAL = "file name, in this machine's local time"
UTC = "file name"
DAY = "date in the file name"


@pytest.mark.parametrize(
    ("name", "wall", "by"),
    [
        ("IMG_20210803_174210.jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("IMG20210803174210.jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("VID_20210803_174210_001.mp4", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("20210803_174210(0).jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("2021-08-03 17.42.10.jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("2021-08-03 17.42.10-1.jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("Screenshot_2021-08-03-17-42-10-123_com.app.png", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("signal-2021-08-03-174210.jpeg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("WhatsApp Image 2021-08-03 at 17.42.10.jpeg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("WhatsApp Video 2021-08-03 at 5.42.10 PM.mp4", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("Screen Shot 2021-08-03 at 5.42.10\u202fPM.png", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("Screenshot 2021-08-03 at 12.05.00 AM.png", (2021, 8, 3, 0, 5, 0), LOCAL),
        ("Bildschirmfoto 2021-08-03 um 17.42.10.png", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("WIN_20210803_17_42_10_Pro.jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("photo_2021-08-03_17-42-10.jpg", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("DJI_20210803174210_0001_D.JPG", (2021, 8, 3, 17, 42, 10), LOCAL),
        ("VID-20200301-WA0001.mp4", (2020, 3, 1), DAY),
        ("PTT-20200301-WA0003.opus", (2020, 3, 1), DAY),
        ("VID-20200101-WA0001.mp4", (2020, 1, 1), DAY),  # a date of its own, no clock's first
        ("Screenshot_20240311.png", (2024, 3, 11), DAY),
        ("WP_20140620_001.jpg", (2014, 6, 20), DAY),
        ("2021-08-03 birthday.jpg", (2021, 8, 3), DAY),
    ],
)
def test_names_say_local_times(name: str, wall: tuple[int, ...], by: str, eastern: None) -> None:
    """The clock on the wall of whoever took it, taken for that of this machine."""
    capture = name_capture(name)
    assert capture.at is not None
    assert capture.at.replace(microsecond=0) == datetime(*wall).astimezone()  # type: ignore[arg-type]  # a time
    assert capture.by == by


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PXL_20210803_174210123.MP.jpg", datetime(2021, 8, 3, 17, 42, 10, 123_000)),
        ("20210803T174210Z.wav", datetime(2021, 8, 3, 17, 42, 10)),
        ("2021-08-03T19:42:10+02:00.wav", datetime(2021, 8, 3, 17, 42, 10)),
        ("FB_IMG_1498765432109.jpg", datetime(2017, 6, 29, 19, 43, 52, 109_000)),
        ("mmexport1498765432109.jpg", datetime(2017, 6, 29, 19, 43, 52, 109_000)),
    ],
)
def test_some_names_say_the_zone(name: str, expected: datetime, eastern: None) -> None:
    """They are written in UTC, count from 1970, or have an offset."""
    capture = name_capture(name)
    assert (capture.at, capture.by) == (expected.replace(tzinfo=timezone.utc), UTC)


@pytest.mark.parametrize(
    "name",
    [
        *("IMG_4417.HEIC", "DSC_0042.JPG", "track 07.mp3", "20200101.jpg", "a.b", ".jpg", ""),
        *("IMG_20210230_101010.jpg", "IMG_20210803_1.jpg".replace("0803", "1303")),
        *("IMG_19700101_000000.jpg", "IMG_29991231_101010.jpg", "order 99920210803174210.jpg"),
        "a" * 40 + "20150620140533" + "b" * 10 + ".jpg",  # digits of a hash are chance
        "IMG_٢٠٢١٠٨٠٣_174210.jpg",
    ],
)
def test_other_names_say_nothing(name: str) -> None:
    """Numbers, dates that do not exist, the first day of a clock and the future."""
    assert name_capture(name).at is None


def test_the_name_at_the_origin_counts() -> None:
    """A URI of a file names it; an address of the web does not say when a file was made."""
    assert name_in("file:///home/rex/IMG%202021.jpg") == "IMG 2021.jpg"
    assert name_in("https://example.org/2021-08-03-news.html") == ""
    assert name_in("data:image/png;base64,AAAA") == ""
