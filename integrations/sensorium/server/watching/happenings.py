"""What happens to the memories of each owner, for whoever listens, in bounded memory."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sensorium.encoders.forking import Lock
from sensorium.errors import TooManyRequestsError

Kind: TypeAlias = Literal["remembered", "updated", "forgotten", "missed"]

KEPT = 512  # happenings kept of an owner
MOST_OWNERS = 256  # of whom some are kept when nobody listens
MOST_LISTENERS = 64  # of an owner
EPOCH_BYTES = 8  # of chance in an epoch
RETRY = 30.0  # seconds after which a listener may have gone


@dataclass(frozen=True)
class Happening:
    """Something that happened to a memory.

    Attributes:
        number: Its place among those of the owner, from 1.
        epoch: What numbered it; another one has numbers of its own.
        kind: What happened; `"missed"` says that what happened before is not known any more.
        id: Id of the record; `None` if it is not known which.
    """

    number: int
    epoch: str
    kind: Kind
    id: str | None

    @property
    def name(self) -> str:
        """What a listener gives as `after` to go on from here."""
        return f"{self.epoch}-{self.number}"


class _OfOwner:
    """The latest happenings of one owner, and who waits for more."""

    def __init__(self) -> None:
        # Of this process, and of this time that somebody listens: numbers begin anew with each
        self.epoch = secrets.token_hex(EPOCH_BYTES)
        self.kept: deque[Happening] = deque(maxlen=KEPT)
        self.last = 0
        self.listeners: set[Listening] = set()

    def since(self, number: int) -> list[Happening]:
        """Return what happened after a number; first, that something is missing, if it is."""
        if number >= self.last:
            return []
        found = [each for each in self.kept if each.number > number]
        if not found or found[0].number > number + 1:
            found.insert(0, Happening(number + 1, self.epoch, "missed", None))
        return found

    def number_of(self, name: str) -> int | None:
        """Return the number of a happening that was told before; `None` if it is none of these."""
        epoch, _, number = name.partition("-")
        known = epoch == self.epoch and number.isdecimal() and int(number) <= self.last
        return int(number) if known else None


class Listening:
    """One who listens: woken from whichever thread something happens in."""

    def __init__(
        self, happenings: Happenings, of: _OfOwner, number: int, *, has_missed: bool
    ) -> None:
        """Listen from a number on; `Happenings.listen` does."""
        self._happenings, self._of, self._number = happenings, of, number
        self._has_missed = has_missed
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    async def next(self, patience: float) -> list[Happening]:
        """Wait for what happens next, and return it; nothing if patience ends before.

        Args:
            patience: Seconds to wait.
        """
        if not self._since():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._event.wait(), patience)
        self._event.clear()
        found = self._since()
        if found:
            self._number, self._has_missed = found[-1].number, False
        return found

    def wake(self) -> None:
        """Say that something happened."""
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._event.set)

    def close(self) -> None:
        """Listen no more."""
        self._happenings.leave(self, self._of)

    def _since(self) -> list[Happening]:
        found = self._happenings.since(self._of, self._number)
        if self._has_missed:
            found.insert(0, Happening(self._number, self._of.epoch, "missed", None))
        return found


class Happenings:
    """What happened to each owner's memories. Any thread may tell; coroutines listen."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._owners: OrderedDict[str, _OfOwner] = OrderedDict()
        self._lock = Lock()

    def tell(self, owner: str, kind: Kind, ids: Iterable[str | None]) -> None:
        """Tell that something happened to some of an owner's records."""
        with self._lock:
            of = self._owners.get(owner)
            if of is None:  # nobody has listened
                return
            for name in ids:
                of.last += 1
                of.kept.append(Happening(of.last, of.epoch, kind, name))
            listeners = list(of.listeners)
        for listener in listeners:
            listener.wake()

    def knows(self, owner: str, name: str) -> bool:
        """Return whether one of the latest happenings is of a record."""
        with self._lock:
            of = self._owners.get(owner)
            return of is not None and any(each.id == name for each in of.kept)

    def since(self, of: _OfOwner, number: int) -> list[Happening]:
        """Return what happened to an owner's memories after a number."""
        with self._lock:
            return of.since(number)

    def leave(self, listening: Listening, of: _OfOwner) -> None:
        """Let a listener go."""
        with self._lock:
            of.listeners.discard(listening)

    def listened_to(self) -> list[str]:
        """Return the owners whom somebody listens to."""
        with self._lock:
            return [owner for owner, of in self._owners.items() if of.listeners]

    def listen(self, owner: str, *, after: str | None = None) -> Listening:
        """Listen to what happens to an owner's memories, in the running event loop.

        A listener that is slow has nothing of its own that grows: it misses what is not kept any
        more, and is told so.

        Args:
            owner: The owner.
            after: Name of the last happening that is known; by default what happens from now on.
                After one that is not known here, "missed" comes first.
        Returns:
            What is to be closed.
        Raises:
            TooManyRequestsError: Too many listen to the owner.
        """
        with self._lock:
            of = self._owners.setdefault(owner, _OfOwner())
            self._owners.move_to_end(owner)
            if len(of.listeners) >= MOST_LISTENERS:
                raise TooManyRequestsError(
                    f"{MOST_LISTENERS} listeners already",
                    "fewer",
                    "close one of them, such as a page in another window",
                    RETRY,
                )
            number = of.last if after is None else of.number_of(after)
            listening = Listening(
                self, of, of.last if number is None else number, has_missed=number is None
            )
            of.listeners.add(listening)
            self._drop_spare()
            return listening

    def _drop_spare(self) -> None:
        spare = [owner for owner, of in self._owners.items() if not of.listeners]
        for owner in spare[: max(0, len(self._owners) - MOST_OWNERS)]:
            del self._owners[owner]
