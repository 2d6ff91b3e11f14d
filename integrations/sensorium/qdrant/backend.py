"""The protocol of a store: what a memory needs of it, and no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from sensorium.errors import StoreClosedError
from sensorium.qdrant.erasing import Erasure
from sensorium.qdrant.filters import Filter, Shared
from sensorium.qdrant.points import Page, Payload, Point, Scored, StoredPoint, Vectors
from sensorium.qdrant.schema import CollectionSchema

Progress: TypeAlias = Callable[[int, "int | None"], None]  # how many are done, and of how many


def closed(place: str) -> StoreClosedError:
    """Return the error for a call of a store that was closed.

    Args:
        place: The store as its user knows it.
    """
    return StoreClosedError(
        f"{place} after close()", "an open one", "open it again, and use it within its with block"
    )


@dataclass(frozen=True)
class Purged:
    """What a store did so that nothing is left of points that were removed.

    Attributes:
        points: How many points stay, those of all owners.
        erased: The store's own files that were erased.
        done: What was done, in sentences.
        not_promised: Where something may still be left, in sentences.
    """

    points: int
    erased: Erasure
    done: tuple[str, ...]
    not_promised: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Search:
    """One nearest-neighbour search of a batch.

    Attributes:
        modality: Modality whose vectors are compared.
        vector: Question, shape `(D,)`, float32; its length does not matter.
        limit: Largest number of points to return.
        whole: Whether a store to which requests take long reads the points in the same one: their
            payload, and the vector of the modality if a point has one.
        exact: Whether all points are compared: an index of many points that are nearly equal may
            never lead to the few that are not.
    """

    modality: str
    vector: NDArray[np.float32]
    limit: int
    whole: bool = False
    exact: bool = False


@runtime_checkable
class Backend(Protocol):
    """A collection of one schema.

    Every method may raise `StoreClosedError` after `close`, `StoreUnavailableError` where a server
    is involved and `StoreFullError` where a disk is. All may be called from several threads.
    When a method that writes returns, what it wrote survives the death of the process.
    """

    @property
    def schema(self) -> CollectionSchema:
        """Layout of the collection, with the space of its vectors."""

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        """Keep other processes from writing for an owner until the `with` block ends.

        What is read in the block is still so when what follows from it is written. Threads of this
        process are the caller's care: one of them enters the block at a time, and not twice.

        Args:
            owner: The owner whose points are to be read and written.
        Raises:
            StoreLockedError: A process that writes for the owner does not respond.
        """

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
        """

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Write some modalities of a point; its other modalities stay.

        Raises:
            PointError: Vectors that cannot be stored.
            StoreError: There is no such point.
        """

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        """Write and remove top-level payload keys of every point that a filter lets through.

        Both are one operation for a point: no reader, and no crash, sees the one without the other.

        Args:
            filter: The points, as they are before the change.
            payload: Keys to write, each replaced as a whole.
            clear: Keys to remove.
        Raises:
            PointError: A payload that is not JSON.
            FilterError: The filter lets through what others share with the owner.
        """

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
        shared: Sequence[Shared] = (),
    ) -> list[StoredPoint]:
        """Read points of one owner by id, in no particular order.

        Ids without a point, and ids of other owners' points, are left out alike.

        Args:
            ids: The points.
            owner: The owner.
            payload: Payload keys to read, all of them, or none.
            vectors: Modalities whose vectors are read, all of them, or none.
            shared: What others let the owner read: these points are returned, too.
        Raises:
            OwnerError: `owner` is not a valid name.
        """

    def occupied(
        self, ids: Sequence[str], *, owner: str, payload: bool | Sequence[str]
    ) -> tuple[list[StoredPoint], set[str]]:
        """Read what stands under ids that are to be written, in one request.

        Returns:
            The owner's points, as `retrieve` without vectors; and which ids stand for points of
            other owners, whose content is not shown.
        Raises:
            OwnerError: `owner` is not a valid name.
        """

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        """Find the nearest points of each search, best first.

        Returns:
            One list for each search, in order; an empty one for a modality the collection lacks.
        """

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        """Find points whose `page_content` contains words of `text`, best BM25 score first."""

    def scroll(
        self,
        filter: Filter,
        *,
        limit: int,
        newest_first: bool | None = None,
        cursor: str | None = None,
        payload: bool | Sequence[str] = True,
        vectors: bool | Sequence[str] = False,
    ) -> Page:
        """Read a page of the points that a filter lets through.

        Args:
            filter: The points.
            limit: Largest number of points to return.
            newest_first: Order by `at`, newest or oldest first; `None` orders by id.
            cursor: `Page.cursor` of the page before; `None` starts with the first.
            payload: Payload keys to read, all of them, or none.
            vectors: Modalities whose vectors are read, all of them, or none.
        Raises:
            FilterError: A cursor that is not one of these pages'.
        """

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        """Read random points that have a modality, by default with its vectors."""

    def count(self, filter: Filter) -> int:
        """Count points, exactly."""

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        """Count points by the values of a keyword field, the most frequent first."""

    def delete(self, filter: Filter) -> None:
        """Remove the points that a filter lets through.

        Raises:
            FilterError: The filter lets through what others share with the owner.
        """

    def add_modality(self, name: str) -> None:
        """Add a named vector to the collection; do nothing if it has it.

        Raises:
            StoreFormatError: The name is not a plain word.
        """

    def flush(self) -> None:
        """Make what was written safe against loss of power."""

    def compact(self) -> bool:
        """Index new points; return whether there was anything to gain. May take minutes."""

    def check_purge(self, *, removed: int) -> None:
        """Check that there is room to purge.

        Args:
            removed: How many points will be removed before.
        Raises:
            StoreFullError: There is not; nothing was changed.
        """

    def purge(self, *, progress: Progress | None = None) -> Purged:
        """Erase what is left of all points that were removed, or overwritten, as far as possible.

        Takes minutes if there are many points. Reads go on meanwhile, what would write waits. Cut
        short, it leaves the collection whole, and can be repeated.

        Args:
            progress: Called with how many points are done, and of how many.
        Raises:
            StoreFullError: There is no room for it; nothing was changed.
        """

    def sibling(self, schema: CollectionSchema) -> Self:
        """Begin another collection beside this one, which `switch` can put in its place."""

    def seal(self, sibling: Self, /) -> bool:
        """Take no more writes, because a sibling is about to take this collection's place.

        What was acknowledged before can be read afterwards, and nothing is acknowledged any more
        until the sibling is discarded or in place.

        Returns:
            Whether others may have written since the sibling was begun.
        """

    def switch(self, sibling: Self, /) -> Self:
        """Put a sibling in a sealed collection's place, which ends this backend; return it."""

    def discard(self) -> None:
        """Remove this collection, a sibling that is not wanted any more."""

    def stats(self) -> dict[str, Any]:
        """Describe the store itself: its kind, its place, the points of all owners, its bytes."""

    def close(self) -> None:
        """Flush, and release what is held; the second call does nothing."""
