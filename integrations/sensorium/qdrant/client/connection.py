"""Calls of Qdrant clients: they are tried again, and failures become our own errors.

An API key appears in no message.
"""

from __future__ import annotations

import itertools
import logging
import random
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import ParamSpec, TypeVar

from qdrant_client import QdrantClient

from sensorium.encoders.forking import Lock
from sensorium.errors import PointError, StoreError
from sensorium.qdrant.client.failures import (
    MISSING,
    TOO_MANY,
    CollectionMissingError,
    Failure,
    RequestRefusedError,
    Trouble,
    missing,
    named,
    read_trouble,
)
from sensorium.qdrant.client.node import Node, method_of

__all__ = ["CollectionMissingError", "Connection", "RequestRefusedError"]

logger = logging.getLogger(__name__)

# A cluster takes 5 to 10 s to notice that one of its nodes is gone
TIMEOUT = 30.0  # seconds for which a call is tried, unless the caller says otherwise
FIRST_ANSWER = (
    5.0  # seconds instead, for a server that has never answered: perhaps the URL is wrong
)
FIRST_WAIT = 0.2  # seconds before the second try; each wait is twice the one before
LONGEST_BACKOFF = 2.0  # seconds, if the server does not ask for more
LONGEST_WAIT = 30.0  # seconds, where it does

P = ParamSpec("P")
R = TypeVar("R")
# Local mode is not safe under threads; backends may share a client
_locks: weakref.WeakKeyDictionary[QdrantClient, Lock] = weakref.WeakKeyDictionary()


class Connection:
    """The clients of one server, or of several nodes of one cluster; calls are tried again.

    Attributes:
        local: Whether the client works in this process, without a server.
        place: Where its points are, without credentials.
        version: Version of the server, such as `(1, 18)`; `None` if it was not asked, or is hidden.
    """

    def __init__(
        self,
        client: QdrantClient,
        *others: QdrantClient,
        timeout: float = TIMEOUT,
    ) -> None:
        """Use clients; nothing is asked yet.

        Args:
            client: A client of any kind.
            others: Clients of other nodes of the same cluster.
            timeout: Seconds for which a call is tried.
        """
        self._nodes = [Node(each) for each in (client, *others)]
        self._current = self._nodes[0]
        self._timeout = timeout
        self._has_answered = False
        self._check: Callable[[QdrantClient], object] | None = None
        self.version: tuple[int, int] | None = None
        self.local = self._current.local
        self.place = ", ".join(node.place for node in self._nodes)
        self._guard: AbstractContextManager[object] = nullcontext()
        if self.local:
            self._guard = _locks.setdefault(client, Lock())

    @classmethod
    def of(cls, client: QdrantClient | Connection) -> Connection:
        """Return the connection of a client, or the connection itself."""
        return client if isinstance(client, Connection) else cls(client)

    @property
    def client(self) -> QdrantClient:
        """The client of this process that is asked first.

        Raises:
            StoreLockedError: The client holds its points itself, and this is a forked child.
        """
        return self._current.client

    def close(self) -> None:
        """Close the clients, unless they are the parent's."""
        for node in self._nodes:
            node.close()

    def check_nodes(self, check: Callable[[QdrantClient], object]) -> None:
        """Have each node's client checked before it is next asked, and the first one now.

        Args:
            check: Raises an error of ours if the client cannot be used.
        """
        self._check = check
        self.call(self.client.info)

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a method of the client, perhaps several times: a request must bear repetition.

        Another node's client is asked where one does not answer. What is raised is that of `ask`.
        """
        return self.ask(lambda client: method_of(client, method)(*args, **kwargs))

    def ask(self, question: Callable[[QdrantClient], R]) -> R:
        """Ask something of a client, perhaps several times, and perhaps of several clients.

        Raises:
            CollectionMissingError: There is no such collection.
            StoreUnavailableError: The server did not answer in the time for it, or refused.
            StoreFullError: The server's disk has no room.
            PointError: There is no such point (in a client without a server).
        """
        began = time.monotonic()
        for attempt in itertools.count(1):
            node = self._current
            try:
                with self._guard:
                    if self._check is not None and not node.checked:
                        self._check(node.client)
                        node.checked = True
                    answer = question(node.client)
            except KeyError as error:
                raise PointError(
                    f"a point that is not there, {error}", "one of the collection", "write it whole"
                ) from error
            except ValueError as error:
                # Also pydantic's and json's, and the client's own about an answer it cannot convert
                if self.local and MISSING.search(str(error)):
                    raise missing(self.place, str(error)) from error
                if self.local:
                    raise
                trouble = read_trouble(error)
                raise self._named(trouble, attempt, began) from self._presentable(error)
            except Failure as error:
                trouble = read_trouble(error)
                wait = self._wait_after(trouble, node, attempt)
                if not trouble.passing or time.monotonic() + wait > began + self._patience:
                    raise self._named(trouble, attempt, began) from self._presentable(error)
                logger.info("sensorium: %s: try %d failed, again in %.1f s", self, attempt, wait)
                time.sleep(wait)
            else:
                node.answered()
                self._has_answered = True
                return answer
        raise AssertionError("counting ends")  # for the type checker

    def __repr__(self) -> str:
        return f"Connection({self.place!r})"

    @property
    def _patience(self) -> float:
        """Seconds for which a call is tried."""
        return self._timeout if self._has_answered else min(FIRST_ANSWER, self._timeout)

    def _wait_after(self, trouble: Trouble, node: Node, attempt: int) -> float:
        """Choose the node to ask next; return the seconds to wait before."""
        if trouble.passing and trouble.status != TOO_MANY:
            node.failed()
            start = self._nodes.index(node)
            ring = [*self._nodes[start + 1 :], *self._nodes[:start]]
            awake = [other for other in ring if not other.rests]
            if ring:
                self._current = (awake or ring)[0]
            if awake:
                return 0.0
        backoff = min(FIRST_WAIT * 2.0 ** min(attempt - 1, 16), LONGEST_BACKOFF)
        return min(max(trouble.wait, backoff * random.uniform(0.5, 1.5)), LONGEST_WAIT)

    def _named(self, trouble: Trouble, tries: int, began: float) -> StoreError:
        detail = self._redact(trouble.detail)
        seconds = time.monotonic() - began
        return named(replace(trouble, detail=detail), self.place, tries=tries, seconds=seconds)

    def _redact(self, text: str) -> str:
        key = self.client.init_options["api_key"]
        return text.replace(key, "***") if key else text

    def _presentable(self, error: Exception) -> Exception | None:
        """Return the cause, unless its message, which a traceback would show, repeats the key."""
        text = f"{error} {error!r} {error.__cause__} {error.__context__}"
        return error if self._redact(text) == text else None
