"""The vector store: the layout of a collection, and the backends that keep it."""

from sensorium.qdrant.backend import Backend, Search
from sensorium.qdrant.edge import EdgeBackend
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

__all__ = [
    "Backend",
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
