"""The collection of a folder that this process holds: calls on it, and another in its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sensorium.encoders.forking import Lock
from sensorium.errors import SpaceMismatchError, StoreClosedError, StoreLockedError
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.forwarding import READING
from sensorium.qdrant.schema import CollectionSchema

WRITING = frozenset({"upsert", "put_vectors", "set_payload", "delete"})


class HeldCollection:
    """An open collection that several threads call while another may be made to take its place.

    Attributes:
        edge: The collection that is in place.
    """

    def __init__(self, edge: EdgeBackend) -> None:
        """Begin with a collection that is open."""
        self.edge = edge
        self._guard = Lock()  # which an interruption does not leave locked
        self._changed = threading.Condition(self._guard)
        self._sealed_for: EdgeBackend | None = None  # the sibling that is to take the place
        self._writes = 0
        self._writing = 0  # calls that write now
        self._noted: dict[EdgeBackend, int] = {}  # writes before a sibling was begun

    def call(self, space: Sequence[Any], method: str, /, *args: Any, **options: Any) -> Any:
        """Carry out a call of `Backend` on the collection in place.

        Args:
            space: `space_key` of the layout as the caller knows it.
            method: Name of the method.
            args: Its arguments.
            options: Its arguments by keyword.
        Raises:
            SpaceMismatchError: A collection of another encoder took the place.
        """
        while True:
            edge = self.edge
            if space_key(edge.schema) != space:
                raise _replaced(edge, str(space[0]))
            try:
                if method in READING:
                    return getattr(edge, method)(*args, **options)
                with self._changing(method in WRITING):
                    if self.edge is edge:
                        return getattr(edge, method)(*args, **options)
            except StoreClosedError:
                with self._guard:  # what is put in place holds it until that is done
                    if self.edge is edge:
                        raise

    @contextmanager
    def _changing(self, writing: bool) -> Iterator[None]:
        """Wait until nothing is about to be put in place, and keep it so meanwhile."""
        with self._guard:
            self._changed.wait_for(lambda: self._sealed_for is None)
            self._writes += writing
            self._writing += 1
        try:
            yield
        finally:
            with self._guard:
                self._writing -= 1
                self._changed.notify_all()

    def begin(self, schema: CollectionSchema) -> EdgeBackend:
        """Begin a collection that may take the place."""
        with self._guard:
            writes = self._writes
        sibling = self.edge.sibling(schema)
        self._noted[sibling] = writes
        return sibling

    def seal(self, sibling: EdgeBackend) -> bool:
        """Let nobody write until a sibling is in place or given up; see `Backend.seal`.

        Raises:
            StoreLockedError: Another sibling is about to take the place.
        """
        with self._guard:
            if self._sealed_for not in (None, sibling):
                raise StoreLockedError(
                    "a collection that is being re-embedded by somebody else, too",
                    "one at a time",
                    "wait until the other is done",
                )
            self._sealed_for = sibling
            self._changed.wait_for(lambda: not self._writing)
            return self._writes != self._noted[sibling]

    def switch(self, sibling: EdgeBackend) -> None:
        """Put a sealed sibling in place."""
        with self._guard:
            self.edge.switch(sibling)
            self.edge = sibling
            self._forget(sibling)

    def discard(self, sibling: EdgeBackend) -> None:
        """Give a sibling up."""
        with self._guard:
            self._forget(sibling)
        sibling.discard()

    def _forget(self, sibling: EdgeBackend) -> None:
        self._noted.pop(sibling, None)
        if self._sealed_for is sibling:
            self._sealed_for = None
        self._changed.notify_all()


def space_key(schema: CollectionSchema) -> list[Any]:
    """Return what tells the space of a layout from others, to be sent with each call."""
    space = schema.space
    return [space.id, space.model, space.weights, space.preprocessing, space.dimension]


def _replaced(edge: EdgeBackend, before: str) -> SpaceMismatchError:
    """Return the error for a call that knows the space which the memory had before."""
    return SpaceMismatchError(
        f"the memory {str(edge.folder)!r}, re-embedded since it was opened: from {before} to "
        f"{edge.schema.space.id}",
        "the encoder of its vectors",
        "open it again with that encoder",
    )
