"""A store that is only read: what would write raises, whatever store is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn

from sensorium.errors import ReadOnlyError
from sensorium.qdrant.backend import Backend, Search, closed
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Page, Scored, StoredPoint
from sensorium.qdrant.schema import CollectionSchema


def refused(place: str) -> ReadOnlyError:
    """Return the error for a call that would write to a place which is only read."""
    return ReadOnlyError(
        f"a change of {place!r}, which was opened to be read only",
        "a memory that was opened to write",
        "open it without read_only=True (--read-only), or copy it elsewhere: promote, export",
    )


class ReadOnlyBackend(Backend):
    """A collection whose methods that write, compact or purge raise `ReadOnlyError`.

    The methods are those of `Backend`, documented there.

    Attributes:
        place: The place as its user knows it, for messages.
    """

    def __init__(self, backend: Backend, place: str) -> None:
        """Read a store, which is closed with this one."""
        self.place = place
        self._backend = backend
        self._closed = False

    def __repr__(self) -> str:
        return f"ReadOnlyBackend({self.place!r}, {self.schema.space.id})"

    @property
    def schema(self) -> CollectionSchema:
        return self._backend.schema

    @property
    def _open(self) -> Backend:
        """The store; once closed it is not asked, as it may know only the place of a copy."""
        if self._closed:
            raise closed(f"the memory {self.place!r}")
        return self._backend

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
    ) -> list[StoredPoint]:
        return self._open.retrieve(ids, owner=owner, payload=payload, vectors=vectors)

    def occupied(
        self, ids: Sequence[str], *, owner: str, payload: bool | Sequence[str]
    ) -> tuple[list[StoredPoint], set[str]]:
        return self._open.occupied(ids, owner=owner, payload=payload)

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        return self._open.search(searches, filter)

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        return self._open.search_text(text, filter, limit=limit)

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
        return self._open.scroll(
            filter,
            limit=limit,
            newest_first=newest_first,
            cursor=cursor,
            payload=payload,
            vectors=vectors,
        )

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        return self._open.sample(modality, filter, limit=limit, payload=payload, vectors=vectors)

    def count(self, filter: Filter) -> int:
        return self._open.count(filter)

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        return self._open.facet(key, filter, limit=limit)

    def stats(self) -> dict[str, Any]:
        return {**self._open.stats(), "place": self.place}

    def flush(self) -> None:
        """Do nothing: nothing was written."""

    def close(self) -> None:
        self._closed = True
        self._backend.close()

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        """Do nothing: nothing is written."""
        return nullcontext()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise refused(self.place)

    upsert = put_vectors = set_payload = delete = add_modality = _refuse
    compact = check_purge = purge = _refuse
    sibling = seal = switch = discard = _refuse
