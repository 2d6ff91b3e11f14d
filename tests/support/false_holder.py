"""A process that listens where a holder does, and answers what no holder answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sensorium.qdrant import CollectionSchema
from sensorium.qdrant.edge.folder import identity_of
from sensorium.qdrant.shared.address import Address
from sensorium.qdrant.shared.frames import PROTOCOL, Incoming, framed

Answering = Callable[[socket.socket, Incoming, bytes], Any]


class FalseHolder:
    """Listens beside a folder without having its lock; each connection has a thread.

    Attributes:
        calls: How many connections there were.
    """

    def __init__(self, folder: Path, schema: CollectionSchema, answer: Answering) -> None:
        """Listen.

        Args:
            folder: Folder of a memory that nobody has open.
            schema: Layout of its collection.
            answer: Called with a connection, what comes over it, and the right greeting.
        """
        self.calls = 0
        self._answer = answer
        state = [list(identity_of(folder) or ()), "shard", schema]
        self._greeting = framed(["hello", PROTOCOL, 1, *state])
        self._open: list[socket.socket] = []
        self._listener, _ = Address(folder).listen()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        for each in (self._listener, *self._open):
            each.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.calls += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            incoming = Incoming(connection)
            incoming.receive()
            self._answer(connection, incoming, self._greeting)
        except OSError:
            return
