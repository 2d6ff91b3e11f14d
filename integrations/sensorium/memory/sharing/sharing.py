"""What one owner shares with others, and what others share with the owner."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timezone
from pathlib import Path

from sensorium.errors import Doors, OwnerError, RecordError
from sensorium.memory.place import StorePlace
from sensorium.memory.sharing.collection import CollectionLedger
from sensorium.memory.sharing.folder import FolderLedger
from sensorium.memory.sharing.shares import (
    READ,
    Ledger,
    Share,
    as_shared,
    check_other,
    checked_share,
    chosen_tags,
)
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge.folder import DESCRIPTION
from sensorium.qdrant.filters import Shared
from sensorium.qdrant.read_only import ReadOnlyBackend
from sensorium.qdrant.shared import SharedBackend


def ledger_of(place: StorePlace) -> Ledger:
    """Return where the shares of a place are kept: in its folder, or in its collection."""
    backend = place.backend
    if isinstance(backend, (EdgeBackend, SharedBackend)):
        return FolderLedger(Path(backend.folder))
    if isinstance(backend, ReadOnlyBackend) and (Path(backend.place) / DESCRIPTION).is_file():
        return FolderLedger(Path(backend.place))  # that of the memory, not that of its copy
    return CollectionLedger(lambda: backend)


class Sharing:
    """The shares of one owner, given and received."""

    def __init__(self, place: StorePlace, owner: str) -> None:
        """Look into the ledger of a place; nothing is read yet."""
        self._ledger = ledger_of(place)
        self._owner = owner

    def received(self) -> tuple[Shared, ...]:
        """Return what others let the owner read now, for filters."""
        found = self._ledger.given_to(self._owner)
        return as_shared(found) if found else ()

    def all(self) -> list[Share]:
        """Return what the owner shares, then what others share with the owner."""
        return [*self._ledger.given_by(self._owner), *self._ledger.given_to(self._owner)]

    def give(
        self, with_: str, tags: Collection[str] | None, *, everything: bool, rights: str = READ
    ) -> Share:
        """Let somebody read; see `Memory.share`."""
        now = datetime.now(timezone.utc)
        share = checked_share(
            self._owner, with_, tags, everything=everything, rights=rights, since=now
        )
        return self._ledger.add(share)

    def end(
        self,
        with_: str | None,
        from_: str | None,
        tags: Collection[str] | None,
        *,
        everything: bool,
    ) -> int:
        """End shares, and return how many; see `Memory.unshare`."""
        there = self._chosen(with_, from_, everything=everything or tags is not None)
        if tags is not None:
            named = chosen_tags(tags, everything=False)
            there = [share for share in there if share.tags == named]
        self._ledger.remove(there)
        return len(there)

    def _chosen(self, with_: str | None, from_: str | None, *, everything: bool) -> Sequence[Share]:
        """Return the shares with somebody, from somebody, or all that the owner gave."""
        if with_ is not None and from_ is not None:
            raise OwnerError(
                "both with whom and from whom", "one of the two", "end them one after the other"
            )
        if from_ is not None:
            owner = check_other(from_, "from_")
            return [share for share in self._ledger.given_to(self._owner) if share.owner == owner]
        if with_ is None and not everything:
            raise RecordError(
                "nothing was named to end",
                "with whom it is shared, who shares it, which tags, or that all is meant",
                Doors(
                    'write unshare(with_="ben"); unshare(everything=True) ends all that you share',
                    command="write sensorium unshare ben; sensorium unshare --everything ends all "
                    "that you share",
                    rest="ask DELETE /v1/shares?with=ben; ?everything=true ends all that you share",
                ),
            )
        reader = None if with_ is None else check_other(with_, "with_")
        found = self._ledger.given_by(self._owner)
        return [share for share in found if reader is None or share.with_ == reader]
