"""Open the memory that a command works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.cli.options import MEDIA_VARIABLE
from sensorium.cli.terminal import waiting
from sensorium.errors import OwnerError, SpaceMismatchError, StoreFormatError, StoreLockedError

if TYPE_CHECKING:
    from sensorium.encoders import Encoder
    from sensorium.memory import Memory
    from sensorium.memory.media.store import MediaStore

IN_PROCESS = ":memory:"


@contextmanager
def opened(
    place: str, *, owner: str, encoder: str, begin: bool = False, encodes: bool = True
) -> Iterator[Memory]:
    """Open a memory for one command.

    Args:
        place: As `Memory.open` takes it.
        owner: Whose.
        encoder: Of the memory.
        begin: Make a folder that is not there.
        encodes: Whether the command makes vectors; a folder needs no encoder for all else, which
            spares the seconds that torch takes to be imported.
    Raises:
        OwnerError: Nobody's.
        StoreFormatError: There is no such folder, and the command has nothing to put in one.
        SensoriumError: As `Memory.open`.
    """
    if not owner.strip():
        raise OwnerError("a blank --owner", "whose memories", "write --owner rex")
    if not begin:
        check_there(place)
    with waiting("opening the memory"):
        from sensorium.memory import Memory

        media = None if is_folder(place) else os.environ.get(MEDIA_VARIABLE)
        stored = None if encodes else _stored_encoder(place)
        try:
            memory = Memory.open(place, owner=owner, encoder=stored or encoder, media=media)
        except SpaceMismatchError as error:
            remedy = "name the memory's own with --encoder; see: sensorium stats"
            raise SpaceMismatchError(error.came, error.needed, remedy) from error
        except StoreLockedError as error:
            remedy = "close it there, or share one server: docs/deploy.md"
            raise StoreLockedError(error.came, error.needed, remedy) from error
    with memory:
        yield memory


def _stored_encoder(place: str) -> Encoder | None:
    """Stand in for the encoder with which the memory in a folder was made; `None` elsewhere."""
    folder = Path(place).expanduser()
    if not (is_folder(place) and folder.is_dir()):
        return None
    from sensorium.encoders.placeholder import NoEncoder
    from sensorium.qdrant.edge.folder import read_description

    description = read_description(folder)
    if description is None:
        return None
    schema, _ = description
    return NoEncoder(schema.space, schema.modalities)


def media_store(place: str, owner: str) -> MediaStore | None:
    """Open the store of an owner's signals; `None` where none are kept."""
    from sensorium.memory.media.store import MediaStore
    from sensorium.memory.place import MEDIA

    root = os.environ.get(MEDIA_VARIABLE)
    if is_folder(place):
        root = str(Path(place).expanduser().absolute() / MEDIA)
    return MediaStore(root, owner=owner) if root else None


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
