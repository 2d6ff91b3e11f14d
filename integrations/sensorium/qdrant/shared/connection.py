"""A connection to the process that holds a folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.encoders.forking import mind_forks
from sensorium.errors import StoreError, StoreLockedError
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared.address import Address
from sensorium.qdrant.shared.frames import PROTOCOL, Message, receive, send

CONNECTING = 5.0  # seconds to wait until the holder greets
PATIENCE = 10.0  # seconds without an answer after which it is asked whether it still goes on
Progress = Callable[[int, "int | None"], None]


@dataclass(frozen=True)
class State:
    """What the holder says of the collection.

    Attributes:
        generation: How many times its layout was changed or another took its place.
        shard: Name of the shard that is in place.
        schema: Layout of the collection.
    """

    generation: int
    shard: str
    schema: CollectionSchema


class Connection:
    """One connection; one thread at a time may use it.

    Attributes:
        process: Process id of the holder.
        state: What the holder said of the collection when it greeted.
        generation: The generation that the last answer told.
    """

    def __init__(self, address: Address) -> None:
        """Connect to the holder of a folder.

        Raises:
            ConnectionError: Nobody answers for this folder.
            TimeoutError: Somebody listens, and does not greet in time.
            StoreLockedError: The holder is of another version, or another user's.
        """
        self._address = address
        self._socket, secret = address.connect(CONNECTING)
        try:
            send(self._socket, ["hello", PROTOCOL, os.getpid(), secret])
            self.process, self.state = _greeted(receive(self._socket), address)
        except BaseException:
            self._socket.close()
            raise
        self.generation = self.state.generation
        mind_forks(self)

    def after_fork(self) -> None:
        """Let go of the connection in a forked child: the parent goes on with it."""
        self._socket.close()

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
        send(self._socket, message)
        self._socket.settimeout(PATIENCE)
        while True:
            try:
                kind, generation, value = receive(self._socket)
            except TimeoutError:
                self._check_responding()
                continue
            except ValueError as error:
                raise ConnectionAbortedError("an answer of another kind") from error
            self.generation = generation
            if kind == "progress":
                if progress is not None:
                    progress(*value)
            elif kind == "error":
                raise value if isinstance(value, BaseException) else StoreError(*["?"] * 3)
            else:
                return value

    def __del__(self) -> None:
        """End the connection of a memory that nobody closed."""
        if hasattr(self, "_socket"):
            self._socket.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def is_usable(self) -> bool:
        """Return whether nothing came, not even the end, since the last answer."""
        self._socket.setblocking(False)
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        else:
            return False
        finally:
            self._socket.settimeout(PATIENCE)

    def _check_responding(self) -> None:
        """Check that the holder goes on, though it did not answer for a while.

        Raises:
            StoreLockedError: It does not.
            ConnectionError: It is gone.
        """
        try:
            Connection(self._address).close()
        except TimeoutError as error:
            raise stopped(self._address, self.process) from error


def _greeted(hello: Message, address: Address) -> tuple[int, State]:
    """Check a greeting; return the process id of the holder, and the state of the collection."""
    if hello[0] != "hello" or len(hello) < 3:
        raise ConnectionAbortedError("a greeting of another kind")
    if hello[1] != PROTOCOL:
        raise StoreLockedError(
            f"the memory {str(address.folder)!r}, which process {hello[2]} has open with another "
            f"version of Sensorium (it speaks {hello[1]}, this one {PROTOCOL})",
            "one version in all processes",
            "update both, or close it there",
        )
    _, _, process, identity, generation, shard, schema = hello
    if identity != address.identity():
        raise ConnectionRefusedError("the socket is that of another folder")
    return process, State(generation, shard, schema)


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


def stopped(address: Address, process: int) -> StoreLockedError:
    """Return the error for a holder that does not go on."""
    return StoreLockedError(
        f"the memory {str(address.folder)!r}, whose holder, process {process}, does not answer",
        "a process that goes on, or ends: another takes its place then",
        f"continue or end process {process}: it may be stopped, or in a debugger",
    )
