"""Kept signals by the digest of what they hold: those of who asks, and those shared with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import NamedTuple

from sensorium.errors import MediaNotFoundError
from sensorium.memory import Medium, Memory
from sensorium.memory.layout.payload import media_in
from sensorium.memory.records import DIGEST
from sensorium.qdrant import Condition, Equal, Filter
from sensorium.qdrant.schema import TENANT

PAGE = 64  # records of one percept that are looked at


class KeptMedium(NamedTuple):
    """A kept medium, and whether it is another owner's, who shares it."""

    medium: Medium
    shared: bool


def find_medium(memory: Memory, digest: str) -> KeptMedium:
    """Return a kept medium of a record that the owner may read now, by its digest.

    Args:
        memory: The memory of who asks.
        digest: Digest of the percept, as a record lists it.
    Raises:
        MediaNotFoundError: No record of the owner's, or shared with the owner, has it, or its file
            is not kept.
    """
    if DIGEST.fullmatch(digest):
        # The sound of a video is not among the digests that have an index
        for condition in (Equal("digest", digest), Equal("media[].digest", digest)):
            found = [kept for kept in _media(memory, condition, digest) if kept.medium.file]
            if found:
                return min(found, key=lambda kept: kept.shared)  # one's own first
    raise MediaNotFoundError(
        f"the digest {digest[:80]!r}",
        "the digest of a kept medium of one of your memories",
        "take it from the media of a record, where file is not null",
    )


def _media(memory: Memory, condition: Condition, digest: str) -> Iterator[KeptMedium]:
    now = datetime.now(timezone.utc)
    alive = Filter(memory.owner, condition, alive_at=now, shared=memory.shared)
    page = memory.backend.scroll(alive, limit=PAGE, payload=["media", TENANT])
    for point in page.points:
        shared = point.payload[TENANT] != memory.owner
        for each in media_in(point.payload):
            if each.digest == digest:
                yield KeptMedium(each, shared)
