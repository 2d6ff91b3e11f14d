"""A connection to the process that holds a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.encoders.forking import mind_forks
from sensorium.errors import StoreLockedError, show
from sensorium.qdrant.backend import Progress
from sensorium.qdrant.edge.folder import is_unlocked, read_opener
from sensorium.qdrant.points import check_payload
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared.address import Address
from sensorium.qdrant.shared.codec import by_keyword
from sensorium.qdrant.shared.frames import PROTOCOL, Incoming, Message, framed, send

CONNECTING = 5.0  # seconds to wait until the holder greets
LONGEST_GREETING = 2**20  # bytes
PATIENCE = 10.0  # seconds without an answer after which it is asked whether it still goes on


@dataclass(frozen=True)
class State:
    """What the holder says of the collection.

    Attributes:
        shard: Name of the shard that is in place.
        schema: Layout of the collection.
    """

    shard: str
    schema: CollectionSchema


class Connection:
    """One connection; one thread at a time may use it.

    Attributes:
        process: Process id of the holder.
        state: What the holder said of the collection when it greeted.
        is_answered: Whether no call waits for its answer: what is raised otherwise is of the
            connection itself.
    """

    def __init__(self, address: Address, patience: float | None = None) -> None:
        """Connect to the holder of a folder.

        Args:
            address: Where it listens.
            patience: Seconds to wait until it greets; by default `CONNECTING`.
        Raises:
            ConnectionError: Nobody answers for this folder, or not as a holder does.
            TimeoutError: Somebody listens, and does not greet in time.
            StoreLockedError: The holder is of another version, or another user's.
        """
        self._address = address
        patience = CONNECTING if patience is None else patience
        self._socket, secret = address.connect(patience)
        self._incoming = Incoming(self._socket)
        try:
            send(self._socket, ["hello", PROTOCOL, os.getpid(), secret])
            self.process, self.state = _greeted(
                self._incoming.receive(LONGEST_GREETING, rest=patience), address
            )
            self._socket.settimeout(PATIENCE)
        except BaseException:
            self._socket.close()
            raise
        self.is_answered = True
        mind_forks(self)

    def after_fork(self) -> None:
        """Let go of the connection in a forked child: the parent goes on with it."""
        self._socket.close()

    def call(self, space: list[Any], method: str, /, *args: Any, **options: Any) -> Any:
        """Call a method of `Backend`, of the collection that this connection leads to.

        Args:
            space: What tells the space that the caller knows from others: `space_key`.
            method: Name of the method.
            args: Its arguments.
            options: Its arguments by keyword.
        Raises:
            ConnectionError, SensoriumError: As `ask`.
        """
        # On the way, tuples and lists become alike: what is not JSON is refused before
        if method == "upsert":
            for point in args[0]:
                check_payload(point.payload)
        elif method == "set_payload":
            check_payload(args[1])
        progress = options.pop("progress", None)
        return self.ask(["call", space, method, list(args), by_keyword(options)], progress)

    def ask(self, message: Message, progress: Progress | None = None) -> Any:
        """Send a message and return what comes back.

        Args:
            message: The message.
            progress: Called with what the holder reports meanwhile.
        Raises:
            ConnectionError: The holder is gone; the call may or may not have been carried out.
            StoreLockedError: The holder does not go on; the message names its process.
            SensoriumError: What the call raised there.
        """
        content = memoryview(framed(message))
        self.is_answered = False
        while content:
            try:
                content = content[self._socket.send(content) :]
            except TimeoutError:
                self._check_responding()
        while True:
            try:
                kind, value = self._incoming.receive(rest=PATIENCE)
            except TimeoutError:
                self._check_responding()
                continue
            except ValueError as error:
                raise ConnectionAbortedError("an answer of another kind") from error
            if kind == "progress":
                if progress is not None:
                    progress(*value)
                continue
            if kind == "result":
                self.is_answered = True
                return value
            if kind != "error" or not isinstance(value, Exception):
                raise ConnectionAbortedError("an answer of another kind")
            self.is_answered = True
            raise value

    def __del__(self) -> None:
        """End the connection of a memory that nobody closed."""
        if hasattr(self, "_socket"):
            self._socket.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _check_responding(self) -> None:
        """Check that the holder goes on, though it did not answer for a while.

        Raises:
            StoreLockedError: It does not.
            ConnectionError: It is gone, or who answers does not hold the folder.
        """
        connected(self._address).close()
        if is_unlocked(self._address.folder):
            raise ConnectionAbortedError("who answers does not hold the folder")


def connected(address: Address, patience: float | None = None) -> Connection:
    """Connect to the holder, as `Connection`; say who it is if it does not greet.

    Raises:
        StoreLockedError: It does not, or is of another version, or another user's.
        ConnectionAbortedError: It does not, and another has taken its place meanwhile.
    """
    opener = read_opener(address.folder).name
    try:
        return Connection(address, patience)
    except TimeoutError as error:
        if read_opener(address.folder).name != opener:
            raise ConnectionAbortedError(f"{opener} is no longer the holder") from error
        raise stopped(address.folder, opener) from error


def _greeted(hello: Message, address: Address) -> tuple[int, State]:
    """Check a greeting; return the process id of the holder, and the state of the collection."""
    if hello[0] != "hello" or len(hello) < 3:
        raise ConnectionAbortedError("a greeting of another kind")
    if hello[1] != PROTOCOL:
        raise StoreLockedError(
            f"the memory {str(address.folder)!r}, which process {show(hello[2])} has open with "
            f"another version of Sensorium (it speaks {show(hello[1])}, this one {PROTOCOL})",
            "one version in all processes",
            "update both, or close it there",
        )
    process, identity, shard, schema = hello[2:] if len(hello) == 6 else (None, None, None, None)
    if not (isinstance(process, int) and isinstance(shard, str)) or not isinstance(
        schema, CollectionSchema
    ):
        raise ConnectionAbortedError("a greeting of another kind")
    if identity != address.identity():
        raise ConnectionRefusedError("the socket is that of another folder")
    return process, State(shard, schema)


def processes_of(folder: Path) -> list[dict[str, Any]]:
    """Return the processes that use a folder; see `SharedBackend.processes`.

    Returns:
        An empty list if nobody answers for the folder.
    """
    try:
        connection = Connection(Address(folder))
    except (OSError, StoreLockedError):
        return []
    try:
        found: list[dict[str, Any]] = connection.ask(["processes"])
    except (OSError, StoreLockedError):
        return []
    finally:
        connection.close()
    return [each for each in found if each["process"] != os.getpid()]


def stopped(folder: Path, holder: str) -> StoreLockedError:
    """Return the error for a holder that does not go on, such as `"process 4711"`."""
    return StoreLockedError(
        f"the memory {str(folder)!r}, whose holder, {holder}, does not answer",
        "a process that goes on, or ends: another takes its place then",
        f"continue or end {holder}: it may be stopped, or in a debugger",
    )


def broken_off(folder: Path) -> StoreLockedError:
    """Return the error for a holder that breaks off every answer, or says what none says."""
    return StoreLockedError(
        f"the memory {str(folder)!r}, whose holder, {read_opener(folder).name}, broke off every "
        "answer",
        "a process that answers as this version of Sensorium does",
        "end it: another takes its place then",
    )
