"""Photos of telephones and cameras are read, or what would read them is named."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium.errors import MediaDecodeError, MissingExtraError
from sensorium.percepts import Depth, Image, percept_from_media
from sensorium.percepts.files import file_from_percept, percept_from_file
from sensorium.percepts.recognising import modality_of_file

INSTALL = r'pip install "sensorium\[photos\]"'
SHORT, LONG, TEXT, RATIO, SIGNED, BYTE = 3, 4, 2, 5, 10, 1  # types of TIFF tags


def scene(width: int = 96, height: int = 64) -> PIL.Image.Image:
    """Red at the left, blue at the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 220
    pixels[:, width // 2 :, 2] = 220
    return PIL.Image.fromarray(pixels)


def colours(picture: PIL.Image.Image) -> tuple[str, str]:
    """What is at the left and at the right, or at the top and at the bottom of a tall picture."""
    wide = picture.width > picture.height
    ends = [(0.25, 0.5), (0.75, 0.5)] if wide else [(0.5, 0.25), (0.5, 0.75)]
    names = []
    for x, y in ends:
        seen: Any = picture.getpixel((int(x * picture.width), int(y * picture.height)))
        names.append("red" if seen[0] > seen[2] else "blue")
    return names[0], names[1]


def heic(orientation: int = 1) -> bytes:
    heif = pytest.importorskip("pillow_heif")
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    exif[0x8769] = {0x9003: "2019:07:14 10:00:00", 0x9011: "+02:00"}
    content = io.BytesIO()
    heif.from_pillow(scene()).save(content, exif=exif.tobytes(), quality=90)
    return content.getvalue()


def jpeg(picture: PIL.Image.Image, orientation: int | None = None) -> bytes:
    exif = PIL.Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=90, exif=exif)
    return content.getvalue()


def tiff(tags: dict[int, tuple[int, Any]], behind: bytes = b"", order: str = "<") -> bytes:
    """A TIFF file of one directory; `behind` stands after it, and STRIP points to it."""
    count = len(tags)
    place = 8 + 2 + 12 * count + 4  # of values that do not fit into their tags
    entries, values = b"", b""
    kinds = {SHORT: "H", LONG: "I", BYTE: "B"}
    packed = {}
    for tag, (kind, value) in tags.items():
        if kind == TEXT:
            packed[tag] = (kind, len(value), value)
        elif kind in (RATIO, SIGNED):
            numbers = [part for each in value for part in (round(each * 10_000), 10_000)]
            pair = "i" if kind == SIGNED else "I"
            packed[tag] = (kind, len(value), struct.pack(f"{order}{len(numbers)}{pair}", *numbers))
        else:
            row = value if isinstance(value, tuple) else (value,)
            packed[tag] = (kind, len(row), struct.pack(f"{order}{len(row)}{kinds[kind]}", *row))
    size = sum(len(each) for _, _, each in packed.values() if len(each) > 4)
    for tag in sorted(packed):
        kind, number, value = packed[tag]
        if tag == 273:  # where the pixels are
            value = struct.pack(f"{order}I", place + size)
        if len(value) > 4:
            entries += struct.pack(f"{order}HHII", tag, kind, number, place + len(values))
            values += value
        else:
            entries += struct.pack(f"{order}HHI", tag, kind, number) + value.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return head + struct.pack(f"{order}H", count) + entries + bytes(4) + values + behind


def raw_photo(preview: bytes, *, orientation: int = 1, order: str = "<") -> bytes:
    """A file as cameras write it: a small copy first, then a preview, then samples."""
    tags = {
        254: (LONG, 1),
        256: (LONG, 16),
        257: (LONG, 12),
        258: (SHORT, 8),
        259: (SHORT, 1),
        262: (SHORT, 1),
        271: (TEXT, b"A camera's maker\0"),
        273: (LONG, 0),
        274: (SHORT, orientation),
        277: (SHORT, 1),
        278: (LONG, 12),
        279: (LONG, 192),
    }
    samples = np.random.default_rng(0).integers(0, 2**14, 40_000).astype("<u2").tobytes()
    return tiff(tags, bytes(192) + preview + samples, order)


def test_a_heic_picture_is_read_upright(tmp_path: Path) -> None:
    """By name, by content and by mime type; its EXIF says when it was taken."""
    path = tmp_path / "IMG_4417.HEIC"
    path.write_bytes(heic())
    assert modality_of_file(path) == "image"
    for given in (path, path.read_bytes()):
        image = percept_from_media(given)
        assert isinstance(image, Image)
        assert (image.size, colours(image.picture())) == ((96, 64), ("red", "blue"))
        assert image.captured is not None
        assert image.captured.isoformat() == "2019-07-14T10:00:00+02:00"
    turned = Image(heic(orientation=6))
    assert (turned.size, colours(turned.picture())) == ((64, 96), ("red", "blue"))
    kept = file_from_percept(image)
    again = percept_from_file(kept.source.read(), modality="image", units=kept.units)
    assert (kept.extension, again.digest) == ("heic", image.digest)
    assert "HEIF" not in PIL.Image.OPEN  # which belongs to the whole process


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_heic_picture_that_lacks_a_part_is_refused(share: float) -> None:
    """When it is opened, or when it is decoded."""
    content = heic()
    with pytest.raises(MediaDecodeError):
        Image(content[: round(share * len(content))]).picture()


def test_without_the_package_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the line that installs it."""
    content = heic()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=INSTALL):
        Image(content)


def test_a_kind_that_no_package_of_ours_reads_says_what_to_do() -> None:
    """JPEG XL, whose plugin has a licence that is not for everyone."""
    for begin in (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"):
        with pytest.raises(MediaDecodeError, match=r"JPEG XL.*convert it to PNG or JPEG"):
            Image(begin + bytes(600))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".nef", ".dng", ".arw", ".tiff"])
def test_a_raw_photo_is_what_its_camera_showed(
    suffix: str, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest JPEG inside of it, without any package; not the small copy that stands first."""
    monkeypatch.setitem(sys.modules, "rawpy", None)
    path = tmp_path / f"DSC_0001{suffix}"
    small, large = jpeg(scene(160, 120)), jpeg(scene(1024, 768))
    path.write_bytes(raw_photo(small + large + small, order=order))
    assert modality_of_file(path) == "image"
    image = percept_from_media(path)
    assert isinstance(image, Image)
    assert (image.size, colours(image.picture())) == ((1024, 768), ("red", "blue"))
    assert image.reading["picture"] == "the camera's own preview, 1024 x 768"


@pytest.mark.parametrize(("own", "size"), [(None, (768, 1024)), (1, (1024, 768))])
def test_a_preview_lies_as_the_sensor_unless_it_says_otherwise(
    own: int | None, size: tuple[int, int]
) -> None:
    """The file's orientation turns it, but for one that has its own."""
    image = Image(raw_photo(jpeg(scene(1024, 768), own), orientation=6))
    assert (image.size, image.picture().size) == (size, size)


def test_a_thumbnail_alone_is_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package that develops the samples is named."""
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtraError, match=INSTALL):
        Image(raw_photo(jpeg(scene(160, 120))))


def test_samples_are_developed_where_there_is_no_preview() -> None:
    """A mosaic of red and blue halves comes out red and blue, at half the sensor's size."""
    pytest.importorskip("rawpy")
    mosaic = np.full((128, 192), 500, np.uint16)
    mosaic[0::2, 0:96:2] = 12_000  # red samples, at the left
    mosaic[1::2, 97::2] = 12_000  # blue ones, at the right
    pixels = mosaic.astype("<u2").tobytes()
    tags = {
        254: (LONG, 0),
        256: (LONG, 192),
        257: (LONG, 128),
        258: (SHORT, 16),
        259: (SHORT, 1),
        262: (SHORT, 32803),
        271: (TEXT, b"Sensorium\0"),
        272: (TEXT, b"Test\0"),
        273: (LONG, 0),
        274: (SHORT, 1),
        277: (SHORT, 1),
        278: (LONG, 128),
        279: (LONG, len(pixels)),
        33421: (SHORT, (2, 2)),
        33422: (BYTE, (0, 1, 1, 2)),
        50706: (BYTE, (1, 4, 0, 0)),
        50708: (TEXT, b"Sensorium Test\0"),
        50714: (SHORT, 0),
        50717: (LONG, 16_383),
        50721: (SIGNED, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)),
        50728: (RATIO, (1.0, 1.0, 1.0)),
    }
    image = Image(tiff(tags, pixels))
    assert image.size == (96, 64)
    assert colours(image.picture()) == ("red", "blue")
    assert modality_of_dng(tiff(tags, pixels)) == "image"


def modality_of_dng(content: bytes) -> str:
    return percept_from_media(content).modality  # and not refused as a picture of 16 bits


def test_an_ordinary_tiff_is_none(tmp_path: Path) -> None:
    """Nor is a scanner's, which names its maker, or a map of depth."""
    content = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[271] = "A scanner's maker"
    scene().save(content, "TIFF", exif=exif)
    assert dict(Image(content.getvalue()).reading) == {}
    deep = io.BytesIO()
    PIL.Image.fromarray(np.full((4, 4), 900, np.uint16)).save(deep, "TIFF")
    assert Depth(deep.getvalue(), unit="mm", fx=5).metres()[0, 0] == pytest.approx(0.9)
