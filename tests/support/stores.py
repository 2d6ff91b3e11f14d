"""The stores that must all behave alike, and points with only what a test cares about."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

import numpy as np
import pytest
from _pytest.mark import ParameterSet
from numpy.typing import NDArray
from qdrant_client import QdrantClient

from sensorium.encoders import EmbeddingSpace
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.edge.backend import EdgeBackend
from sensorium.qdrant.filters import (
    Filter,
)
from sensorium.qdrant.points import Point, StoredPoint, iso
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared import SharedBackend
from tests.support.holding import HoldingProcess

D = 16  # dimensions
SPACE = EmbeddingSpace("planted", "0" * 64, "none", D)
SCHEMA = CollectionSchema.for_space(SPACE, modalities=["image", "audio", "text"])
NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
ME, YOU = Filter("rex"), Filter("fido")
SERVER = os.environ.get("SENSORIUM_QDRANT_URL")
GRPC_PORT = int(os.environ.get("SENSORIUM_QDRANT_GRPC_PORT", "6334"))
Reopen = Callable[[CollectionSchema], Backend]


def axis(*indices: int, weight: float = 1.0) -> NDArray[np.float32]:
    """Rows of unit length, each along one axis, leaning to axis 15 by what `weight` leaves."""
    rows = np.zeros((len(indices), D), np.float32)
    rows[range(len(indices)), indices] = weight
    rows[:, 15] += np.sqrt(1 - weight**2)
    return rows


def point_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def point(name: str, vectors: Mapping[str, Any] | None = None, **payload: Any) -> Point:
    """A point of Rex's with only what a test cares about."""
    planted = {"image": axis(0)} if vectors is None else vectors
    base = {"owner": "rex", "at": iso(NOON), "page_content": ""}
    return Point(point_id(name), planted, {**base, **payload})


def all_ids(backend: Backend, filter: Filter = ME) -> set[str]:
    return {found.id for found in backend.scroll(filter, limit=1000, payload=False).points}


def read_point(backend: Backend, name: str) -> StoredPoint:
    (found,) = backend.retrieve([point_id(name)], owner="rex", payload=True, vectors=True)
    return found


@contextmanager
def _one_at_a_time(open_one: Callable[[CollectionSchema], Backend]) -> Iterator[Reopen]:
    """Opens a store; the one before is closed."""
    opened: list[Backend] = []

    def close() -> None:
        for backend in opened:
            backend.close()

    def reopen(schema: CollectionSchema) -> Backend:
        close()
        opened.append(open_one(schema))
        return opened[-1]

    yield reopen
    close()


def _edge(folder: Path) -> AbstractContextManager[Reopen]:
    return _one_at_a_time(lambda schema: EdgeBackend.open(folder / "memory", schema=schema))


@contextmanager
def _peer(folder: Path) -> Iterator[Reopen]:
    """A folder that another process holds."""
    holding, place = HoldingProcess(), folder / "memory"

    def open_as_peer(schema: CollectionSchema) -> Backend:
        holding.close(place)
        holding.open(place, schema)  # what it refuses, this process tries next
        return SharedBackend.open(place, schema=schema)

    with _one_at_a_time(open_as_peer) as reopen:
        yield reopen
    holding.end()


@contextmanager
def _client(client: QdrantClient) -> Iterator[Reopen]:
    name = f"test-{uuid4()}"
    yield lambda schema: ClientBackend.open(client, schema=schema, collection=name)
    for collection in client.get_collections().collections:
        if collection.name.startswith(name):  # the name itself is an alias
            client.delete_collection(collection.name)
    client.close()


def _kinds() -> Iterator[ParameterSet]:
    for local in ("edge", "peer", "memory"):
        yield pytest.param(local)
    for reached in ("server", "server-grpc") if SERVER else ():
        hosts = pytest.mark.allow_hosts([str(urlsplit(SERVER).hostname)])
        yield pytest.param(reached, marks=hosts)


KINDS = list(_kinds())


def store_of(kind: str, folder: Path) -> AbstractContextManager[Reopen]:
    local = {"edge": _edge, "peer": _peer}
    if kind in local:
        return local[kind](folder)
    if kind == "memory":
        return _client(QdrantClient(":memory:"))
    key, grpc = os.environ.get("QDRANT_API_KEY"), kind == "server-grpc"
    options: dict[str, Any] = {
        "prefer_grpc": grpc,
        "grpc_port": GRPC_PORT,
        "check_compatibility": False,
        "timeout": 30,
    }
    return _client(QdrantClient(url=SERVER, api_key=key, **options))
