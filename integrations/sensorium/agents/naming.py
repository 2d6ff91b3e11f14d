"""A line of words for a signal that has none, for readers that take nothing but text."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

NAMES = {
    "text": "a text",
    "image": "a picture",
    "audio": "a sound",
    "video": "a video",
    "depth": "a depth map",
    "thermal": "a thermal picture",
    "imu": "a motion",
}


def named(modality: str, duration: float | None = None, uri: str | None = None) -> str:
    """Name a signal: "a sound of 2.9 s, bark.ogg", "a picture".

    Args:
        modality: Its modality.
        duration: Its duration in seconds; `None` for a still.
        uri: Where it came from, of which only the name of the file is told.
    """
    name = NAMES.get(modality, f"a signal of the modality {modality}")
    length = f" of {duration:.1f} s" if duration else ""
    file = file_name(uri)
    return f"{name}{length}{', ' if file else ''}{file}"


def file_name(uri: str | None) -> str:
    """Return the name of the file that a URI or a path names; empty where it names none.

    A `data:` URI holds the file itself, and none of it is a name.
    """
    if not uri or uri.startswith("data:"):
        return ""
    return PurePosixPath(unquote(urlsplit(uri).path)).name
