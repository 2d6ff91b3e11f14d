"""The collection of a folder that this process holds: calls on it, and another in its place."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sensorium.encoders.forking import Lock
from sensorium.errors import SpaceMismatchError, StoreClosedError, StoreLockedError
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.forwarding import READING
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.waiting import Waiting

PATIENCE = 30.0  # seconds without a sign of life after which a process is not waited for
LOOKING = 1.0  # seconds between two looks at that
WRITING = frozenset({"upsert", "put_vectors", "set_payload", "delete"})


@dataclass
class Seal:
    """Why nobody may write: a sibling is about to take the place.

    Attributes:
        sibling: The sibling.
        process: Process id of its maker.
        heard: When its maker was heard of last.
    """

    sibling: EdgeBackend
    process: int
    heard: float = field(default_factory=time.monotonic)


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
        self._seal: Seal | None = None
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
            StoreLockedError: Who is about to put one in place does not go on.
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
            waiting = Waiting()
            while self._seal is not None:
                self._check_alive(self._seal, waiting.look())
                self._changed.wait(LOOKING)
            self._writes += writing
            self._writing += 1
        try:
            yield
        finally:
            with self._guard:
                self._writing -= 1
                self._changed.notify_all()

    def _check_alive(self, seal: Seal, waited: float) -> None:
        """Check that who sealed the collection has shown a sign of life not long ago.

        Args:
            seal: Who sealed it, and when that was heard of.
            waited: Seconds that the caller has waited: after a pause of this process, signs of
                life that came meanwhile are heard first.
        Raises:
            StoreLockedError: It has not.
        """
        if time.monotonic() - seal.heard > PATIENCE and waited > LOOKING:
            raise StoreLockedError(
                f"the memory {str(self.edge.folder)!r}, in whose place process {seal.process} "
                f"began to put a re-embedded one {PATIENCE:.0f} seconds ago without going on",
                "a process that re-embeds and goes on, or ends",
                f"continue or end process {seal.process}: it may be stopped, or in a debugger",
            )

    def begin(self, schema: CollectionSchema) -> EdgeBackend:
        """Begin a collection that may take the place."""
        with self._guard:
            writes = self._writes
        sibling = self.edge.sibling(schema)
        self._noted[sibling] = writes
        return sibling

    def hear(self, sibling: EdgeBackend) -> None:
        """Note that whoever makes a sibling goes on."""
        seal = self._seal
        if seal is not None and seal.sibling is sibling:
            seal.heard = time.monotonic()

    def seal(self, sibling: EdgeBackend, process: int) -> bool:
        """Let nobody write until a sibling is in place or given up; see `Backend.seal`.

        Args:
            sibling: The sibling.
            process: Process id of its maker, which must go on; see `hear`.
        Raises:
            StoreLockedError: Another sibling is about to take the place.
        """
        with self._guard:
            if self._seal is not None and self._seal.sibling is not sibling:
                raise StoreLockedError(
                    "a collection that is being re-embedded by somebody else, too",
                    "one at a time",
                    "wait until the other is done",
                )
            self._seal = seal = Seal(sibling, process)
            self._changed.wait_for(lambda: not self._writing)
            seal.heard = time.monotonic()
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
        if self._seal is not None and self._seal.sibling is sibling:
            self._seal = None
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
