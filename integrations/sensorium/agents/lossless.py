"""Base64 that can be written again letter by letter from the bytes in it."""

from __future__ import annotations

import base64
import binascii


def encode_base64(content: bytes) -> str:
    """Write bytes in base64, on one line."""
    return base64.b64encode(content).decode("ascii")


def decode_lossless(text: str) -> bytes | None:
    """Decode base64; return `None` if encoding the bytes would not give the same text.

    What is `None` is not base64, or is written in another way: on several lines, for example.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if encode_base64(content) == text else None
