"""What the routes of one server keep between requests; all of it is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from starlette.requests import HTTPConnection

from sensorium.agents.owners import OwnersMemories
from sensorium.errors import TooManyRequestsError
from sensorium.server.answers.caching import Cache
from sensorium.server.requests.idempotency import IdempotentCalls
from sensorium.server.requests.uploads import UploadLimits
from sensorium.server.watching.happenings import Happenings
from sensorium.server.watching.watching import Watcher

MOST_STREAMS = 32  # live streams that are open at once
RETRY = 30.0  # seconds after which one of them may have ended


class OpenStreams:
    """How many live streams are open at once, with threads of their own.

    Attributes:
        threads: Limits the threads in which they push.
    """

    def __init__(self, most: int = MOST_STREAMS) -> None:
        """Allow so many."""
        self._most, self._open = most, 0
        self.threads = anyio.CapacityLimiter(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one more while the block runs, in the event loop.

        Raises:
            TooManyRequestsError: There are as many as may be.
        """
        if self._open >= self._most:
            raise TooManyRequestsError(
                f"{self._open} open streams", "fewer at once", "close one of them", RETRY
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


@dataclass(frozen=True)
class ServerState:
    """What the routes keep between requests. It is the app's `state.routes`.

    Attributes:
        happenings: What happened to memories, for whoever listens.
        watcher: What looks for what other processes remember.
        uploads: How much one request may bring.
        calls: The latest calls that were sent with a key.
        drawn: Previews and signals that were drawn.
        streams: How many live streams are open.
    """

    happenings: Happenings
    watcher: Watcher
    uploads: UploadLimits = field(default_factory=UploadLimits)
    calls: IdempotentCalls = field(default_factory=IdempotentCalls)
    drawn: Cache = field(default_factory=Cache)
    streams: OpenStreams = field(default_factory=OpenStreams)


def new_state(memories: OwnersMemories, uploads: UploadLimits | None = None) -> ServerState:
    """Begin with nothing kept.

    Args:
        memories: The memories of owners.
        uploads: How much one request may bring.
    """
    happenings = Happenings()
    return ServerState(happenings, Watcher(memories, happenings), uploads or UploadLimits())


def state_of(connection: HTTPConnection) -> ServerState:
    """Return what the routes keep at the app that answers a request."""
    state: ServerState = connection.app.state.routes
    return state
