"""Where a memory is: a folder, a server, or nowhere but in this process."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.errors import StoreFormatError
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.store import MediaStore
from sensorium.memory.scratch import Scratch
from sensorium.qdrant import Backend, CollectionSchema, EdgeBackend

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

logger = logging.getLogger(__name__)

HOME = "~/.sensorium"
OWNER = "me"  # owner of the memories of adapters and of the command line unless one is named
IN_PROCESS = ":memory:"
SERVER = re.compile(r"https?://", re.IGNORECASE)
# A scheme has two letters at the least: one is a drive of Windows
OTHER_SERVER = re.compile(r"[a-z][a-z0-9+.-]+:/.*|[\w.@[\]:-]{2,}:\d+(/.*)?", re.IGNORECASE)
MEDIA, CALIBRATION, STREAMS = "media", "calibration", "streams"  # folders beside the shard


@dataclass(frozen=True)
class Place:
    """A store that was opened, and what lies beside it.

    Attributes:
        backend: The collection.
        media: Where signals are kept; `None` where they are not.
        state: A folder for what else is kept between runs; `None` where there is none.
        scratch: Folders of a memory in this process, until it is closed.
        lent: Whether somebody else closes the store.
    """

    backend: Backend
    media: MediaStore | None
    state: Path | None
    scratch: Scratch | None = None
    lent: bool = False

    def close(self) -> None:
        """Flush and release all of it; nothing happens the second time."""
        if self.media is not None and self.scratch is not None:
            self.media.abandon()
        elif self.media is not None:
            self.media.flush()
        if not self.lent:
            self.backend.close()
        if self.scratch is not None:
            self.scratch.remove()

    def borrowed(self, owner: str) -> Place:
        """Return the same place for another owner, who leaves it open when closing it."""
        media = self.media and self.media.for_owner(owner)
        return replace(self, media=media, scratch=None, lent=True)

    def file(self, folder: str, owner: str, suffix: str) -> Path | None:
        """Name an owner's file in a folder of the state, which is made; `None` without state."""
        if self.state is None:
            return None
        (self.state / folder).mkdir(exist_ok=True)
        return self.state / folder / f"{owner_key(owner)}{suffix}"

    def folder(self, folder: str, owner: str) -> Path | None:
        """Make an owner's folder in a folder of the state; `None` without state."""
        own = self.file(folder, owner, "")
        if own is not None:
            own.mkdir(exist_ok=True)
        return own


def open_place(
    place: str | Path | QdrantClient,
    schema: CollectionSchema,
    *,
    owner: str,
    collection: str,
    api_key: str | None,
    prefer_grpc: bool,
    media: str | Path | None,
    keep_media: bool,
    media_quota: int | None,
) -> Place:
    """Open what `Memory.open` names; arguments and errors are its."""
    scratch: Scratch | None = None
    text = _checked(str(place)) if isinstance(place, (str, Path)) else ""
    state: Path | None = None
    if text == IN_PROCESS:
        scratch = Scratch(keep_media=keep_media and not media)
        backend: Backend = EdgeBackend.open(scratch.shard, schema=schema)
        root = str(media or scratch.media or "")
    elif text and not SERVER.match(text):
        backend = EdgeBackend.open(text, schema=schema)
        state = Path(text).expanduser().absolute()
        root = str(media or state / MEDIA)
    else:
        from sensorium.qdrant.client.backend import ClientBackend

        backend = ClientBackend.open(
            place if not isinstance(place, Path) else text,
            schema=schema,
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
        )
        root = str(media or "")
    if keep_media and not root:
        logger.warning(
            "sensorium: the signals themselves are not kept; say where with media=, "
            'for example media="s3://bucket/media", or keep_media=False to silence this'
        )
    shared = not isinstance(backend, EdgeBackend)
    try:
        store = (
            MediaStore(root, owner=owner, quota=media_quota, shared=shared)
            if keep_media and root
            else None
        )
    except BaseException:
        backend.close()
        if scratch is not None:
            scratch.remove()
        raise
    return Place(backend, store, state, scratch)


def _checked(place: str) -> str:
    """Return a folder or a URL as given.

    Raises:
        StoreFormatError: Nothing, or what looks like a server and is no URL of one.
    """
    if not place.strip():
        raise StoreFormatError(
            f"{place!r} as the place of a memory",
            'a folder, the URL of a server, or ":memory:"',
            f"leave it out for {HOME}",
        )
    if OTHER_SERVER.fullmatch(place) and not SERVER.match(place):
        raise StoreFormatError(
            f"{place!r} as the place of a memory",
            "the URL of a server with http or https, or a folder",
            'write "http://localhost:6333" (and prefer_grpc=True for gRPC), or "./" and a folder',
        )
    return place
