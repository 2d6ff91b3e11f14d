"""Where a memory is: a folder, a server, or nowhere but in this process."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sensorium.memory.identity import owner_key
from sensorium.memory.media import MediaStore
from sensorium.qdrant import Backend, CollectionSchema, EdgeBackend

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

logger = logging.getLogger(__name__)

HOME = "~/.sensorium"
IN_PROCESS = ":memory:"
SCHEMES = ("http://", "https://", "grpc://")
MEDIA, CALIBRATION, STREAMS = "media", "calibration", "streams"  # folders beside the shard


@dataclass(frozen=True)
class Place:
    """A store that was opened, and what lies beside it.

    Attributes:
        backend: The collection.
        media: Where signals are kept; `None` where they are not.
        state: A folder for what else is kept between runs; `None` where there is none.
        scratch: Where the media of a memory in this process are until it is closed.
        lent: Whether somebody else closes the store.
    """

    backend: Backend
    media: MediaStore | None
    state: Path | None
    scratch: TemporaryDirectory[str] | None = None
    lent: bool = False

    def close(self) -> None:
        """Flush and release all of it; nothing happens the second time."""
        if self.media is not None and self.scratch is None:
            self.media.flush()
        if not self.lent:
            self.backend.close()
        if self.scratch is not None:
            self.scratch.cleanup()

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
    scratch: TemporaryDirectory[str] | None = None
    text = str(place) if isinstance(place, (str, Path)) else ""
    if text and text != IN_PROCESS and not text.startswith(SCHEMES):
        backend: Backend = EdgeBackend.open(text, schema=schema)
        state: Path | None = Path(text).expanduser().absolute()
        root = str(media) if media else str(Path(text).expanduser().absolute() / MEDIA)
    else:
        from sensorium.qdrant.client import ClientBackend

        backend = ClientBackend.open(
            place if not isinstance(place, Path) else text,
            schema=schema,
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
        )
        state = None
        if text == IN_PROCESS and keep_media and not media:
            scratch = TemporaryDirectory(prefix="sensorium-")
        root = str(media) if media else scratch.name if scratch else ""
    if keep_media and not root:
        logger.warning(
            "sensorium: the signals themselves are not kept; say where with media=, "
            'for example media="s3://bucket/media", or keep_media=False to silence this'
        )
    try:
        store = MediaStore(root, owner=owner, quota=media_quota) if keep_media and root else None
    except BaseException:
        backend.close()
        raise
    return Place(backend, store, state, scratch)
