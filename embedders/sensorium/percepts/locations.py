"""Places named by text: paths, `file:` URIs, and the directories that paths may lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sensorium.errors import SourceRefusedError

URL_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:\ is a path


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
