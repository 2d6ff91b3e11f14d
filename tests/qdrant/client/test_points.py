"""Points in the words of the client: checked, and cut into requests that a server takes."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from tests.support.qdrant_stub import Stub
from tests.support.stubbed import SCHEMA, D

from sensorium.errors import (
    PointError,
)
from sensorium.memory.layout.parts import spread_over_points
from sensorium.qdrant.client import points as client_points
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.points import Point

ID = "6f1ed002-ab59-4a4a-8a0f-1a2b3c4d5e6f"

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_requests_stay_under_the_limit(
    backend: ClientBackend, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points are cut into requests that are each small enough, in order, none lost."""
    monkeypatch.setattr(client_points, "REQUEST", 20_000)
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(40, 20, D)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    points = [
        Point(str(uuid4()), {"audio": each}, {"owner": "rex", "page_content": "ü" * 100})
        for each in rows
    ]
    backend.upsert(points)
    written = [asked for asked in stub.asked if "/points" in asked.line]
    assert len(written) > 5
    assert all(asked.size <= 20_000 for asked in written)
    assert [p["id"] for asked in written for p in asked.body["points"]] == [p.id for p in points]


def test_a_point_too_large_for_any_request_is_refused(
    backend: ClientBackend, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the others are written."""
    monkeypatch.setattr(client_points, "REQUEST", 20_000)
    small = Point(str(uuid4()), {}, {"owner": "rex"})
    large = Point(str(uuid4()), {}, {"owner": "rex", "page_content": "x" * 20_000})
    with pytest.raises(PointError, match="MiB"):
        backend.upsert([small, large])
    assert stub.asked == []


@pytest.mark.parametrize("long", [["audio"], ["audio", "imu", "video"], ["text", *"abcdefg"]])
def test_every_point_of_a_long_record_fits_a_request(long: list[str]) -> None:
    """However many modalities have many windows."""
    rows = {name: np.zeros((2_000, 1024), np.float32) for name in (*long, "image")}
    for name, each in rows.items():
        each[:, 0] = np.arange(2_000)
        rows[name] = each[:3] if name == "image" else each
    points = spread_over_points(str(uuid4()), {"owner": "rex"}, rows)
    requests = client_points.requests(points, number=client_points.JSON_NUMBER)
    assert [point.id for run in requests for point in run] == [point.id for point in points]


@pytest.mark.parametrize("name", ["holiday", "", ID.upper(), ID.replace("-", ""), 7])
def test_an_id_is_a_uuid_as_it_is_read_back(name: Any) -> None:
    """A server would take some of these, and return another text than was written."""
    with pytest.raises(PointError, match="lower case with hyphens"):
        client_points.check_writable([Point(name, {}, {"owner": "rex"})], SCHEMA)
