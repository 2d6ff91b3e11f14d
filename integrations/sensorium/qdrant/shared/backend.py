"""The store of a folder that several processes use at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from typing_extensions import Self

from sensorium.errors import SensoriumError, StoreError, StoreUnavailableError
from sensorium.qdrant.backend import closed
from sensorium.qdrant.forwarding import ForwardingBackend
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared.access import Access, access_to
from sensorium.qdrant.shared.connection import Connection
from sensorium.qdrant.shared.frames import Message
from sensorium.qdrant.shared.held_collection import space_key
from sensorium.qdrant.shared.holder import Holder, Visitor
from sensorium.qdrant.shared.owner_locks import owner_lock


class HolderEndedError(StoreUnavailableError):
    """The process that held the folder ended while a collection was being made beside it."""


class SharedBackend(ForwardingBackend):
    """A collection in a folder, which any number of processes of one user have open.

    One of them holds the shard and answers the others; when it ends, another does. A forked child
    is another process. The methods are those of `Backend`, documented there.

    Attributes:
        folder: Folder of the memory.
    """

    def __init__(self, access: Access, schema: CollectionSchema) -> None:
        """Use an access that was opened; `SharedBackend.open` opens one."""
        self.folder = access.folder
        self._access = access
        self._schema = schema
        self._is_open = True

    @classmethod
    def open(
        cls, folder: str | Path, *, schema: CollectionSchema, maker: int | None = None
    ) -> SharedBackend:
        """Open the memory in a folder, whoever else has it open, or begin one.

        Args:
            folder: Folder of the memory; a new one is made for its user alone (mode 0700).
            schema: Layout of a new memory. An existing one must have the same space; modalities it
                lacks are added.
            maker: Process with which the folder ends; others use it only until then.
        Raises:
            SpaceMismatchError: The memory holds vectors of another space.
            SchemaVersionError: The memory was written with another version of the layout.
            StoreFormatError: The memory is damaged, or the folder holds something else.
            StoreLockedError: Who has it open does not share it, does not respond, is another user
                or has another version of Sensorium.
            StoreUnavailableError: The file system has no locks.
            StoreFullError: The disk has no room.
            OSError: The folder cannot be made or written.
        """
        folder = Path(folder).expanduser().absolute()
        access = access_to(folder, maker=maker)
        try:
            return cls(access, access.open(schema))
        except BaseException:
            access.leave()
            raise

    def __repr__(self) -> str:
        return f"SharedBackend({str(self.folder)!r}, {self.schema.space.id})"

    @property
    def schema(self) -> CollectionSchema:
        return self._schema

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        self._check_open()
        return owner_lock(self.folder, owner, settle=self._settle, check=self._access.check_holder)

    def _settle(self, process: int) -> None:
        """Wait until the holder has done what was sent by a process that died or gave up."""
        self._access.use(
            self._schema,
            lambda holder: holder.settle(process),
            lambda connection: connection.ask(["settle", process]),
        )

    def add_modality(self, name: str) -> None:
        super().add_modality(name)
        self._schema = self._schema.with_modality(name)

    def _ask(self, method: str, /, *args: Any, **options: Any) -> Any:
        self._check_open()
        space = space_key(self._schema)
        return self._access.use(
            self._schema,
            lambda holder: holder.collection.call(space, method, *args, **options),
            lambda connection: connection.call(space, method, *args, **options),
        )

    def processes(self) -> list[dict[str, Any]]:
        """Describe the processes that use the folder, the one that holds it first.

        Returns:
            `process`: its id; `holds`: true of the holder; `since`: seconds since 1970 at which
            another connected to it.
        """
        self._check_open()
        found: list[dict[str, Any]] = self._access.use(
            self._schema, Holder.processes, lambda connection: connection.ask(["processes"])
        )
        return found

    def sibling(self, schema: CollectionSchema) -> Self:
        self._check_open()
        role = self._access.holder_or_connection(self._schema)
        visit = _OwnVisit(role) if isinstance(role, Holder) else role
        return _Sibling(self._access, schema, visit)  # type: ignore[return-value]

    def seal(self, sibling: Self, /) -> bool:
        assert isinstance(sibling, _Sibling)
        return bool(sibling.tell("seal"))

    def switch(self, sibling: Self, /) -> Self:
        assert isinstance(sibling, _Sibling)
        sibling.take_place()
        self._is_open = False
        # The new backend is the user of the access that this one was
        return type(self)(self._access, sibling.schema)

    def discard(self) -> None:
        raise StoreError(
            f"the collection in place in {str(self.folder)!r} to be discarded",
            "a sibling that is not wanted any more",
            "forget its records, or remove the folder",
        )

    def snapshot(self) -> str:
        """Copy the collection as it is at one moment; see `EdgeBackend.snapshot`."""
        return str(self._ask("snapshot"))

    def listen(self) -> None:
        """Answer other processes, also if the folder is temporary."""
        self._access.listen()

    def close(self) -> None:
        """Let go of the folder; the second call does nothing.

        Raises:
            StoreError: This process held the shard, and the last flush failed; the folder is
                released all the same.
        """
        if self._is_open:
            self._is_open = False
            self._access.leave()

    def _check_open(self) -> None:
        if not self._is_open:
            raise closed(f"the memory {str(self.folder)!r}")
        self._access.check_used()


class _OwnVisit:
    """Messages to the holder in this process, as those of a connection to another."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self._visitor = Visitor()

    is_answered = True

    def ask(self, message: Message) -> Any:
        return self._holder.perform(self._visitor, message)

    def call(self, space: list[Any], method: str, /, *args: Any, **options: Any) -> Any:
        return self.ask(["call", space, method, args, options])

    def close(self) -> None:
        self._holder.give_up(self._visitor)


class _Sibling(SharedBackend):
    """A collection that is being made beside the one in place, in the process that holds it.

    It lives as long as the visit in which it was begun.
    """

    def __init__(
        self, access: Access, schema: CollectionSchema, visit: Connection | _OwnVisit
    ) -> None:
        super().__init__(access, schema)
        self._visit = visit
        self._shard: str = self.tell("begin", schema)

    def _ask(self, method: str, /, *args: Any, **options: Any) -> Any:
        with self._noticing_the_end():
            return self._visit.call(space_key(self._schema), method, *args, **options)

    def tell(self, *message: Any) -> Any:
        """Send a message that concerns this collection, and return what comes back."""
        with self._noticing_the_end():
            return self._visit.ask(list(message))

    def take_place(self) -> None:
        """Put this collection in place; whoever holds it, all see it from then on."""
        try:
            self.tell("switch")
        except HolderEndedError:
            if not self._is_in_place():
                raise
        self.close()

    def _is_in_place(self) -> bool:
        """Return whether the holder put this collection in place before it ended."""
        return self._access.use(
            self._schema,
            lambda holder: holder.collection.edge.name == self._shard,
            lambda connection: connection.state.shard == self._shard,
        )

    def discard(self) -> None:
        if self._visit.is_answered:
            with suppress(HolderEndedError):
                self.tell("discard")
        self.close()

    def close(self) -> None:
        """End the visit: what was begun in it is discarded, unless it is in place."""
        self._visit.close()

    @contextmanager
    def _noticing_the_end(self) -> Iterator[None]:
        """Say what became of the collection if its holder ends.

        Raises:
            HolderEndedError: It did.
        """
        try:
            yield
        except ConnectionError as error:
            if isinstance(error, SensoriumError):  # what a call raised
                raise
            raise HolderEndedError(
                f"the memory {str(self.folder)!r}, whose holder ended during a re-embedding",
                "a process that holds the memory until it is done",
                "run the re-embedding again; nothing was changed",
            ) from error
