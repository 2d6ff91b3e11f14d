"""What the routes of one server keep between requests; all of it is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from starlette.requests import HTTPConnection

from sensorium.agents.owners import OwnersMemories
from sensorium.errors import TooManyRequestsError
from sensorium.server.answers.caching import Cache
from sensorium.server.requests.held_bytes import HeldBytes
from sensorium.server.requests.idempotency import IdempotentCalls
from sensorium.server.requests.uploads import UploadLimits
from sensorium.server.watching.happenings import Happenings
from sensorium.server.watching.watching import Watcher

MOST_STREAMS = 32  # live streams that are open at once
MOST_OF_OWNER = 8  # of them, of one owner
RETRY = 30.0  # seconds after which one of them may have ended


class OpenStreams:
    """How many live streams are open at once, with threads of their own.

    Attributes:
        threads: Limits the threads in which they push.
    """

    def __init__(self, most: int = MOST_STREAMS, of_owner: int = MOST_OF_OWNER) -> None:
        """Allow so many of all owners together, and of each."""
        self._most, self._of_owner = most, of_owner
        self._open: Counter[str] = Counter()
        self.threads = anyio.CapacityLimiter(most)

    @contextmanager
    def one(self, owner: str) -> Iterator[None]:
        """Count one more of an owner while the block runs, in the event loop.

        Raises:
            TooManyRequestsError: There are as many as may be.
        """
        of_owner, all_open = self._open[owner], sum(self._open.values())
        if of_owner >= self._of_owner or all_open >= self._most:
            came = f"{of_owner} open streams of {owner!r}, and {all_open} of all owners"
            needed = f"fewer than {self._of_owner} of an owner, and than {self._most} of all"
            raise TooManyRequestsError(came, needed, "close one of them", RETRY)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            self._open += Counter()  # an owner who has none is not kept


@dataclass(frozen=True)
class ServerState:
    """What the routes keep between requests. It is the app's `state.routes`.

    Attributes:
        happenings: What happened to memories, for whoever listens.
        watcher: What looks for what other processes remember.
        uploads: How much one request may bring.
        held: How much the JSON of all requests takes.
        calls: The latest calls that were sent with a key.
        drawn: Previews and signals that were drawn.
        streams: How many live streams are open.
    """

    happenings: Happenings
    watcher: Watcher
    uploads: UploadLimits = field(default_factory=UploadLimits)
    held: HeldBytes = field(default_factory=HeldBytes)
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
