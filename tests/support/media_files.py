"""Files of a media store: their names, and how to find them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sensorium.memory.media.store import COUNT

LONG_AGO = 1_000_000_000  # seconds since 1970


def files_in(folder: Path) -> list[Path]:
    """The files of media, and parts of them."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != COUNT]


def name_of(content: bytes, extension: str = "bin") -> str:
    return f"{hashlib.sha256(content).hexdigest()}.{extension}"
