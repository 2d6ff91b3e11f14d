"""A store that is only read: what would write raises, whatever store is behind it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn

from typing_extensions import Self

from sensorium.errors import ReadOnlyError
from sensorium.qdrant.backend import Backend, closed
from sensorium.qdrant.forwarding import READING, ForwardingBackend
from sensorium.qdrant.schema import CollectionSchema


def refused(place: str) -> ReadOnlyError:
    """Return the error for a call that would write to a place which is only read."""
    return ReadOnlyError(
        f"a change of {place!r}, which was opened to be read only",
        "a memory that was opened to write",
        "open it without read_only=True (--read-only), or copy it elsewhere: promote, export",
    )


class ReadOnlyBackend(ForwardingBackend):
    """A collection whose methods that write, compact or purge raise `ReadOnlyError`.

    The methods are those of `Backend`, documented there.

    Attributes:
        place: The place as its user knows it, for messages.
    """

    def __init__(self, backend: Backend, place: str) -> None:
        """Read a store, which is closed with this one."""
        self.place = place
        self._backend = backend
        self._is_open = True

    def __repr__(self) -> str:
        return f"ReadOnlyBackend({self.place!r}, {self.schema.space.id})"

    @property
    def schema(self) -> CollectionSchema:
        return self._backend.schema

    def _ask(self, method: str, /, *args: Any, **options: Any) -> Any:
        if method not in READING:
            raise refused(self.place)
        if not self._is_open:  # the store behind may know only the place of a copy
            raise closed(f"the memory {self.place!r}")
        return getattr(self._backend, method)(*args, **options)

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        """Do nothing: nothing is written."""
        return nullcontext()

    def stats(self) -> dict[str, Any]:
        return {**super().stats(), "place": self.place}

    def flush(self) -> None:
        """Do nothing: nothing was written."""

    def close(self) -> None:
        self._is_open = False
        self._backend.close()

    def sibling(self, schema: CollectionSchema) -> Self:
        raise refused(self.place)

    def seal(self, sibling: Self, /) -> bool:
        raise refused(self.place)

    def switch(self, sibling: Self, /) -> Self:
        raise refused(self.place)

    def discard(self) -> NoReturn:
        raise refused(self.place)
