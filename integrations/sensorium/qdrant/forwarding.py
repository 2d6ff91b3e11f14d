"""A store that asks another one, wherever that is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sensorium.qdrant.backend import Backend, Progress, Purged, Search
from sensorium.qdrant.filters import Filter, Shared
from sensorium.qdrant.points import Page, Payload, Point, Scored, StoredPoint, Vectors

READING = frozenset(
    {
        *("retrieve", "occupied", "search", "search_text", "scroll", "sample", "count", "facet"),
        "stats",
    }
)


class ForwardingBackend(Backend, ABC):
    """A collection whose questions and changes are passed on; its life is its subclass's affair.

    The methods are those of `Backend`, documented there.
    """

    @abstractmethod
    def _ask(self, method: str, /, *args: Any, **options: Any) -> Any:
        """Call a method of the store behind this one, and return what it returns."""

    def upsert(self, points: Sequence[Point]) -> None:
        self._ask("upsert", points)

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        self._ask("put_vectors", point_id, vectors)

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        self._ask("set_payload", filter, payload, clear=clear)

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
        shared: Sequence[Shared] = (),
    ) -> list[StoredPoint]:
        found = self._ask(
            "retrieve", ids, owner=owner, payload=payload, vectors=vectors, shared=tuple(shared)
        )
        return cast("list[StoredPoint]", found)

    def occupied(
        self, ids: Sequence[str], *, owner: str, payload: bool | Sequence[str]
    ) -> tuple[list[StoredPoint], set[str]]:
        points, taken = self._ask("occupied", ids, owner=owner, payload=payload)
        return points, taken

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        return cast("list[list[Scored]]", self._ask("search", searches, filter))

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        return cast("list[Scored]", self._ask("search_text", text, filter, limit=limit))

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
        page = self._ask(
            "scroll",
            filter,
            limit=limit,
            newest_first=newest_first,
            cursor=cursor,
            payload=payload,
            vectors=vectors,
        )
        return cast(Page, page)

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        drawn = self._ask("sample", modality, filter, limit=limit, payload=payload, vectors=vectors)
        return cast("list[StoredPoint]", drawn)

    def count(self, filter: Filter) -> int:
        return cast(int, self._ask("count", filter))

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        return cast("dict[str, int]", self._ask("facet", key, filter, limit=limit))

    def delete(self, filter: Filter) -> None:
        self._ask("delete", filter)

    def add_modality(self, name: str) -> None:
        self._ask("add_modality", name)

    def flush(self) -> None:
        self._ask("flush")

    def compact(self) -> bool:
        return cast(bool, self._ask("compact"))

    def check_purge(self, *, removed: int) -> None:
        self._ask("check_purge", removed=removed)

    def purge(self, *, progress: Progress | None = None) -> Purged:
        return cast(Purged, self._ask("purge", progress=progress))

    def stats(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._ask("stats"))
