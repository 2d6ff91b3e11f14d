"""Comparing an owner's kept files with what their names and records say of them."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Literal

from sensorium.errors import MediaNotFoundError, StoreFormatError
from sensorium.memory.layout.parts import pages
from sensorium.memory.layout.payload import media_in
from sensorium.memory.media.store import BLOCK, MediaStore
from sensorium.memory.receipts import Verification
from sensorium.memory.records import Progress
from sensorium.qdrant import Backend, Filter

PAGE = 256  # records read in one request
State = Literal["sound", "damaged", "lost"]


def verify_media(
    backend: Backend, media: MediaStore | None, *, owner: str, progress: Progress | None = None
) -> Verification:
    """Read all kept files of an owner; `Memory.verify` describes the result.

    Args:
        backend: The collection of the records.
        media: Store of their files; `None` where none are kept: all that are named are lost then.
        owner: Owner of the records.
        progress: Called with how many records are done, and of how many.
    """
    total = backend.count(Filter(owner)) if progress is not None else 0
    states: dict[tuple[str, int], State] = {}  # by name and size: several records may name a file
    damaged: dict[str, tuple[str, ...]] = {}
    lost: dict[str, tuple[str, ...]] = {}
    done = 0
    for page in pages(backend, Filter(owner), limit=PAGE, payload=["id", "media"]):
        for point in page:
            record = str(point.payload.get("id", point.id))
            # A video and its sound name one file
            kept = [medium for medium in media_in(point.payload) if medium.file]
            named = dict.fromkeys((str(medium.file), medium.bytes) for medium in kept)
            for name, size in named:
                if (name, size) not in states:
                    states[name, size] = _state_of(media, name, size)
            for state, found in (("damaged", damaged), ("lost", lost)):
                if names := tuple(name for name, size in named if states[name, size] == state):
                    found[record] = names
        done += len(page)
        if progress is not None:
            progress(done, total)
    sound = [size for (_, size), state in states.items() if state == "sound"]
    return Verification(len(sound), sum(sound), damaged, lost)


def _state_of(media: MediaStore | None, name: str, size: int) -> State:
    """Read a file, and compare it with the digest in its name and with its size."""
    if media is None:
        return "lost"
    digest, read = hashlib.sha256(), 0
    try:
        with media.open(name) as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
                read += len(block)
    except MediaNotFoundError:
        return "lost"
    except StoreFormatError:  # a link is in its place, which may lead anywhere
        return "damaged"
    whole = read == size and digest.hexdigest() == PurePosixPath(name).stem
    return "sound" if whole else "damaged"
