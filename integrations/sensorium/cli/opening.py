"""Open the memory that a command works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.cli.options import MEDIA_VARIABLE
from sensorium.cli.terminal import waiting
from sensorium.errors import StoreFormatError

if TYPE_CHECKING:
    from sensorium.memory import Memory

IN_PROCESS = ":memory:"


@contextmanager
def opened(place: str, *, owner: str, encoder: str, begin: bool = False) -> Iterator[Memory]:
    """Open a memory for one command.

    Args:
        place: As `Memory.open` takes it.
        owner: Whose.
        encoder: Of the memory.
        begin: Make a folder that is not there.
    Raises:
        StoreFormatError: There is no such folder, and the command has nothing to put in one.
        SensoriumError: As `Memory.open`.
    """
    if not begin:
        check_there(place)
    with waiting("opening the memory"):
        from sensorium.memory import Memory

        media = None if is_folder(place) else os.environ.get(MEDIA_VARIABLE)
        memory = Memory.open(place, owner=owner, encoder=encoder, media=media)
    with memory:
        yield memory


def is_folder(place: str) -> bool:
    """Whether a place is a folder rather than a server, or nowhere."""
    return "://" not in place and place != IN_PROCESS


def check_there(place: str) -> None:
    """Refuse a folder that does not exist or is empty, which is probably a slip of the pen.

    Raises:
        StoreFormatError: It is one of these.
    """
    folder = Path(place).expanduser()
    if is_folder(place) and not (folder.is_dir() and any(folder.iterdir())):
        raise StoreFormatError(
            f"the place {place!r}, where no memory is",
            "a folder in which something was remembered",
            "run: sensorium remember FILE, or name the folder with --memory",
        )
