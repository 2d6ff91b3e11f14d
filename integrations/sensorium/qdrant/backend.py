"""What a memory needs of a store, and no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Page, Payload, Point, Scored, StoredPoint, Vectors
from sensorium.qdrant.schema import CollectionSchema


@dataclass(frozen=True, eq=False)
class Search:
    """One nearest-neighbour search of a batch.

    Attributes:
        modality: Whose vectors are compared.
        vector: Shape `(D,)`, float32; its length does not matter.
        limit: Points returned at most.
    """

    modality: str
    vector: NDArray[np.float32]
    limit: int


@runtime_checkable
class Backend(Protocol):
    """A collection of one schema.

    Every method may raise `StoreClosedError` after `close`, `StoreUnavailableError` where a server
    is involved and `StoreFullError` where a disk is. All may be called from several threads.
    What a method that writes returns from is safe against the death of the process.
    """

    @property
    def schema(self) -> CollectionSchema:
        """The layout, with the space of the vectors."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
        """

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Write some modalities of a point; its others stay."""

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        """Write top-level keys of every point a filter means, and remove those in `clear`."""

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
    ) -> list[StoredPoint]:
        """Read points of one owner by id, in no particular order.

        Ids without a point, and ids of other owners' points, are left out alike.

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
        """Find the nearest points of each search, best first."""

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        """Find points whose `page_content` holds words of `text`, best BM25 score first."""

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
        """Read a page of points; by `at` if an order is given, else by id."""

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
        """Remove the points a filter means."""

    def add_modality(self, name: str) -> None:
        """Add a named vector to the collection; nothing happens if it is there."""

    def flush(self) -> None:
        """Make what was written safe against loss of power."""

    def compact(self) -> bool:
        """Index what is not indexed yet; say whether there was anything to do. May take minutes."""

    def sibling(self, schema: CollectionSchema) -> Self:
        """Begin another collection beside this one, which `switch` may put in its place."""

    def switch(self, sibling: Self, /) -> Self:
        """Put a sibling in this collection's place; return what to use from now on."""

    def discard(self) -> None:
        """Remove a sibling that is not wanted any more."""

    def stats(self) -> dict[str, Any]:
        """Describe the store itself (not the owner's data): kind, place, points, bytes."""

    def close(self) -> None:
        """Flush and release; nothing happens the second time."""
