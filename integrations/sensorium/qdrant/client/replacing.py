"""Replacing a collection by one of another space: begun beside it, filled, put in its place."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace

from qdrant_client import models

from sensorium.errors import SensoriumError, StoreLockedError, StoreUnavailableError
from sensorium.qdrant.client.claim import Claim, Heartbeat
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.connection import CollectionMissingError, Connection
from sensorium.qdrant.client.naming import (
    abandon,
    another_name,
    behind,
    family,
    find_collection,
    replace_collection,
)
from sensorium.qdrant.client.settings import complete_like, create_like, schema_like
from sensorium.qdrant.client.state import (
    BUILDER,
    COMPLETE,
    ITSELF,
    MARKS,
    PREDECESSOR,
    SUCCESSOR,
    CollectionState,
    Successor,
    itself,
    place_of,
    read_state,
    write_metadata,
)
from sensorium.qdrant.schema import CollectionSchema

logger = logging.getLogger(__name__)

NOTICE = 1.0  # seconds more for a node that could not be waited for
HEARD = 20  # seconds for which a server waits for the other nodes; less than a request may take


@dataclass
class Replacement:
    """A collection that is being filled to replace another.

    Attributes:
        connection: The server.
        name: Name of the memory.
        old: Name of the collection that is replaced.
        new: Name of the collection that is filled.
        schema: Schema of the latter.
        claim: The right to fill it.
    """

    connection: Connection
    name: str
    old: str
    new: str
    schema: CollectionSchema
    claim: Claim
    _heartbeat: Heartbeat | None = field(default=None, repr=False)
    _sealed: bool = field(default=False, repr=False)

    @classmethod
    def begin(cls, old: Collection, name: str, schema: CollectionSchema) -> Replacement:
        """Make the collection beside the one it is to replace.

        Args:
            old: The collection that is in use.
            name: Name of the memory.
            schema: Space and modalities of the new one; the settings are those of the old one.
        Raises:
            StoreLockedError: Another process is replacing it.
            StoreUnavailableError: The server cannot be reached, refused, or a node of it is away.
        """
        connection = old.connection
        state = find_collection(connection, name)
        if state is None or state.collection != behind(connection, old.name):
            raise CollectionMissingError(
                f"{place_of(connection, old.name)}, which was replaced",
                "the one that was opened",
                "open the memory again",
            )
        if state.successor is not None:
            raise _taken(connection, name, state.successor.claim)
        _remove_remains(connection, name, state)
        begun = cls(
            connection,
            name,
            state.collection,
            another_name(name),
            schema_like(state.schema, schema),
            Claim.begin(),
        )
        try:
            begun._make(state)
        except BaseException:
            begun.abandon()
            raise
        return begun

    def _make(self, old: CollectionState) -> None:
        # The old collection names the new one before that is there: whoever opens it finds both
        entries: dict[str, object] = {SUCCESSOR: self._successor(sealed=False)}
        if old.name is None:
            entries = {**dict.fromkeys(MARKS), ITSELF: itself(self.name, self.old), **entries}
        write_metadata(self.connection, self.old, **entries)
        metadata = {
            ITSELF: itself(self.name, self.new),
            BUILDER: self.claim.to_dict(),
            PREDECESSOR: {"collection": self.old},
        }
        try:
            create_like(self.connection, self.new, old, self.schema, metadata)
        except (SensoriumError, ValueError):
            # A cluster says so when not all nodes answered; and the answer may be that to a second
            # request for the same collection, because the one to the first was lost.
            if not self._is_ours(read_state(self.connection, self.new)):
                raise
        if not self.connection.local:
            time.sleep(NOTICE)
        self._check_mark(sealed=False)  # another process may have begun at the same moment
        complete_like(self.connection, self.new, old)
        self._heartbeat = Heartbeat(self._beat)

    def collection(self) -> Collection:
        """Return the collection that is filled."""
        return Collection(self.connection, self.new, self.schema, token=self.claim.token)

    def seal(self) -> None:
        """End writing to the old collection: what was acknowledged before is there to be read.

        Raises:
            StoreLockedError: Another process is replacing it.
            StoreUnavailableError: A node of the cluster has not heard of it in time.
        """
        self._check_mark(sealed=False)
        mark = self._successor(sealed=True)
        write_metadata(self.connection, self.old, **{SUCCESSOR: mark})
        if not self.connection.local:
            self._await_nodes()
            time.sleep(NOTICE)
        self._check_mark(sealed=True)
        self._sealed = True

    def finish(self) -> Collection:
        """Put the collection in the place of the old one, and return it.

        Raises:
            StoreLockedError: Another process undid what was begun, as nothing was heard of it.
        """
        try:
            if not self._sealed:
                self.seal()
            self._stop()
            self._check_mark(sealed=True)
            # From here on it will take the place of the old one, by whichever process
            write_metadata(self.connection, self.new, **{COMPLETE: True})
            old = read_state(self.connection, self.old)
            new = read_state(self.connection, self.new)
            if new is None:
                raise _taken(self.connection, self.name, None)
            if old is not None:
                replace_collection(self.connection, self.name, old, new)
        finally:
            self.claim.end()
        return replace(self.collection(), token=None)

    def abandon(self) -> None:
        """Remove the new collection, unless it is complete; the old one goes on.

        What cannot be removed, because the server is away, is removed at the next opening.
        """
        self._stop()
        try:
            old = read_state(self.connection, self.old)
            new = read_state(self.connection, self.new)
            if new is None or (self._is_ours(new) and not new.complete):
                successor = old.successor if old is not None else None
                named = successor is not None and successor.collection == self.new
                abandon(self.connection, old if named else None, self.new)
        except SensoriumError as error:
            logger.warning("sensorium: the next opening removes %r, as %s", self.new, error)
        finally:
            self.claim.end()

    def leave(self) -> None:
        """Give the claim up, and leave the new collection to whoever opens the memory next."""
        self._stop()
        self.claim.end()

    def _stop(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()

    def _beat(self) -> None:
        write_metadata(self.connection, self.new, **{BUILDER: self.claim.renewed().to_dict()})

    def _successor(self, *, sealed: bool) -> dict[str, object]:
        return Successor(self.new, self.claim.renewed(), sealed).to_dict()

    def _await_nodes(self) -> None:
        """Wait until every node of a cluster that is there knows what this one was told.

        A node answers when it knows the metadata itself; that of another alias it answers when all
        nodes have heard of it, and so of everything before, or after `HEARD`.

        Raises:
            StoreUnavailableError: A node has not heard of it in time.
        """
        alias = f"{self.new}-heard"
        made = models.CreateAlias(collection_name=self.new, alias_name=alias)
        actions: list[models.AliasOperations] = [
            models.CreateAliasOperation(create_alias=made),
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias)),
        ]
        began = time.monotonic()
        change = self.connection.client.update_collection_aliases
        self.connection.call(change, actions, timeout=HEARD)
        if time.monotonic() - began >= HEARD:
            raise StoreUnavailableError(
                f"{place_of(self.connection, self.name)}, on a cluster of which a node has not "
                f"heard in {HEARD} s that the collection is replaced",
                "nodes that reach each other",
                "look after the cluster, then try again; nothing was changed",
            )

    def _is_ours(self, state: CollectionState | None) -> bool:
        return (
            state is not None
            and state.builder is not None
            and state.builder.token == self.claim.token
        )

    def _check_mark(self, *, sealed: bool) -> None:
        """Check that the old collection still names this one as its successor.

        Raises:
            StoreLockedError: It does not.
        """
        state = read_state(self.connection, self.old)
        successor = state.successor if state is not None else None
        if successor is None:
            raise _taken(self.connection, self.name, None)
        if successor.collection != self.new or successor.sealed != sealed:
            raise _taken(self.connection, self.name, successor.claim)


def _remove_remains(connection: Connection, name: str, state: CollectionState) -> None:
    """Remove collections that were begun to replace a memory's, and that nothing names any more."""
    for other in family(connection, name):
        dead = other.builder is not None and not other.builder.is_alive
        if other.collection != state.collection and dead and not other.complete:
            logger.warning("sensorium: removed %r, which was left half filled", other.collection)
            connection.call(connection.client.delete_collection, other.collection)


def _taken(connection: Connection, name: str, claim: Claim | None) -> StoreLockedError:
    return StoreLockedError(
        f"{place_of(connection, name)}, which {claim or 'another process'} is re-embedding",
        "one process that does",
        "wait until it is done, then open the memory again",
    )
