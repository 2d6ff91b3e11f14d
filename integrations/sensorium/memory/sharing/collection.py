"""Shares in a collection of a server: a point for each, whose owner no owner can be.

A filter that is made for an owner never lets such a point through. It has no vectors, so that no
question finds it; its `tags` name the reader, and its `source` whose memories they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import uuid5

from sensorium.memory.layout.ids import NAMESPACE
from sensorium.memory.layout.parts import pages
from sensorium.memory.sharing.shares import Share, check_room
from sensorium.qdrant import Backend, Condition, Equal, Filter, Ids
from sensorium.qdrant.filters import LEDGER
from sensorium.qdrant.points import Point, iso

PAGE = 256  # shares read in one request
RENEWED = 1.0  # seconds after which somebody who had no share is looked up again

_changes = 0  # of shares, by this process: each lets everybody be looked up again


class CollectionLedger:
    """The shares of a collection's owners; the methods are those of `Ledger`.

    Who has shares is looked up at each call, so that one that has ended is of no use. Who has none
    is looked up once a second: what another process shares is seen as much later.
    """

    def __init__(self, backend: Callable[[], Backend]) -> None:
        """Keep shares in a collection.

        Args:
            backend: Returns the collection as it is now.
        """
        self._backend = backend
        self._without: dict[str, tuple[int, float]] = {}  # readers who had none, and when

    def given_to(self, reader: str) -> Sequence[Share]:
        changes, now = _changes, time.monotonic()
        known = self._without.get(reader)
        if known is not None and known[0] == changes and now - known[1] < RENEWED:
            return ()
        found = self._read(Equal("tags", reader))
        if found:
            self._without.pop(reader, None)
        else:
            self._without[reader] = changes, now
        return found

    def given_by(self, owner: str) -> Sequence[Share]:
        return self._read(Equal("source", owner))

    def add(self, share: Share) -> Share:
        there = self._read(Equal("tags", share.with_))
        for each in there:
            if each.key == share.key:
                return each
        check_room(share, there)
        self._backend().upsert([_point(share)])
        self._changed()
        return share

    def remove(self, shares: Sequence[Share]) -> None:
        if shares:
            ids = tuple(_id(share) for share in shares)
            self._backend().delete(Filter(LEDGER, Ids(ids), parts=True))

    def _changed(self) -> None:
        global _changes  # noqa: PLW0603  # all memories of this process are told
        _changes += 1

    def _read(self, condition: Condition) -> list[Share]:
        kept = Filter(LEDGER, condition, parts=True)
        place = "a point of the collection"
        found = [
            Share.from_dict(point.payload.get("metadata") or {}, place=f"{place}, {point.id}")
            for page in pages(self._backend(), kept, limit=PAGE, payload=["metadata"])
            for point in page
        ]
        return sorted(found, key=lambda share: (share.since, share.key))


def _id(share: Share) -> str:
    return str(uuid5(NAMESPACE, "\0".join(["share", share.owner, share.with_, *share.tags])))


def _point(share: Share) -> Point:
    said = {
        "owner": LEDGER,
        "source": share.owner,
        "tags": [share.with_],
        "at": iso(share.since),
        "metadata": share.to_dict(),
    }
    return Point(_id(share), {}, said)


def copy_shares(source: Backend, target: Backend) -> None:
    """Copy all shares of a collection, which takes no writes any more, to one without any."""
    for page in pages(source, Filter(LEDGER, parts=True), limit=PAGE):
        target.upsert([Point(point.id, {}, point.payload) for point in page])


def count_shares(backend: Backend) -> int:
    """Return how many shares a collection keeps."""
    return backend.count(Filter(LEDGER, parts=True))
