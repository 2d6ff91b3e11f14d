"""Laws of captions: what people wrote in a picture is read, and what cameras write is not."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import PIL.Image
import pytest
from tests.support.captures import photo, xmp

from sensorium.percepts import Image

UTF_8 = (1, 90, b"\x1b%G")
SUBJECTS = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description>
 <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Anna at the sea</rdf:li></rdf:Alt>
 </dc:description><dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li> big  waves </rdf:li>
 <rdf:li>sea</rdf:li><rdf:li/></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""


def iptc(*sets: tuple[int, int, bytes]) -> bytes:
    """A JPEG whose segment of Photoshop holds data sets: number of record and set, and value."""
    block = b"".join(struct.pack(">BBBH", 0x1C, r, d, len(v)) + v for r, d, v in sets)
    block += b"\0" * (len(block) % 2)
    resource = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block
    content = photo(colour="olive")
    return content[:2] + struct.pack(">BBH", 0xFF, 0xED, len(resource) + 2) + resource + content[2:]


@pytest.mark.parametrize(
    ("sets", "words", "keywords"),
    [
        (
            [UTF_8, (2, 120, "Grüße".encode()), (2, 25, "Straße".encode()), (2, 25, b"sea")],
            "Grüße",
            ("Straße", "sea"),
        ),
        ([(2, 120, "Grüße aus dem Süden".encode("cp1252"))], "Grüße aus dem Süden", ()),
        ([(2, 120, "Café".encode("latin-1")), (2, 25, b"a"), (2, 25, b"a")], "Café", ("a",)),
        ([(2, 120, b"OLYMPUS DIGITAL CAMERA         "), (2, 25, b" ")], "", ()),
        ([(2, 120, b"SONY DSC")], "", ()),
        ([(2, 120, b"x" * 20_001)], "", ()),
        ([(2, 5, b"a title")], "", ()),
    ],
)
def test_iptc_says_captions_and_keywords(
    sets: Sequence[tuple[int, int, bytes]], words: str, keywords: tuple[str, ...]
) -> None:
    """In UTF-8 or an older encoding; without what a camera wrote."""
    image = Image(iptc(*sets))
    assert (image.description, image.keywords) == (words, keywords)
    assert image.captured is None


def test_xmp_says_captions_and_all_keywords() -> None:
    """Each once, without blanks."""
    image = Image(photo(xmp=SUBJECTS))
    assert (image.description, image.keywords) == ("Anna at the sea", ("sea", "big waves"))


def test_a_caption_that_is_written_twice_is_said_once() -> None:
    """Programs copy it from IPTC to XMP; two different ones are both kept."""
    content = iptc((2, 120, b"Anna at the sea"), (2, 25, b"sea"), (2, 25, b"holiday"))
    packet = b"http://ns.adobe.com/xap/1.0/\0" + SUBJECTS
    segment = struct.pack(">BBH", 0xFF, 0xE1, len(packet) + 2) + packet
    both = Image(content[:2] + segment + content[2:])
    assert both.description == "Anna at the sea"
    assert both.keywords == ("sea", "big waves", "holiday")
    content = iptc((2, 120, b"Rex beside her"))
    two = Image(content[:2] + segment + content[2:])
    assert two.description == "Anna at the sea\nRex beside her"


def test_damaged_words_leave_the_picture_whole() -> None:
    """Data sets that are none, and a picture without any."""
    cut = iptc((2, 120, b"Anna")).replace(b"\x1c\x02\x78\0\x04", b"\x1c\x09\x78\x7f\xff")
    assert Image(cut).description == ""
    assert Image(cut).size == (8, 6)
    assert Image(photo(xmp=xmp())).keywords == ()
    stored = io.BytesIO()
    PIL.Image.new("RGB", (4, 4)).save(stored, "BMP")
    assert Image(stored.getvalue()).description == ""
