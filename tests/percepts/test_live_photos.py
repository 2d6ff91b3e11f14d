"""The film of a photo is found in its file, or in the one beside it."""

from __future__ import annotations

import io
import struct
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

from sensorium.percepts import Image, Video
from sensorium.percepts.live_photos import APPLE, IDENTIFIER, is_live_pair, live_film

NOON = datetime(2022, 5, 7, 12, tzinfo=timezone.utc)


def film(seconds: float = 1.0, identifier: str = "") -> bytes:
    """Frames that grow brighter, ten a second."""
    stream = io.BytesIO()
    options = {"movflags": "use_metadata_tags"}
    with av.open(stream, "w", format="mov" if identifier else "mp4", options=options) as output:
        if identifier:
            output.metadata[IDENTIFIER] = identifier
        track: Any = output.add_stream("libx264", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for index in range(round(seconds * 10)):
            pixels = np.full((48, 64, 3), 40 + 10 * min(index, 20), np.uint8)
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


def photo(identifier: str = "", kind: str = "JPEG") -> bytes:
    exif = PIL.Image.Exif()
    if identifier:
        text = identifier.encode() + b"\0"
        at = len(APPLE) + 2 + 2 * 12 + 4  # after two tags
        tags = struct.pack(">HHII", 1, 9, 1, 14) + struct.pack(">HHII", 0x11, 2, len(text), at)
        notes = APPLE + struct.pack(">H", 2) + tags + bytes(4) + text
        exif[0x8769] = {0x927C: notes}
    content = io.BytesIO()
    PIL.Image.new("RGB", (64, 48), "red").save(content, kind, exif=exif)
    return content.getvalue()


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", b""),
        (bytes(20), b""),
        (b"\0\0\x0a\x30\x10\0\0\0MotionPhoto_Data", b"SEFH" + bytes(60)),
    ],
    ids=["Google", "with a gap", "Samsung"],
)
def test_a_motion_photo_has_its_film(before: bytes, behind: bytes) -> None:
    """The picture is the picture; the film is that behind it, of the same moment and origin."""
    image = Image(photo() + before + film() + behind, at=NOON, uri="phone:1")
    assert image.size == (64, 48)
    moving = image.film()
    assert isinstance(moving, Video)
    assert (moving.at, moving.uri, moving.size) == (NOON, "phone:1", (64, 48))
    assert moving.duration == pytest.approx(1.0, abs=0.05)
    shades = [np.asarray(each).mean() for each in moving.frames([0, 0.9])]
    np.testing.assert_allclose(shades, [40, 130], rtol=0, atol=4)


def test_a_film_in_a_box_of_a_heic_is_found() -> None:
    """The picture's own box at the start is none."""
    heif = pytest.importorskip("pillow_heif")
    content = io.BytesIO()
    heif.from_pillow(PIL.Image.new("RGB", (64, 48), "red")).save(content)
    still = content.getvalue()
    moving = film()
    boxed = struct.pack(">I", 8 + len(moving)) + b"mpvd" + moving
    found = Image(still + boxed).film()
    assert found is not None
    assert found.duration == pytest.approx(1.0, abs=0.05)
    assert Image(still).film() is None


def test_other_pictures_have_none() -> None:
    """Nor does an array, or a picture with the word in its comment."""
    content = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(content, "JPEG", comment=b"\0\0\0\x18ftypmp42 is a word")
    for image in (Image(photo()), Image(content.getvalue()), Image(np.zeros((4, 4, 3), np.uint8))):
        assert image.film() is None


def folder(tmp_path: Path, still: bytes, moving: bytes, name: str = "IMG_2101.MOV") -> Path:
    (tmp_path / "IMG_2101.JPG").write_bytes(still)
    (tmp_path / name).write_bytes(moving)
    return tmp_path / "IMG_2101.JPG"


def test_one_identifier_makes_a_pair_and_two_make_none(tmp_path: Path) -> None:
    """Whatever the files are called, and however long the film is."""
    path = folder(tmp_path, photo("A-1"), film(8, "A-1"))
    assert live_film(path) == tmp_path / "IMG_2101.MOV"
    (tmp_path / "renamed.mov").write_bytes(film(1, "A-1"))
    assert is_live_pair(path, tmp_path / "renamed.mov")
    (tmp_path / "IMG_2101.MOV").write_bytes(film(1, "B-2"))
    assert live_film(path) is None


def test_a_name_of_the_greatest_length_has_no_longer_film(tmp_path: Path) -> None:
    """Where the film's name would be longer than a name may be, there is none."""
    path = tmp_path / ("n" * 252 + ".jp")
    path.write_bytes(photo())
    assert live_film(path) is None


@pytest.mark.parametrize("identifier", ["", "A-1"])
def test_without_two_identifiers_the_name_and_the_length_tell(
    identifier: str, tmp_path: Path
) -> None:
    """A film of three seconds beside the picture is its own; one of eight is another recording."""
    path = folder(tmp_path, photo(identifier), film(3))
    assert live_film(path) == tmp_path / "IMG_2101.MOV"
    (tmp_path / "IMG_2101.MOV").write_bytes(film(8))
    assert live_film(path) is None
    (tmp_path / "IMG_2102.MOV").write_bytes(film(3))
    assert not is_live_pair(path, tmp_path / "IMG_2102.MOV")


def test_files_that_cannot_be_read_are_no_pair(tmp_path: Path) -> None:
    """Half a film, a text that is called a picture, nothing at all."""
    path = folder(tmp_path, photo(), film()[:200])
    assert live_film(path) is None
    path.write_bytes(b"words")
    (tmp_path / "IMG_2101.MOV").write_bytes(film())
    assert live_film(path) is None
    assert not is_live_pair(tmp_path / "nowhere.jpg", tmp_path / "IMG_2101.MOV")
