"""The metadata of a PNG file, also what stands behind its pixels, which are passed over.

Source: Portable Network Graphics (third edition), 5.2 (chunks) and 11.3 (texts, eXIf).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = "XML:com.adobe.xmp"
PROFILES = ("Raw profile type exif", "Raw profile type APP1")
LARGEST = 16 * 2**20  # bytes of a chunk that is read, and of what it unpacks to
CHUNKS = 100_000  # looked at, at most


@dataclass
class PngMetadata:
    """What a PNG file says of itself.

    Attributes:
        exif: Its EXIF; empty if there is none.
        texts: Its texts by their keys.
    """

    exif: bytes = b""
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def xmp(self) -> bytes:
        """Its packet of XMP; empty if there is none."""
        return self.texts.get(XMP_KEY, "").encode()


def read_png(stream: BinaryIO) -> PngMetadata:
    """Read the texts and the EXIF of a PNG file from its start; a damaged end is passed over."""
    found = PngMetadata()
    stream.seek(len(SIGNATURE))
    for _ in range(CHUNKS):
        head = stream.read(8)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if len(head) < 8 or kind == b"IEND":
            break
        if kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt") and size <= LARGEST:
            content = stream.read(size)
            if kind == b"eXIf":
                found.exif = content
            else:
                _note(found, kind, content)
            stream.seek(4, 1)  # its check sum
        else:
            stream.seek(size + 4, 1)
    found.exif = found.exif or _profile(found.texts)
    return found


def _profile(texts: dict[str, str]) -> bytes:
    """Return the EXIF that ImageMagick keeps as digits in a text, under a name and a length."""
    for key in PROFILES:
        digits = "".join(texts.get(key, "").split("\n")[3:])
        try:
            if profile := bytes.fromhex(digits):
                return profile
        except ValueError:
            continue
    return b""


def _note(found: PngMetadata, kind: bytes, content: bytes) -> None:
    key, _, rest = content.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # languages, and the key in them
    elif packed:
        rest = rest[1:]
    if packed:
        try:
            rest = zlib.decompressobj().decompress(rest, LARGEST)
        except zlib.error:
            return
    encoding = "utf-8" if kind == b"iTXt" else "latin-1"
    found.texts.setdefault(key.decode("latin-1"), rest.decode(encoding, "replace"))
