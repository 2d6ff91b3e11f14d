"""The kind of a file, recognised by its first bytes."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE

PREFIX = 512  # bytes of a file that `recognise` wants to see
TEXT_SHARE = 0.95  # of the prefix must be printable for it to be called text

_STARTS = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"II+\x00", "a TIFF picture"),  # of 64-bit offsets
    (b"MM\x00+", "a TIFF picture"),
    (b"%!PS", "an EPS drawing"),
    (b"\xc5\xd0\xd3\xc6", "an EPS drawing"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"\x00\x00\x01\xba", "an MPEG video"),
    (b"\x00\x00\x01\xb3", "an MPEG video"),
    (b"FLV", "a Flash video"),
    (b"OggS", "an Ogg sound or video"),
    (b"fLaC", "a FLAC sound"),
    (b"ID3", "an MP3 sound"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB 7.3 MAT-file", "an HDF5 file"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file of version 5"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"\x00\x00\x00\x0cjP  \r\n", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\x00\x00\x00\x0cJXL \r\n", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop picture"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "an ASF video"),
    (b"#!AMR", "an AMR sound"),
    (b"caff", "a CAF sound"),
    (b".snd", "an AU sound"),
    (b"riff\x2e\x91\xcf\x11", "a W64 sound"),
)
_RIFF = {b"WEBP": "a WebP picture", b"AVI ": "an AVI video", b"WAVE": "a WAV sound"}
_FORM = {b"AIFF": "an AIFF sound", b"AIFC": "an AIFF sound"}
PACKET, STAMP = 188, 4  # bytes of a packet of an MPEG transport stream, and of a time before each
_BRANDS = {  # major brand of an ISO base media file, its first three letters
    b"avi": "an AVIF picture",
    b"hei": "a HEIC picture",
    b"mif": "a HEIC picture",
    b"msf": "a HEIC picture",
    b"hev": "a HEIC picture",
    b"crx": "a Canon raw picture",
    b"M4A": "an MPEG-4 sound",
}


def recognise(prefix: bytes) -> str:
    """Name what the first `PREFIX` bytes of a file look like, e.g. `"a PNG picture"`."""
    for start, name in _STARTS:
        if prefix.startswith(start):
            return name
    if prefix.startswith(b"RIFF") and prefix[8:12] in _RIFF:
        return _RIFF[prefix[8:12]]
    if prefix.startswith(b"FORM") and prefix[8:12] in _FORM:
        return _FORM[prefix[8:12]]
    if prefix[4:8] == b"ftyp":
        return _of_brand(prefix)
    return "an MPEG transport video" if _is_transport(prefix) else _recognise_text(prefix)


def _of_brand(prefix: bytes) -> str:
    """Name an ISO base media file by its major brand, or by others where that has two meanings."""
    if prefix[8:11] == b"mif" and b"avif" in prefix[12 : int.from_bytes(prefix[:4], "big")]:
        return _BRANDS[b"avi"]
    return _BRANDS.get(prefix[8:11], "an MPEG-4 or QuickTime video")


def _is_transport(prefix: bytes) -> bool:
    """Return whether the packets of a transport stream follow each other.

    Source: ISO/IEC 13818-1, 2.4.3.2: each begins with 0x47. Camcorders and Blu-ray discs write a
    time before each packet.
    """
    return any(prefix[first :: PACKET + first] == b"\x47" * 3 for first in (0, STAMP))


def _recognise_text(prefix: bytes) -> str:
    wide = prefix.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    even = len(prefix) // 2 * 2  # a character that is cut off is none
    text = (
        prefix[:even].decode("utf-16", "replace") if wide else prefix.decode("utf-8-sig", "replace")
    )
    head = text.lstrip("\ufeff \t\r\n")[:9].lower()
    if head.startswith(("<svg", "<?xml")):
        return "an SVG or XML document"
    if head.startswith(("<!doctype", "<html")):
        return "an HTML page"
    printable = sum(letter.isprintable() or letter in "\t\r\n" for letter in text)
    readable = printable - text.count("\ufffd")
    return "text" if text and readable >= TEXT_SHARE * len(text) else "no known kind of file"
