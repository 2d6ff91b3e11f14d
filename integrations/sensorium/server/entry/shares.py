"""What each owner may take of the threads that all share, so that none keeps out the others."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from sensorium.errors import TooManyRequestsError

MOST_CALLS = 10  # of an owner at once; all owners, and their agents, have 40 threads
MOST_WAITING = 200  # calls of an owner that wait for their turn
PATIENCE = 30.0  # seconds that a call waits
RETRY = 5.0  # seconds after which some may be answered


@dataclass
class _Share:
    """What an owner has now.

    Attributes:
        turns: Lets so many calls through at once.
        calls: Number of calls that are answered or wait.
    """

    turns: anyio.Semaphore
    calls: int = 0


class CallShares:
    """Lets so many calls of each owner through at once; further ones wait, and not for long."""

    def __init__(
        self, most: int = MOST_CALLS, waiting: int = MOST_WAITING, patience: float = PATIENCE
    ) -> None:
        """Begin with nobody.

        Args:
            most: Calls of an owner at once.
            waiting: Further calls of an owner that may wait for their turn.
            patience: Seconds that they wait.
        """
        self._most, self._waiting, self._patience = most, waiting, patience
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def one(self, owner: str) -> AsyncIterator[None]:
        """Wait for the turn of one more call of an owner, and count it while the block runs.

        Raises:
            TooManyRequestsError: Too many wait already, or its turn does not come.
        """
        share = self._shares.setdefault(owner, _Share(anyio.Semaphore(self._most)))
        if share.calls >= self._most + self._waiting:
            raise self._refusal(share)
        share.calls += 1
        try:
            await self._turn(share)
            try:
                yield
            finally:
                share.turns.release()
        finally:
            share.calls -= 1
            if not share.calls and self._shares.get(owner) is share:
                del self._shares[owner]

    async def _turn(self, share: _Share) -> None:
        with anyio.move_on_after(self._patience):
            await share.turns.acquire()
            return
        raise self._refusal(share)

    def _refusal(self, share: _Share) -> TooManyRequestsError:
        return TooManyRequestsError(
            f"{share.calls} calls of this owner at once",
            f"{self._most}, of which each is answered before the next begins",
            f"wait for some answers, and send again after {math.ceil(RETRY)} s",
            seconds=RETRY,
        )
