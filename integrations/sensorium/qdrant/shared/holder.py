"""The process that holds the shard of a folder: it answers the others, one thread for each."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sensorium.encoders.forking import Lock
from sensorium.errors import SensoriumError
from sensorium.qdrant.backend import Progress
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.edge.folder import note_opener
from sensorium.qdrant.forwarding import READING
from sensorium.qdrant.points import Point
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared.address import Address, check_user, has_hung_up, most_files, takes_more
from sensorium.qdrant.shared.frames import LONGEST_HELLO, PROTOCOL, Incoming, Message, send
from sensorium.qdrant.shared.held_collection import WRITING, HeldCollection

logger = logging.getLogger(__name__)

SERVED = (
    READING | WRITING | {"add_modality", "flush", "compact", "check_purge", "purge", "snapshot"}
)
POLITE = 5.0  # seconds in which another process must say who it is
DYING = 1.0  # seconds that a process may take to end when its locks are released already
LOOKING = 0.01  # seconds between two looks whether those who are gone are done
MOST_CONNECTIONS = 1000
# While Edge works, no other thread of this process does: points of others are written a few at a
# time, so that the holder's own threads wait milliseconds and not for the whole batch
TOGETHER = 16


@dataclass(eq=False)
class Visitor:
    """Whoever may begin a collection beside the one in place: a connection, or this process.

    Attributes:
        process: Its process id, as it says.
        since: Time at which it connected, seconds since 1970.
        sibling: The collection that its calls concern, if it began one to be put in place.
        is_settling: Whether it waits until others that are gone are done.
    """

    process: int = 0
    since: float = field(default_factory=time.time)
    sibling: EdgeBackend | None = None
    is_settling: bool = False


class Holder:
    """An open shard, which this process uses itself and others through it.

    Attributes:
        collection: The collection that is in place, for this process itself.
    """

    def __init__(self, edge: EdgeBackend, *, listening: bool = True) -> None:
        """Hold an open collection, and answer others.

        Args:
            edge: The collection.
            listening: Whether to answer others from the start.
        """
        self.collection = HeldCollection(edge)
        self._secret = ""
        self._listener: socket.socket | None = None
        self._address = Address(edge.folder)
        self._visitors: dict[socket.socket, Visitor] = {}
        self._guard = Lock()  # of the visitors
        self._most = min(MOST_CONNECTIONS, most_files() // 2)  # the others are for its own work
        self._is_open = True
        if listening:
            self.listen()

    def listen(self) -> None:
        """Answer other processes from now on; do nothing if that is so already.

        Where the system does not let us, this process alone uses the folder.
        """
        if self._listener is not None:
            return
        try:
            self._listener, self._secret = self._address.listen()
        except (OSError, SensoriumError) as error:
            logger.warning("sensorium: other processes cannot share this memory: %s", error)
            note_opener(self.collection.edge.folder, sharing=False)
            return
        threading.Thread(
            target=self._accept, args=(self._listener,), name="sensorium-sharing", daemon=True
        ).start()

    def settle(self, process: int = 0, visitor: Visitor | None = None) -> None:
        """Wait until all is done that those had sent who are gone.

        Args:
            process: Process id of one that died, the end of which may not be seen yet; else 0.
            visitor: Who waits.
        """
        visitor = visitor or Visitor()
        ends = time.monotonic() + DYING
        visitor.is_settling = True
        try:
            while self._has_gone(process if time.monotonic() < ends else 0):
                time.sleep(LOOKING)
        finally:
            visitor.is_settling = False

    def _has_gone(self, process: int) -> bool:
        """Return whether a connection is served whose other side is gone, or is of a process."""
        with self._guard:
            visitors = dict(self._visitors)
        return any(
            has_hung_up(connection) or 0 != process == visitor.process
            for connection, visitor in visitors.items()
            if not visitor.is_settling
        )

    def processes(self) -> list[dict[str, Any]]:
        """Describe which processes use the folder: this one first, then those that ask it."""
        with self._guard:
            first: dict[int, float] = {}
            for each in self._visitors.values():
                if each.process:
                    first[each.process] = min(first.get(each.process, each.since), each.since)
        others = [{"process": process, "since": since} for process, since in sorted(first.items())]
        return [{"process": os.getpid(), "holds": True}, *others]

    def close(self) -> None:
        """Flush, release the folder, and leave it to others; the second call does nothing.

        Raises:
            StoreError: The last flush failed; the folder is released all the same.
        """
        with self._guard:
            if not self._is_open:
                return
            self._is_open = False
            connections = list(self._visitors)
        if self._listener is not None:
            self._address.withdraw()
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        try:
            self.collection.edge.close()
        finally:
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def leave_alone(self) -> None:
        """Let go of the connections in a forked child: they are the parent's."""
        for each in (self._listener, *self._visitors):
            if each is not None:
                each.close()  # the descriptor of this process alone
        self._is_open = False

    def _accept(self, listener: socket.socket) -> None:
        """Let others in until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                if not self._is_open:
                    return
                time.sleep(0.1)  # too many files are open: perhaps not any more then
                continue
            visitor = Visitor()
            with self._guard:
                full = len(self._visitors) >= self._most or not self._is_open
                if not full:
                    self._visitors[connection] = visitor
            if full:
                connection.close()
                continue
            serving = threading.Thread(
                target=self._serve,
                args=(visitor, connection),
                name="sensorium-sharing",
                daemon=True,
            )
            try:
                serving.start()
            except RuntimeError:  # the system gives no more threads: perhaps later
                self._end(visitor, connection)

    def _serve(self, visitor: Visitor, connection: socket.socket) -> None:
        """Answer one connection until it ends."""
        try:
            check_user(connection, self.collection.edge.folder)
            connection.settimeout(POLITE)
            incoming = Incoming(connection)
            if self._greet(visitor, connection, incoming.receive(LONGEST_HELLO, rest=POLITE)):
                connection.settimeout(None)
                while self._answer(visitor, connection, incoming.receive()):
                    pass
        except (OSError, SensoriumError) as error:  # also those of a connection that is gone
            logger.debug("sensorium: a process that shares the memory is gone: %s", error)
        finally:
            self._end(visitor, connection)

    def _end(self, visitor: Visitor, connection: socket.socket) -> None:
        with self._guard:
            self._visitors.pop(connection, None)
        connection.close()
        self.give_up(visitor)

    def give_up(self, visitor: Visitor) -> None:
        """Discard what a visitor that ended had begun to put in place."""
        sibling, visitor.sibling = visitor.sibling, None
        if sibling is not None and self._is_open:
            with suppress(SensoriumError, OSError):
                self.collection.discard(sibling)

    def _greet(self, visitor: Visitor, connection: socket.socket, hello: Message) -> bool:
        """Hear who connects, and tell who answers; return whether it may stay."""
        if len(hello) < 4 or hello[0] != "hello" or not isinstance(hello[2], int):
            return False
        _, protocol, process, secret = hello[:4]
        if not secrets.compare_digest(str(secret).encode(), self._secret.encode()):
            return False
        visitor.process = process if protocol == PROTOCOL else 0
        edge = self.collection.edge
        state = [list(edge.identity or ()), edge.name, edge.schema]
        send(connection, ["hello", PROTOCOL, os.getpid(), *state])
        return bool(protocol == PROTOCOL)

    def _answer(self, visitor: Visitor, connection: socket.socket, message: Message) -> bool:
        """Carry out one call and send what it returned; return whether others may follow."""
        try:
            result = self.perform(visitor, message, partial(_report, connection))
        except Exception as error:
            if not self._is_open:  # it asks whoever holds the folder next
                return False
            answer: Message = ["error", error]
        else:
            answer = ["result", result]
        try:
            send(connection, answer)
        except SensoriumError as error:  # what was found is too long
            send(connection, ["error", error])
        return True

    def perform(self, visitor: Visitor, message: Message, progress: Progress | None = None) -> Any:
        """Carry out what a message asks for, and return what it returns.

        Args:
            visitor: Who sent it. If it began a sibling, calls concern that.
            message: A kind and its fields: `"processes"`; `"settle"` with a process id; `"begin"`
                with a schema, `"seal"`, `"switch"` and `"discard"`; or `"call"` with what
                `Connection.call` sends.
            progress: Called with what a purge reports.
        Raises:
            ConnectionAbortedError: It asks for something else.
            SensoriumError: As the method that is called.
        """
        kind, *fields = message
        if kind == "processes":
            return self.processes()
        if kind == "settle":
            (process,) = fields
            return self.settle(process, visitor)
        if kind in _SIBLING_CALLS:
            return _SIBLING_CALLS[kind](self, visitor, *fields)
        if kind != "call":
            raise ConnectionAbortedError(f"a message of kind {kind!r}")
        space, method, args, options = fields
        if method not in SERVED:
            raise ConnectionAbortedError(f"a call of {method!r}")
        if visitor.sibling is not None:
            self.collection.hear(visitor.sibling)
            return getattr(visitor.sibling, method)(*args, **options)
        if method == "purge":
            options["progress"] = progress
        if method == "upsert":
            for some in _in_turns(args[0]):
                self.collection.call(space, method, some)
            return None
        return self.collection.call(space, method, *args, **options)

    def _begin_for(self, visitor: Visitor, schema: CollectionSchema) -> str:
        if not isinstance(schema, CollectionSchema):
            raise ConnectionAbortedError("a layout of another kind")
        self.give_up(visitor)  # one at a time
        visitor.sibling = self.collection.begin(schema)
        return visitor.sibling.name

    def _seal_for(self, visitor: Visitor) -> bool:
        return self.collection.seal(_own_sibling(visitor), visitor.process or os.getpid())

    def _switch_for(self, visitor: Visitor) -> None:
        self.collection.switch(_own_sibling(visitor))
        visitor.sibling = None

    def _discard_for(self, visitor: Visitor) -> None:
        sibling, visitor.sibling = _own_sibling(visitor), None
        self.collection.discard(sibling)


_SIBLING_CALLS: dict[str, Callable[..., Any]] = {
    "begin": Holder._begin_for,
    "seal": Holder._seal_for,
    "switch": Holder._switch_for,
    "discard": Holder._discard_for,
}


def _own_sibling(visitor: Visitor) -> EdgeBackend:
    if visitor.sibling is None:
        raise ConnectionAbortedError("a call on a collection that was not begun")
    return visitor.sibling


def _report(connection: socket.socket, done: int, total: int | None) -> None:
    """Tell how far a call is, unless the other side does not read: nobody waits for that."""
    if takes_more(connection):
        send(connection, ["progress", [done, total]])


def _in_turns(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Cut points into small writes; those of one record stay together."""
    turn: list[Point] = []
    for point in points:
        if len(turn) >= TOGETHER and "part_of" not in point.payload:
            yield turn
            turn = []
        turn.append(point)
    if turn:
        yield turn
