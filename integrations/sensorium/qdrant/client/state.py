"""What a collection's metadata says: its schema, the name it stands for, and what replaces it.

The keys are separate because the metadata of a collection is merged key by key: two processes that
write different keys do not undo each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qdrant_client import models

from sensorium.errors import StoreFormatError
from sensorium.qdrant.client.claim import Claim
from sensorium.qdrant.client.connection import CollectionMissingError, Connection
from sensorium.qdrant.schema import METADATA, CollectionSchema

# {"name": of the memory, "collection": on the server, "identity": that no other has}. A snapshot
# that was restored under another name is another collection: then all keys but the schema are of no
# account.
ITSELF = "sensorium_collection"
BUILDER = "sensorium_builder"  # the claim of the process that fills it
COMPLETE = "sensorium_complete"  # true when it was filled; without a builder it always is
SUCCESSOR = "sensorium_successor"  # {"collection", "claim", "sealed"}: what is made to replace it
PREDECESSOR = "sensorium_predecessor"  # {"collection": what it replaces, until that is removed}
MARKS = (ITSELF, BUILDER, COMPLETE, SUCCESSOR, PREDECESSOR)


@dataclass(frozen=True)
class Successor:
    """The collection that is being made to replace another.

    Attributes:
        collection: Its name.
        claim: The claim under which it was begun.
        sealed: Whether the replaced collection takes no more writes.
    """

    collection: str
    claim: Claim | None
    sealed: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of the metadata."""
        claim = self.claim and self.claim.to_dict()
        return {"collection": self.collection, "claim": claim, "sealed": self.sealed}


@dataclass(frozen=True)
class CollectionState:
    """A collection as its server describes it.

    Attributes:
        collection: Its name.
        name: Name of the memory it is for; `None` if it does not say, as in earlier releases.
        schema: Its schema.
        builder: Claim of the process that fills it, or filled it.
        complete: Whether it holds all that it should.
        successor: What is being made to replace it.
        predecessor: Name of the collection that it replaces.
        info: The server's description.
    """

    collection: str
    name: str | None
    schema: CollectionSchema
    builder: Claim | None
    complete: bool
    successor: Successor | None
    predecessor: str | None
    info: models.CollectionInfo = field(repr=False, compare=False)

    @property
    def sealed(self) -> bool:
        """Whether it takes no more writes, because its successor has been filled."""
        return self.successor is not None and self.successor.sealed


def read_state(connection: Connection, collection: str) -> CollectionState | None:
    """Read the state of a collection; `None` if there is none of that name.

    Raises:
        StoreFormatError: Sensorium did not make the collection.
        SchemaVersionError: The collection was made with another version of the layout.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    try:
        info = connection.call(connection.client.get_collection, collection)
    except CollectionMissingError:
        return None
    metadata = info.config.metadata or {}
    place = place_of(connection, collection)
    if METADATA not in metadata:
        raise StoreFormatError(
            f"{place}, which Sensorium did not make",
            f"a collection with {METADATA!r} in its metadata",
            "choose another collection name; docs/langchain.md says how to move documents over",
        )
    own = _entry(metadata, ITSELF)
    # Asked for by its name where the key may not see the alias
    marks = metadata if collection in (own.get("collection"), own.get("name")) else {}
    builder = Claim.from_dict(marks.get(BUILDER))
    return CollectionState(
        collection=collection,
        name=own.get("name") if marks else None,
        schema=CollectionSchema.from_dict(metadata[METADATA], place=place),
        builder=builder,
        complete=builder is None or marks.get(COMPLETE) is True,
        successor=_successor(_entry(marks, SUCCESSOR)),
        predecessor=_entry(marks, PREDECESSOR).get("collection"),
        info=info,
    )


def itself(name: str, collection: str) -> dict[str, str]:
    """Return the entry by which a new collection says what it is."""
    return {"name": name, "collection": collection, "identity": secrets.token_hex(8)}


def write_metadata(connection: Connection, collection: str, **entries: object) -> None:
    """Write some keys of a collection's metadata; `None` removes a key."""
    connection.call(connection.client.update_collection, collection, metadata=entries)


def place_of(connection: Connection, name: str) -> str:
    """Name a collection in messages."""
    return f"the collection {name!r} of {connection.place}"


def _entry(metadata: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    entry = metadata.get(key)
    return entry if isinstance(entry, Mapping) else {}


def _successor(entry: Mapping[str, Any]) -> Successor | None:
    if not isinstance(entry.get("collection"), str):
        return None
    claim = Claim.from_dict(entry.get("claim"))
    return Successor(entry["collection"], claim, entry.get("sealed") is True)
