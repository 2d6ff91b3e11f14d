"""Content and places named by text: base64, `data:` URIs, paths, and where paths may lead."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from sensorium.errors import SourceRefusedError, SourceTooLargeError, SourceTypeError

MIB = 1024 * 1024
MAX_BYTES = 8 * 1024 * MIB
URL_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:\ is a path


def from_base64(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Decode a whole file; line breaks in it are passed over.

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


def _unbroken(text: str | bytes) -> bytes:
    raw = text.encode("ascii") if isinstance(text, str) else text
    return base64.b64decode(b"".join(raw.split()), validate=True)


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


def local_path(text: str | bytes) -> Path:
    """Return the file that a path or a `file:` URI names.

    Raises:
        SourceRefusedError: An http or other URL.
    """
    text = os.fsdecode(text)
    if text[:5].lower() == "file:":
        return Path(url2pathname(urlsplit(text).path))
    if URL_SCHEME.match(text):
        raise SourceRefusedError(
            f"the URL {text!r}",
            "local content: Sensorium fetches nothing by itself",
            "download it and pass the path or the bytes (uri= keeps where it came from)",
        )
    return Path(text).expanduser().absolute()


def directories(roots: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the directories that paths may lie in; a single one may be given alone.

    The letters of a path given alone would be directories otherwise, "/" among them.
    """
    if isinstance(roots, (str, os.PathLike)):
        roots = [roots]
    return [Path(root).expanduser() for root in roots]


def allowed_path(given: str | os.PathLike[str], roots: Sequence[Path]) -> Path:
    """Return the file that a path leads to, all links followed, if it lies in one of `roots`.

    Raises:
        SourceRefusedError: It does not, or is a URL.
    """
    try:
        path = local_path(os.fspath(given)).resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in roots)
    except (ValueError, RuntimeError):  # a zero byte, links in a circle
        inside = False
    if not inside:
        raise SourceRefusedError(
            f"the path {str(given)!r}",
            f"a path below {', '.join(str(root) for root in roots) or 'an allowed directory'}",
            "move the file there, or add its directory to roots",
        )
    return path
