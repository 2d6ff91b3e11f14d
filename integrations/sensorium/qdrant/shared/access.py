"""How this process reaches the shard of a folder: as its holder, or through whoever holds it.

The first that opens a folder holds it. When the holder ends, whichever other process asks next
takes its place and opens the shard; the others find it and go on. What was under way is asked
again: each change can be made twice without harm, and those of one owner wait for each other
(`owner_locks.py`).
"""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sensorium.encoders.forking import Lock, finalize, mind_forks
from sensorium.errors import SensoriumError, StoreClosedError, StoreLockedError
from sensorium.qdrant.backend import closed
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.edge.folder import LOCK, locked_error, read_opener, removed_while_open
from sensorium.qdrant.file_locks import locker_of
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared.address import Address
from sensorium.qdrant.shared.connection import Connection, broken_off, connected, stopped
from sensorium.qdrant.shared.held_collection import space_key
from sensorium.qdrant.shared.holder import Holder
from sensorium.qdrant.waiting import Waiting

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
PATIENCE = 30.0  # seconds to wait for a process that takes a folder over
MOST_DEATHS = 5  # holders that may end during one call, which may be a long one
BRIEF = 0.2  # seconds to wait for one that did not go on when it was asked before
HESITATION = 0.5  # seconds in which a process that locked a folder says whether it shares it
SHORTEST, LONGEST = 0.002, 0.05  # seconds between two tries
MOST_IDLE = 8  # connections that are kept for the next call


class Access:
    """One process's access to a folder, shared by all memories that it opened there.

    Attributes:
        folder: Folder of the memory.
    """

    def __init__(self, folder: Path, *, maker: int | None = None) -> None:
        """Prepare to use a folder; nothing is opened yet.

        Args:
            folder: Folder of the memory.
            maker: Process with which the folder ends, so that no other takes over; `None` if it
                lasts.
        """
        self.folder = folder
        self._maker = maker
        self._identity: list[int] | None = None  # of the folder, once it was opened
        self._address = Address(folder)
        self._changing = Lock()  # held while the role is found
        self._guard = Lock()  # of the idle connections and of the count of users
        self._holder: Holder | None = None
        self._idle: list[Connection] = []
        self._doubted: str | None = None  # the holder, if it did not go on when it was asked last
        self._users = 0
        self._close_later: Any = None
        mind_forks(self)

    def enter(self) -> None:
        """Count a user; the last one that leaves closes."""
        with self._guard:
            self._users += 1

    def leave(self) -> None:
        """End the use; the last one closes the shard, or the connections.

        Raises:
            StoreError: The last flush failed; the folder is released all the same.
        """
        with self._guard:
            self._users = max(0, self._users - 1)
            if self._users:
                return
        self._let_go()

    def end(self) -> None:
        """End the use of all users: for them the folder is closed."""
        with self._guard:
            self._users = 0
        self._let_go()

    def _let_go(self) -> None:
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._changing:
            holder, self._holder = self._holder, None
            if holder is not None:
                self._close_later.detach()
                holder.close()

    @property
    def is_used(self) -> bool:
        """Whether a memory of this process has the folder open."""
        return self._users > 0

    def check_used(self) -> None:
        """Check that a memory of this process has the folder open.

        Raises:
            StoreClosedError: None has; or the folder was temporary, and was removed.
        """
        if self.is_used:
            return
        if self._maker is not None:
            raise ended_with_maker(self._maker)
        raise closed(f"the memory {str(self.folder)!r}")

    def open(self, schema: CollectionSchema) -> CollectionSchema:
        """Reach the shard, or begin a memory, and return its layout.

        Args:
            schema: Layout of a new memory. An existing one must have the same space; modalities
                it lacks are added.
        Raises:
            StoreError: As `EdgeBackend.open`; `StoreLockedError` if who has the folder open does
                not share it, or does not respond.
            OSError: The folder cannot be made or written.
        """
        place = f"the memory {str(self.folder)!r}"

        def opened(holder: Holder) -> CollectionSchema:
            collection = holder.collection
            return _completed(collection.edge.schema, schema, place, collection.call)

        def connected(connection: Connection) -> CollectionSchema:
            return _completed(connection.state.schema, schema, place, connection.call)

        there = self.use(schema, opened, connected)
        self._identity = self._identity or self._address.identity()
        return there

    def use(
        self,
        schema: CollectionSchema,
        as_holder: Callable[[Holder], Answer],
        through: Callable[[Connection], Answer],
    ) -> Answer:
        """Do something as the holder, or through the one there is; again, if that one ends.

        Args:
            schema: Layout of the collection, should this process become the holder.
            as_holder: What to do in this process.
            through: What to do through a connection.
        """
        failures, pause, waiting = 0, SHORTEST, Waiting()
        while True:
            role = self._role(schema, distrust=failures > 0)
            if isinstance(role, Holder):
                try:
                    return as_holder(role)
                except StoreClosedError:
                    if self._holder is role or not self.is_used:
                        raise
                    continue
            try:
                return through(role)
            except ConnectionError as error:
                if role.is_answered:
                    raise
                failures += 1
                if failures == 1:
                    waiting.restart()
                if failures > MOST_DEATHS and waiting.look() > PATIENCE:
                    raise broken_off(self.folder) from error
            except StoreLockedError:
                if not role.is_answered:
                    self._doubt(role.process)
                raise
            finally:
                self._put_back(role)
            time.sleep(pause)
            pause = min(LONGEST, pause * 1.5)

    def _doubt(self, process: int) -> None:
        """Note that the holder does not go on: what is asked next does not wait as long for it."""
        with self._guard:
            self._doubted = f"process {process}"
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def holder_or_connection(self, schema: CollectionSchema) -> Holder | Connection:
        """Return the holder, if it is this process, or a new connection for the caller to close."""
        role = self._role(schema)
        if isinstance(role, Connection):
            self._put_back(role)
            return Connection(self._address)
        return role

    def _put_back(self, connection: Connection) -> None:
        """Keep a connection for the next call, unless it waits for an answer."""
        with self._guard:
            if connection.is_answered and len(self._idle) < MOST_IDLE and self._users:
                self._idle.append(connection)
                return
        connection.close()

    def _role(self, schema: CollectionSchema, *, distrust: bool = False) -> Holder | Connection:
        """Return the holder, if it is this process, or a connection to it, which is put back.

        Args:
            schema: Layout of the collection.
            distrust: Whether a connection failed just now: its other side need not be the holder.
        """
        holder = self._holder
        if holder is not None:
            return holder
        with self._guard:
            if self._idle:  # if its holder ended, the call shows it, and is asked again
                return self._idle.pop()
        with self._changing:
            return self._holder or self._found(schema, distrust)

    def _found(self, schema: CollectionSchema, distrust: bool) -> Holder | Connection:
        """Connect to the holder, or become it: whoever answers without the lock is none."""
        waiting, pause = Waiting(), SHORTEST
        last = read_opener(self.folder)
        while True:
            self.check_used()
            failure: StoreLockedError | None = None
            if not distrust:
                try:
                    return self._connected()
                except StoreLockedError as error:
                    failure = error
                except ConnectionError:
                    pass
            if self._maker not in (None, os.getpid()):
                raise failure or ended_with_maker(self._maker)
            if self._identity not in (None, self._address.identity()):
                raise removed_while_open(self.folder)
            try:
                return self._hold(schema)
            except (StoreLockedError, OSError) as error:
                if failure is not None:
                    raise failure from None
                if not isinstance(error, StoreLockedError):
                    raise
                opener = read_opener(self.folder)
                if opener != last:  # the next one is waited for as long as the one before
                    last = opener
                    waiting.restart()
                waited = waiting.look()
                if waited > HESITATION and (not opener.sharing or opener.elsewhere):
                    raise locked_error(self.folder) from None
                if waited > (BRIEF if self._doubted == opener.name else PATIENCE):
                    self._doubted = opener.name
                    # One that was stopped as soon as it had the lock has not written its name yet
                    holder = locker_of(self.folder / LOCK) or opener.name
                    raise stopped(self.folder, holder) from None
            distrust = False  # somebody has the lock
            time.sleep(pause)
            pause = min(LONGEST, pause * 1.5)

    def _connected(self) -> Connection:
        """Connect to the holder.

        Raises:
            ConnectionError: Nobody answers, or another has taken the folder over meanwhile.
            StoreLockedError: Whoever answers does not go on, or is another user or version.
        """
        opener = read_opener(self.folder).name
        try:
            connection = connected(self._address, BRIEF if self._doubted == opener else None)
        except StoreLockedError:
            self._doubted = opener
            raise
        self._doubted = None
        return connection

    def check_holder(self) -> None:
        """Check that the process which holds the shard goes on, if there is one.

        Raises:
            StoreLockedError: It does not.
        """
        if self._holder is None:
            with suppress(ConnectionError):
                self._connected().close()

    def _hold(self, schema: CollectionSchema) -> Holder:
        edge = EdgeBackend.open(self.folder, schema=schema, sharing=True)
        holder = Holder(edge, listening=self._maker is None)
        self._holder = holder
        # Of a memory that nobody closes, at the latest when the interpreter exits
        self._close_later = finalize(self, _close_late, holder)
        return holder

    def listen(self) -> None:
        """Answer other processes, also if the folder is temporary: children, and their like."""
        if self._holder is not None:
            self._holder.listen()

    def after_fork(self) -> None:
        """Become another process: reach the shard through the parent on the next call."""
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.leave_alone()
        self._idle = []  # each closes itself


def _close_late(holder: Holder) -> None:
    """Close for a memory that nobody closed, where nobody waits for an error."""
    try:
        holder.close()
    except (SensoriumError, OSError) as error:
        logger.warning("sensorium: closing a memory failed: %s", error)


_OPEN: weakref.WeakValueDictionary[str, Access] = weakref.WeakValueDictionary()
_OPENING = Lock()  # held while a process forks, so that its child finds it free


def access_to(folder: Path, *, maker: int | None = None) -> Access:
    """Return this process's access to a folder, and count one more user of it."""
    key = str(folder.resolve())
    with _OPENING:
        access = _OPEN.get(key)
        if access is None or not access.is_used:
            access = _OPEN[key] = Access(folder, maker=maker)
        access.enter()
        return access


def _completed(
    there: CollectionSchema, wanted: CollectionSchema, place: str, call: Callable[..., Any]
) -> CollectionSchema:
    """Check the layout of what is there, and add what is wanted and not there."""
    there.check(wanted.space, place)
    for modality in wanted.modalities:
        if modality not in there.modalities:
            call(space_key(there), "add_modality", modality)
            there = there.with_modality(modality)
    return there


def end_access(folder: Path) -> None:
    """Close a folder that is about to be removed, for all that have it open in this process."""
    access = _OPEN.get(str(folder.resolve()))
    if access is not None:
        access.end()


def ended_with_maker(maker: int | None) -> StoreClosedError:
    """Return the error for a temporary memory whose process closed it or ended."""
    return StoreClosedError(
        f"a temporary memory of process {maker}, which closed it or ended",
        "a temporary memory that its process has open: it ends with that process",
        "give Memory.open a folder that lasts",
    )


def _before_fork() -> None:
    _OPENING.acquire()
    for access in list(_OPEN.values()):
        access.listen()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_OPENING.release,
        after_in_child=_OPENING.release,
    )
