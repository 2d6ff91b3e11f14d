"""The largest sizes that a percept may have."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
MAX_BYTES = 8 * 1024 * MIB


@dataclass(frozen=True)
class Limits:
    """The largest sizes that a percept may have, checked before anything is decoded.

    Attributes:
        max_bytes: Bytes of the encoded source. Bytes and file objects are held in memory; a path
            to sound or video is streamed.
        max_pixels: Pixels of one picture or frame; 128 million is 384 MB as RGB.
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = 128_000_000
