"""Laws of `captured`: it is lazy, never part of what a percept is, and never a failure."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from tests.support.captures import SYDNEY, photo

from sensorium.errors import SourceChangedError
from sensorium.percepts import Depth, Image, Text, Thermal, percept_from_dict

TAKEN: dict[str, Any] = {"taken": "2021:08:03 19:42:10", "offset": "+02:00"}


def test_a_copy_under_another_name_is_the_same_percept(tmp_path: Path) -> None:
    """The time of the name counts neither for the digest nor for equality."""
    content = photo()
    one, other = tmp_path / "IMG_20210803_174210.jpg", tmp_path / "IMG_20150620_140533.jpg"
    one.write_bytes(content)
    other.write_bytes(content)
    first, second = Image(one, uri="a:b"), Image(other, uri="a:b")
    assert first.captured != second.captured
    assert first == second


def test_the_file_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    """As for pixels: a file that changed meanwhile is not read."""
    path = tmp_path / "a.jpg"
    path.write_bytes(photo(**TAKEN))
    early, late = Image(path), Image(path)
    assert early.captured is not None
    path.write_bytes(photo(**TAKEN, colour="red") + b"more")
    assert early.captured is not None  # read before
    with pytest.raises(SourceChangedError):
        late.captured  # noqa: B018  # reading it is the point


def test_samples_say_nothing() -> None:
    """Pixels and words have no metadata, unless their origin has a name that says it."""
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert Image(pixels).captured is None
    assert Image(pixels).place is None
    assert Text("2021-08-03 17:42:10").captured is None
    assert Text("a note", uri="file:///notes/2021-08-03%2017.42.10.txt").captured is not None


def test_maps_and_heat_have_times_too() -> None:
    """A TIFF or PNG of a sensor is a file like others."""
    grey = io.BytesIO()
    picture = PIL.Image.fromarray(np.full((6, 8), 1500, np.uint16))
    exif = PIL.Image.open(io.BytesIO(photo(**TAKEN, gps=SYDNEY))).getexif()
    picture.save(grey, "PNG", exif=exif)
    depth = Depth(grey.getvalue(), unit="mm", fx=500)
    thermal = Thermal(grey.getvalue(), unit="counts")
    assert depth.captured == thermal.captured == Image(photo(**TAKEN)).captured
    assert depth.place == Image(photo(gps=SYDNEY)).place


def test_it_survives_a_dictionary() -> None:
    """What is made again of its dictionary says the same."""
    image = Image(photo(**TAKEN, gps=SYDNEY))
    again = percept_from_dict(image.to_dict())
    assert (again.captured, again.place) == (image.captured, image.place)
    assert image.captured is not None


def test_raw_files_that_pillow_does_not_know_are_read() -> None:
    """Most raw files begin like a TIFF, and have its EXIF."""
    from sensorium.percepts.capture.capture import NOTHING
    from sensorium.percepts.capture.pictures import picture_capture
    from sensorium.percepts.source import Encoded

    exif = PIL.Image.open(io.BytesIO(photo(**TAKEN))).getexif()
    raw = exif.tobytes()[6:]  # a directory, and no picture that anybody could show
    assert picture_capture(Encoded(data=raw), NOTHING).at == Image(photo(**TAKEN)).captured
