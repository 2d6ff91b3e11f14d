"""A collection as its client reaches it: the client, the name, and the schema as it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from qdrant_client import QdrantClient

from sensorium.qdrant.client.connection import CollectionMissingError, Connection
from sensorium.qdrant.client.state import CollectionState, read_state
from sensorium.qdrant.schema import CollectionSchema

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Collection:
    """A collection, to which functions of this room send their requests.

    Attributes:
        connection: Calls the client, again where that may help.
        name: Its own name, never an alias: what replaces it has another.
        schema: Layout of the collection.
        token: Token of the claim under which this process fills it; `None` if it is in use.
    """

    connection: Connection
    name: str
    schema: CollectionSchema
    token: str | None = None

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

    def look_up(self) -> CollectionState:
        """Read the state of the collection, and check that it is still this one.

        Raises:
            CollectionMissingError: It is gone, or another has its name now.
        """
        state = read_state(self.connection, self.name)
        if state is None or not self._is_this(state):
            raise CollectionMissingError(
                f"the collection {self.name!r}, which was replaced",
                "the one that was opened",
                "open the memory again",
            )
        return state

    def _is_this(self, state: CollectionState) -> bool:
        if self.token is not None:
            return state.builder is not None and state.builder.token == self.token
        return state.schema.space.agrees(self.schema.space)
