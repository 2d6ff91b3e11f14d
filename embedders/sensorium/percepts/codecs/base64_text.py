"""Content written as text: base64 and `data:` URIs."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

from sensorium.errors import SourceTooLargeError, SourceTypeError
from sensorium.percepts.limits import MAX_BYTES

URL_SAFE, ORDINARY = b"-_", b"+/"  # letters of base64 in addresses, and for what they stand


def from_base64(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Decode a whole file, in the letters of addresses, too; line breaks in it are passed over.

    Raises:
        SourceTypeError: Not base64.
        SourceTooLargeError: More than `max_bytes`.
    """
    _check_encoded("base64", text, max_bytes)
    try:
        return _unbroken(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise SourceTypeError(
            f"base64 that cannot be read ({error})",
            "a whole file in base64",
            "encode it: b64encode(data).decode()",
        ) from error


def encode_base64(content: bytes) -> str:
    """Write bytes in base64, on one line."""
    return base64.b64encode(content).decode("ascii")


def decode_lossless(text: str) -> bytes | None:
    """Decode base64, if encoding the bytes again gives the same text; otherwise return `None`."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if encode_base64(content) == text else None


def _unbroken(text: str | bytes) -> bytes:
    raw = b"".join((text.encode("ascii") if isinstance(text, str) else text).split())
    if set(raw) & set(URL_SAFE) and not set(raw) & set(ORDINARY):
        raw = raw.translate(bytes.maketrans(URL_SAFE, ORDINARY))
        raw += b"=" * (-len(raw) % 4) if len(raw) % 4 > 1 else b""  # which it may leave out
    return base64.b64decode(raw, validate=True)


def _check_encoded(what: str, text: str | bytes, max_bytes: int) -> None:
    if len(text) > 4 * (max_bytes // 3 + 64):
        raise SourceTooLargeError(
            f"{what} of {len(text)} characters",
            f"at most {max_bytes} bytes",
            "pass a path, or raise the limit with limits=Limits(max_bytes=...)",
        )


def from_data_uri(uri: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of a `data:` URI.

    Raises:
        SourceTypeError: Malformed.
        SourceTooLargeError: More than `max_bytes`.
    """
    _check_encoded("a data: URI", uri, max_bytes)
    header, comma, payload = uri.partition(",")
    try:
        if not comma:
            raise ValueError("no comma")
        raw = unquote_to_bytes(payload)
        return _unbroken(raw) if header.endswith(";base64") else raw
    except ValueError as error:
        raise SourceTypeError(
            f"a malformed data: URI ({error}), {uri!r}",
            "data:<type>;base64,<content>",
            "encode the content again",
        ) from error
