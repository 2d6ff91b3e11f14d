"""A watch of a memory on a server: server-sent events, asked for again when their time is over."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from time import monotonic, sleep
from typing import NamedTuple

from sensorium.errors import StoreClosedError, StoreUnavailableError
from sensorium.memory import Hit, Watch
from sensorium.remote.answers import hit_of
from sensorium.remote.connection import Connection

# Asks a server for the lines of events from a cursor on, which end after some seconds without a hit
Ask = Callable[["str | None", float], AbstractContextManager[Iterator[str]]]
PAUSE = 1.0  # seconds before what was cut off is asked for again
LONGEST = 20.0  # seconds of one answer without a hit: a connection that is lost is noticed then


class Told(NamedTuple):
    """One event: how far the watch has come, and the hit that it tells of, if it does."""

    cursor: str
    hit: Hit | None


class RemoteWatch(Watch):
    """A watch of a memory on a server, which looks; nothing of it is there between two answers."""

    patience = LONGEST

    def __init__(self, connection: Connection, ask: Ask, timeout: float | None) -> None:
        """Begin; the server says where.

        Args:
            connection: The server.
            ask: Asks it.
            timeout: Seconds to wait for the next hit.
        """
        super().__init__(timeout)
        self._connection, self._ask = connection, ask
        self._cursor: str | None = None
        self._answer: AbstractContextManager[Iterator[str]] | None = None
        self._events: Iterator[Told] = iter(())
        self._wait = 0.0  # seconds of the open answer
        self._told_any = False  # whether an answer told something since one was cut off
        self._open(LONGEST if timeout is None else min(timeout, LONGEST))
        self._cursor = next(self._events).cursor

    @property
    def cursor(self) -> str:
        """How far it has come: behind the last hit that was returned."""
        return self._cursor or ""

    def close(self) -> None:
        """End it; whoever waits for the next hit gets none. A second call does nothing."""
        super().close()
        if self._one.acquire(blocking=False):  # else another thread reads, which sees it soon
            try:
                self._drop()
            finally:
                self._one.release()

    def _next(self, patience: float | None, *, whole: bool = False) -> Hit | None:
        end = math.inf if patience is None else monotonic() + patience
        if self._wait > (math.inf if patience is None else patience):
            self._drop()  # it would be silent for longer
        while not self._is_closed:
            told = self._told(max(0.0, min(LONGEST, end - monotonic())))
            if told is not None:
                self._cursor = told.cursor
                if told.hit is not None:
                    return told.hit
            if end <= monotonic():
                break
        return None

    def _told(self, wait: float) -> Told | None:
        """Return the next event, if need be of a new answer; `None` at its end, or if it was cut.

        Raises:
            StoreUnavailableError: The server cannot be reached, or cuts each answer off at once.
        """
        try:
            if self._answer is None:
                self._open(wait)
            told = next(self._events, None)
        except (StoreUnavailableError, StoreClosedError):
            goes_on, self._told_any = self._told_any, False
            self._drop()
            if self._connection.is_closed:
                self.close()
            elif not goes_on:
                raise
            sleep(PAUSE)
            return None
        except BaseException:
            self._drop()
            raise
        if told is None:
            self._drop()
        else:
            self._told_any = True
        return told

    def _open(self, wait: float) -> None:
        answer = self._ask(self._cursor, wait)
        self._events = _read(answer.__enter__(), self._connection)
        self._answer, self._wait = answer, wait

    def _drop(self) -> None:
        """End the open answer; what it has not told is told by the next one."""
        answer, self._answer = self._answer, None
        if answer is not None:
            with suppress(StoreUnavailableError):
                answer.__exit__(None, None, None)


def _read(lines: Iterator[str], connection: Connection) -> Iterator[Told]:
    """Read events.

    Raises:
        SensoriumError: One that the server tells of.
    """
    said: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            said[name] = value
            continue
        data = said.get("data")
        if data is not None and said.get("event") == "problem":
            raise connection.problem(json.loads(data))
        if "id" in said:
            yield Told(said["id"], None if data is None else hit_of(json.loads(data)))
        said = {}
