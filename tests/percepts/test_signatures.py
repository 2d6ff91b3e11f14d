"""The first bytes of a file say what it is."""

from __future__ import annotations

import pytest

from sensorium.percepts.signatures import recognise


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"II*\x00", "a TIFF picture"),
        (b"RIFF\0\0\0\0WEBP", "a WebP picture"),
        (b"RIFF\0\0\0\0WAVE", "a WAV sound"),
        (b"RIFF\0\0\0\0ACON", "no known kind of file"),
        (b"\0\0\0\x18ftypavif", "an AVIF picture"),
        (b"\0\0\0\x18ftypM4A ", "an MPEG-4 sound"),
        (b"\0\0\0\x18ftypisom", "an MPEG-4 or QuickTime video"),
        (b"\x93NUMPY\x01\x00", "a NumPy file"),
        (b" \n<!DOCTYPE html>", "an HTML page"),
        (b"\xef\xbb\xbf<?xml", "an SVG or XML document"),
        (b"", "no known kind of file"),
    ],
)
def test_kinds_are_told_apart(begin: bytes, kind: str) -> None:
    """Each is known by its own beginning, whatever follows."""
    assert recognise(begin + bytes(begin[:1]) * bool(begin) * 9) == kind


@pytest.mark.parametrize(("strange", "kind"), [(5, "text"), (6, "no known kind of file")])
def test_text_is_nineteen_parts_in_twenty_letters(strange: int, kind: str) -> None:
    """A few control characters are forgiven; a binary file with words in it is not text."""
    assert recognise(b"a" * (100 - strange) + b"\x01" * strange) == kind
