"""The store of a folder that several processes use at once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from typing_extensions import Self

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.backend import closed
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.forwarding import ForwardingBackend
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared.access import Access, access_to, calls_through
from sensorium.qdrant.shared.connection import Connection
from sensorium.qdrant.shared.holder import Holder
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
        return owner_lock(self.folder, owner)

    def listen(self) -> None:
        """Answer other processes from now on, which a temporary folder does only from a fork on."""
        self._access.listen()

    def add_modality(self, name: str) -> None:
        super().add_modality(name)
        self._schema = self._schema.with_modality(name)

    def _ask(self, method: str, /, *args: Any, **options: Any) -> Any:
        self._check_open()
        schema = self._schema
        return self._access.use(
            schema,
            lambda holder: holder.ask(schema, method, *args, **options),
            lambda connection: calls_through(connection)(schema, method, *args, **options),
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
        return _Sibling(self._access, schema, role)  # type: ignore[return-value]

    def seal(self, sibling: Self, /) -> bool:
        assert isinstance(sibling, _Sibling)
        return sibling.seal()

    def switch(self, sibling: Self, /) -> Self:
        assert isinstance(sibling, _Sibling)
        sibling.take_place()
        self._is_open = False
        # The new backend is the user of the access that this one was
        return type(self)(self._access, sibling.schema)

    def discard(self) -> None:
        raise NotImplementedError("only a sibling can be discarded")

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


class _Sibling(SharedBackend):
    """A collection that is being made beside the one in place, in the process that holds it."""

    def __init__(self, access: Access, schema: CollectionSchema, role: Holder | Connection) -> None:
        super().__init__(access, schema)
        self._role = role
        self._own: EdgeBackend | None = None
        if isinstance(role, Holder):
            self._own = role.begin(schema)
            self._shard = self._own.name
        else:
            self._shard = self._told("begin", schema)

    def _ask(self, method: str, /, *args: Any, **options: Any) -> Any:
        if self._own is not None:
            return getattr(self._own, method)(*args, **options)
        assert isinstance(self._role, Connection)
        try:
            return calls_through(self._role)(self._schema, method, *args, **options)
        except ConnectionError as error:
            raise self._lost() from error

    def _told(self, *message: Any) -> Any:
        assert isinstance(self._role, Connection)
        try:
            return self._role.ask(list(message))
        except ConnectionError as error:
            raise self._lost() from error

    def seal(self) -> bool:  # type: ignore[override]
        if self._own is not None:
            assert isinstance(self._role, Holder)
            return self._role.seal(self._own)
        return bool(self._told("seal"))

    def take_place(self) -> None:
        """Put this collection in place; whoever holds it, all see it from then on."""
        if self._own is not None:
            assert isinstance(self._role, Holder)
            self._role.switch(self._own)
            return
        try:
            self._told("switch")
        except HolderEndedError:
            if not self._is_in_place():
                raise
        self._end()

    def _is_in_place(self) -> bool:
        """Return whether the holder put this collection in place before it ended."""
        there: str = self._access.use(
            self._schema,
            lambda holder: holder.edge.name,
            lambda connection: connection.state.shard,
        )
        return there == self._shard

    def discard(self) -> None:
        if self._own is not None:
            assert isinstance(self._role, Holder)
            self._role.discard(self._own)
        self._end()

    def close(self) -> None:
        self._end()

    def _end(self) -> None:
        """End the connection: the holder discards what it began, unless it is in place."""
        if isinstance(self._role, Connection):
            self._role.close()

    def _lost(self) -> HolderEndedError:
        return HolderEndedError(
            f"the memory {str(self.folder)!r}, whose holder ended during a re-embedding",
            "a process that holds the memory until it is done",
            "run the re-embedding again; nothing was changed",
        )
