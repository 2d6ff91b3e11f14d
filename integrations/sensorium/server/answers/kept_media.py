"""Kept signals by the digest of what they hold: only those of the owner who asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from sensorium.errors import MediaNotFoundError
from sensorium.memory import Medium, Memory
from sensorium.memory.layout.payload import media_in
from sensorium.memory.records import DIGEST
from sensorium.qdrant import Condition, Equal, Filter

PAGE = 64  # records of one percept that are looked at


def find_medium(memory: Memory, digest: str) -> Medium:
    """Return a kept medium of one of the owner's records that have not expired, by its digest.

    Args:
        memory: The memory of who asks.
        digest: Digest of the percept, as a record lists it.
    Raises:
        MediaNotFoundError: None of the owner's records has it, or its file is not kept.
    """
    if DIGEST.fullmatch(digest):
        # The sound of a video is not among the digests that have an index
        for condition in (Equal("digest", digest), Equal("media[].digest", digest)):
            for medium in _media(memory, condition, digest):
                if medium.file:
                    return medium
    raise MediaNotFoundError(
        f"the digest {digest[:80]!r}",
        "the digest of a kept medium of one of your memories",
        "take it from the media of a record, where file is not null",
    )


def _media(memory: Memory, condition: Condition, digest: str) -> Iterator[Medium]:
    now = datetime.now(timezone.utc)
    alive = Filter(memory.owner, condition, alive_at=now, shared=memory.shared)
    page = memory.backend.scroll(alive, limit=PAGE, payload=["media"])
    for point in page.points:
        yield from (each for each in media_in(point.payload) if each.digest == digest)
