"""A collection as its client reaches it: the client, the name, and the schema as it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from qdrant_client import QdrantClient

from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.schema import CollectionSchema

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Collection:
    """A collection, to which functions of this room send their requests.

    Attributes:
        connection: Calls the client, again where that may help.
        name: Name of the collection, or of an alias.
        schema: Layout of the collection.
    """

    connection: Connection
    name: str
    schema: CollectionSchema

    @property
    def client(self) -> QdrantClient:
        """The client whose methods `call` calls."""
        return self.connection.client

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a method of the client; see `Connection.call`."""
        return self.connection.call(method, *args, **kwargs)

    def vector_names(self, vectors: bool | Sequence[str]) -> bool | list[str]:
        """Leave out named vectors the collection lacks, for which a server refuses the request."""
        if isinstance(vectors, bool):
            return vectors
        return [name for name in vectors if name in self.schema.modalities] or False
