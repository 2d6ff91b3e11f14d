"""Files of a media store: their names, and how to find them."""

from __future__ import annotations

import hashlib
from pathlib import Path

LONG_AGO = 1_000_000_000  # seconds since 1970


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def name_of(content: bytes, extension: str = "bin") -> str:
    return f"{hashlib.sha256(content).hexdigest()}.{extension}"
