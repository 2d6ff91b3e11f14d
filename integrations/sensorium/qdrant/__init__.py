"""The vector store: the layout of a collection, and the backends that keep it."""

from typing import TYPE_CHECKING

from sensorium.qdrant.backend import Backend, Search
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.filters import (
    Condition,
    Either,
    Equal,
    Every,
    Filter,
    Ids,
    Not,
    OneOf,
    Present,
    Range,
    Words,
)
from sensorium.qdrant.points import Page, Point, Scored, StoredPoint
from sensorium.qdrant.schema import CollectionSchema

if TYPE_CHECKING:
    from sensorium.qdrant.client.backend import ClientBackend

__all__ = [
    "Backend",
    "ClientBackend",
    "CollectionSchema",
    "Condition",
    "EdgeBackend",
    "Either",
    "Equal",
    "Every",
    "Filter",
    "Ids",
    "Not",
    "OneOf",
    "Page",
    "Point",
    "Present",
    "Range",
    "Scored",
    "Search",
    "StoredPoint",
    "Words",
]


def __getattr__(name: str) -> object:
    """Import `ClientBackend` when it is asked for: qdrant-client takes a second to import."""
    if name == "ClientBackend":
        from sensorium.qdrant.client.backend import ClientBackend

        return ClientBackend
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
