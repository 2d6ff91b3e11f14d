"""Laws of XMP: what programs write about pictures, and what is not read."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from tests.support.captures import photo, xmp

from sensorium.percepts import Image, Place
from sensorium.percepts.capture.xmp import read_xmp

NINE = datetime(2020, 2, 2, 9, tzinfo=timezone.utc)
LISTED = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"
 xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:RDF>
 <r:Description xmlns:e="http://ns.adobe.com/exif/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/"
  xmlns:p="http://ns.adobe.com/photoshop/1.0/">
  <p:DateCreated>2020-02-02T10:00:00+01:00</p:DateCreated>
  <e:GPSLatitude>48.8584</e:GPSLatitude><e:GPSLatitudeRef>N</e:GPSLatitudeRef>
  <e:GPSLongitude>70.5</e:GPSLongitude><e:GPSLongitudeRef>W</e:GPSLongitudeRef>
  <d:description><r:Alt><r:li xml:lang="x-default">Anna at the tower</r:li></r:Alt></d:description>
 </r:Description></r:RDF></x:xmpmeta>"""


@pytest.mark.parametrize(
    "name", ["exif__DateTimeOriginal", "photoshop__DateCreated", "xmp__CreateDate"]
)
def test_a_time_is_read_from_each_property(name: str) -> None:
    """The offset counts."""
    read = read_xmp(xmp(**{name: "2020-02-02T10:00:00+01:00"}))
    assert read is not None
    assert (read.capture.at, read.capture.by) == (NINE, "XMP")


def test_the_original_goes_before_the_file() -> None:
    """A scan of today was taken long ago."""
    packet = xmp(xmp__CreateDate="2026-01-05T10:00:00Z", photoshop__DateCreated="1967-05-14")
    read = read_xmp(packet)
    assert read is not None
    assert read.capture.at is not None
    assert read.capture.at.date() == datetime(1967, 5, 14).date()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pictures_hold_it(kind: str) -> None:
    """Degrees and minutes with a letter, and an altitude as a fraction below the sea."""
    content = xmp(
        exif__DateTimeOriginal="2020-02-02T09:00:00Z",
        exif__GPSLatitude="26,34.5S",
        exif__GPSLongitude="80,30,36W",
        exif__GPSAltitude="125/10",
        exif__GPSAltitudeRef="1",
    )
    if kind == "PNG":
        import PIL.PngImagePlugin

        info = PIL.PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", content.decode())
        image = Image(photo(kind=kind, pnginfo=info))
    elif kind == "TIFF":
        image = Image(photo(kind=kind, tiffinfo={700: content}))
    else:
        image = Image(photo(kind=kind, xmp=content))
    assert image.captured == NINE
    assert image.place == Place(-26.575, -80.51, -12.5)


def test_prefixes_and_forms_do_not_matter() -> None:
    """Elements are as good as attributes, decimal degrees with a letter apart as any others."""
    read = read_xmp(LISTED)
    assert read is not None
    assert read.capture.at == NINE
    assert read.capture.place == Place(48.8584, -70.5)
    assert read.capture.description == "Anna at the tower"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no packet",
        LISTED[:200],
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + LISTED,
        LISTED.decode().encode("utf-16"),
    ],
)
def test_what_is_damaged_or_declares_entities_is_not_read(content: bytes) -> None:
    """Entities may unfold to gigabytes."""
    assert read_xmp(content) is None
