"""Messages between processes that share a folder: msgpack, each after its length."""

from __future__ import annotations

import socket
import struct
from typing import Any, TypeAlias

from sensorium.errors import StoreFullError
from sensorium.qdrant.shared.codec import decode, encode

PROTOCOL = 3  # version of the messages; both sides must speak the same
LENGTH = struct.Struct(">I")
LONGEST_HELLO = 4096  # bytes of the first message, before it is known who speaks
LONGEST = 2**30  # bytes of any other
BLOCK = 2**16  # bytes read at a time, and of a long message
LARGE_BLOCK = 2**20  # memory grows with what came, not with what was announced
REST = 30.0  # seconds to wait for more of a message that began

Message: TypeAlias = "list[Any]"  # its kind, and what belongs to it


def send(connection: socket.socket, message: Message) -> None:
    """Send a message.

    Raises:
        OSError: The other side is gone.
        PointError, StoreFullError: As `framed`; nothing was sent.
    """
    connection.sendall(framed(message))


def framed(message: Message) -> bytes:
    """Return a message as it is sent.

    Raises:
        PointError: A value cannot be sent: it is not JSON, or a number beyond 64 bits.
        StoreFullError: It is longer than messages may be.
    """
    content = encode(message)
    if len(content) > LONGEST:
        raise StoreFullError(
            f"{len(content):,} bytes in one call to the process that holds the memory",
            f"at most {LONGEST:,} bytes",
            "ask for fewer records at a time, or write them in smaller batches",
        )
    return LENGTH.pack(len(content)) + content


class Incoming:
    """The messages that come over a connection. A short one costs a single call of the system."""

    def __init__(self, connection: socket.socket) -> None:
        """Read from a connection, which nothing else reads from."""
        self._connection = connection
        self._rest = b""  # of what came, the part behind the last message

    def receive(self, longest: int = LONGEST, *, rest: float = REST) -> Message:
        """Wait for a message, as long as the timeout of the connection says.

        Args:
            longest: The most bytes the message may have.
            rest: Seconds to wait for more of a message that began.
        Raises:
            ConnectionError: The other side is gone, or what came is not a message.
            TimeoutError: Nothing came in time; nothing is lost.
        """
        came: bytes | bytearray = self._rest or self._read(BLOCK)
        if len(came) < LENGTH.size:
            came = self._completed(came, LENGTH.size, rest)
        (length,) = LENGTH.unpack_from(came)
        if length > longest:
            raise ConnectionAbortedError(f"a message of {length} bytes")
        end = LENGTH.size + length
        if len(came) < end:
            came = self._completed(came, end, rest)
        self._rest = bytes(came[end:])
        message = decode(memoryview(came)[LENGTH.size : end])
        if not isinstance(message, list) or not message or not isinstance(message[0], str):
            raise ConnectionAbortedError("a message of another kind")
        return message

    def _completed(self, came: bytes | bytearray, length: int, rest: float) -> bytearray:
        """Read the rest of a message that began, which comes without long pauses."""
        whole, patience = bytearray(came), self._connection.gettimeout()
        self._connection.settimeout(rest)
        try:
            while len(whole) < length:
                whole += self._read(min(LARGE_BLOCK, max(BLOCK, length - len(whole))))
        except TimeoutError as error:
            raise ConnectionAbortedError("half a message") from error
        finally:
            self._connection.settimeout(patience)
        return whole

    def _read(self, most: int) -> bytes:
        block = self._connection.recv(most)
        if not block:
            raise ConnectionResetError("the other process is gone")
        return block
