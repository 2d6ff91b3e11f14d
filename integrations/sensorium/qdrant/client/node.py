"""One address of a server or cluster, with a client of this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from qdrant_client import QdrantClient

from sensorium.encoders.forking import Lock, mind_forks, never_collect
from sensorium.errors import StoreLockedError
from sensorium.percepts.locations import without_credentials

MEMORY = ":memory:"
REST = 5.0  # seconds in which a node that did not answer is asked only if no other is left
LONGEST_REST = 60.0  # seconds; each rest is twice the one before

P = ParamSpec("P")
R = TypeVar("R")


class Node:
    """A `QdrantClient`, and how its server has answered of late.

    A forked child makes a client of its own: the connections of its parent's are the parent's, and
    two processes on one connection would read each other's answers.

    Attributes:
        local: Whether the client works in this process, without a server.
        place: Where its points are, without credentials.
        checked: Whether its client was found to be usable.
    """

    def __init__(self, client: QdrantClient) -> None:
        """Take a client; nothing is asked yet."""
        options = client.init_options
        self._client = client
        self._making = Lock()  # held while a client is made
        self._is_parents = False  # whether the client was made before this process was forked
        self._rest, self._rests_until = REST, 0.0
        self.checked = False
        self.local = options["location"] == MEMORY or options["path"] is not None
        self.place = without_credentials(
            options["path"]
            or options["url"]
            or options["location"]
            or options["host"]
            or "localhost"
        )
        mind_forks(self)

    def after_fork(self) -> None:
        """Leave the client to the parent, in a forked child."""
        self._is_parents = True
        never_collect(self._client)  # that would close it, which takes threads of the parent

    @property
    def client(self) -> QdrantClient:
        """The client of this process.

        Raises:
            StoreLockedError: The client holds its points itself, and this is a forked child.
        """
        with self._making:
            if self._is_parents:
                if self.local:
                    raise _in_parent_alone(self.place)
                self._client = renewed(self._client)
                self._is_parents = False
            return self._client

    @property
    def rests(self) -> bool:
        """Whether it did not answer a moment ago."""
        return time.monotonic() < self._rests_until

    def answered(self) -> None:
        """Note that it answers."""
        self._rest, self._rests_until = REST, 0.0

    def failed(self) -> None:
        """Note that it did not answer, or could not."""
        if not self.rests:
            self._rests_until = time.monotonic() + self._rest
            self._rest = min(2 * self._rest, LONGEST_REST)

    def close(self) -> None:
        """Close the client, unless it is the parent's."""
        if not self._is_parents:
            self._client.close()


def method_of(client: QdrantClient, method: Callable[P, R]) -> Callable[P, R]:
    """Return the method of a client that a method of another one's stands for."""
    asked = getattr(method, "__self__", client)
    if asked is client or not isinstance(asked, QdrantClient):
        return method
    found: Callable[P, R] = getattr(client, method.__name__)
    return found


def renewed(client: QdrantClient) -> QdrantClient:
    """Return another client of the same server, with the same settings.

    It speaks REST: in a child that is forked while its parent uses gRPC, one call in ten of gRPC
    fails or hangs.
    """
    options = {**client.init_options, "prefer_grpc": False, "check_compatibility": False}
    return type(client)(**options)


def _in_parent_alone(place: str) -> StoreLockedError:
    return StoreLockedError(
        f"the points of {place!r}, a client without a server that the parent process has",
        "a store that a forked child can reach",
        'open a folder, ":memory:" by its name, or a server',
    )
