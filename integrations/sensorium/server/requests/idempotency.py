"""Calls that are sent twice and done once: the same key and body give the first answer again."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sensorium.errors import (
    ConflictError,
    OperationCancelledError,
    RequestError,
    TooManyRequestsError,
)

MOST_KEYS = 1_000  # that are kept of one owner
MOST_OWNERS = 1_000  # whose keys are kept
LIFETIME = 24 * 3600.0  # seconds that an answer is kept
LONGEST_KEY = 255  # characters
RETRY = 5.0  # seconds after which some may be answered


@dataclass
class _Call:
    """A call that runs, or has been answered."""

    body: str
    answer: Future[Any]
    begun: float


class IdempotentCalls:
    """The latest calls of each owner by their keys."""

    def __init__(
        self, *, most: int = MOST_KEYS, lifetime: float = LIFETIME, owners: int = MOST_OWNERS
    ) -> None:
        """Keep so many calls of each of so many owners, for so many seconds."""
        self._most, self._lifetime, self._owners = most, lifetime, owners
        self._calls: OrderedDict[str, OrderedDict[str, _Call]] = OrderedDict()

    async def once(
        self, owner: str, key: str | None, body: str, work: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Do work, or wait for the first call of the same key and return its answer.

        A call that fails is forgotten, so that it can be repeated; whoever waits for it meanwhile
        gets its error.

        Args:
            owner: Whose key it is.
            key: The key; without one the work is done.
            body: Digest of what is asked.
            work: Does the work.
        Raises:
            ConflictError: The key was sent before with another body.
            RequestError: The key is empty or too long.
        """
        if key is None:
            return await work()
        if not 0 < len(key) <= LONGEST_KEY:
            raise RequestError(
                f"an Idempotency-Key of {len(key)} characters",
                f"1 to {LONGEST_KEY}",
                "send a UUID, a new one for each new call",
            )
        while True:
            calls = self._of(owner)
            known = calls.get(key)
            if known is None:
                return await self._first(calls, key, body, work)
            if known.body != body:
                raise ConflictError(
                    "an Idempotency-Key that another body was sent with",
                    "a key of its own for each call",
                    "make a new key, or send the first body again",
                )
            await asyncio.wait([asyncio.wrap_future(known.answer)])
            if not known.answer.cancelled():
                return known.answer.result()

    async def _first(
        self,
        calls: OrderedDict[str, _Call],
        key: str,
        body: str,
        work: Callable[[], Awaitable[Any]],
    ) -> Any:
        if len(calls) >= self._most:  # all of which are running
            raise TooManyRequestsError(
                f"{len(calls):,} calls with keys at once",
                "fewer",
                "wait for the answers of some",
                seconds=RETRY,
            )
        call = _Call(body, Future(), time.monotonic())
        calls[key] = call
        try:
            answer = await work()
        except BaseException as error:
            calls.pop(key, None)
            is_given_up = isinstance(error, OperationCancelledError)  # as its client went away
            if isinstance(error, Exception) and not is_given_up:
                call.answer.set_exception(error)
                call.answer.exception()  # it is heard of, even if nobody waits
            else:  # who waits begins anew
                call.answer.cancel()
            raise
        call.answer.set_result(answer)
        return answer

    def _of(self, owner: str) -> OrderedDict[str, _Call]:
        """Return an owner's calls, without those that are too old or too many."""
        calls = self._calls.setdefault(owner, OrderedDict())
        self._calls.move_to_end(owner)
        for other in list(self._calls)[: max(0, len(self._calls) - self._owners)]:
            if all(call.answer.done() for call in self._calls[other].values()):
                del self._calls[other]  # never one whose calls run: they would be done twice
        oldest = time.monotonic() - self._lifetime
        done = [key for key, call in calls.items() if call.answer.done()]
        surplus = len(calls) + 1 - self._most
        for place, key in enumerate(done):
            if place < surplus or calls[key].begun < oldest:
                del calls[key]
        return calls
