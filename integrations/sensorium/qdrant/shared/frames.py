"""Messages between processes that share a folder: msgpack, each after its length."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any, TypeAlias

from sensorium.errors import StoreFullError
from sensorium.qdrant.shared.codec import decode, encode

PROTOCOL = 1  # version of the messages; both sides must speak the same
LENGTH = struct.Struct(">I")
LONGEST_HELLO = 4096  # bytes of the first message, before it is known who speaks
LONGEST = 2**30  # bytes of any other
BLOCK = 2**20  # bytes read at a time: memory grows with what came, not with what was announced
REST = 30.0  # seconds in which all of a message must come, once it began

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


def receive(connection: socket.socket, longest: int = LONGEST) -> Message:
    """Wait for a message, as long as the timeout of the connection says.

    Args:
        connection: The connection.
        longest: The most bytes the message may have.
    Raises:
        ConnectionError: The other side is gone, or what came is not a message.
        TimeoutError: Nothing came in time; nothing is lost.
    """
    head = _read(connection, LENGTH.size, first=True)
    (length,) = LENGTH.unpack(head)
    if length > longest:
        raise ConnectionAbortedError(f"a message of {length} bytes")
    message = decode(_read(connection, length, first=False))
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise ConnectionAbortedError("a message of another kind")
    return message


def _read(connection: socket.socket, length: int, *, first: bool) -> bytearray:
    """Read so many bytes; only before the first of a message may it take long."""
    content = bytearray()
    patience = connection.gettimeout()
    ends = time.monotonic() + REST
    try:
        while len(content) < length:
            if content or not first:
                left = ends - time.monotonic()
                if left <= 0:
                    raise ConnectionAbortedError("half a message")
                connection.settimeout(left)
            try:
                block = connection.recv(min(BLOCK, length - len(content)))
            except TimeoutError as error:
                if content or not first:
                    raise ConnectionAbortedError("half a message") from error
                raise
            if not block:
                raise ConnectionResetError("the other process is gone")
            content += block
    finally:
        connection.settimeout(patience)
    return content
