"""A folder of odd files as people have them, with the truth about each.

`python -m tests.support.odd_files FOLDER` makes it and prints the truth as a table.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

from tests.support.odd_files import documents, films, photos, places, sensors, sounds
from tests.support.odd_files.odd import Odd


def all_files() -> list[Odd]:
    """Return all files, made from the samples; this takes seconds."""
    kinds = (photos, films, sounds, documents, sensors, places)
    return [odd for kind in kinds for odd in kind.files()]


def makeable() -> list[Odd]:
    """Return the files that can be made, and are what they are, with what is installed here."""
    closes = _closes()
    able = (odd for odd in all_files() if not odd.needs or find_spec(odd.needs))
    return [odd for odd in able if closes or not odd.closed]


def _closes() -> bool:
    """Return whether a file may be closed to this process, which it may not to the superuser."""
    with NamedTemporaryFile() as made:
        Path(made.name).chmod(0)
        return not os.access(made.name, os.R_OK)


def make_folder(folder: Path, files: Iterable[Odd] | None = None) -> list[Odd]:
    """Write the files.

    Args:
        folder: Where; it is made.
        files: Which; by default all that can be made.
    Returns:
        What was made.
    """
    made = makeable() if files is None else list(files)
    for odd in made:
        path = folder / odd.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(odd.make, bytes):
            path.write_bytes(odd.make)
        else:
            odd.make(path)
        if not path.is_symlink():
            os.utime(path, (odd.modified, odd.modified))
    return made
