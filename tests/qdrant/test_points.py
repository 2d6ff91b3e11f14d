"""What no store may keep, because it would not come back as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.support.stores import ME, NOON, D, axis, point, point_id, read_point

from sensorium.errors import (
    PointError,
)
from sensorium.qdrant.backend import Backend

BAD_VECTORS = {
    "nan": np.full((1, D), np.nan, np.float32),
    "wrong dimension": axis(0)[:, :8],
    "not unit length": axis(0) * 2,
    "zero": np.zeros((1, D), np.float32),
    "one axis": axis(0)[0],
    "no rows": np.zeros((0, D), np.float32),
    "float64": axis(0).astype(np.float64),
    "two rows of a still": axis(0, 1),
}


@pytest.mark.slow
def test_bad_vectors_are_refused_before_anything_is_written(backend: Backend) -> None:
    """One bad point of a batch: an error, and the store is as it was."""
    for name, bad in BAD_VECTORS.items():
        with pytest.raises(PointError):
            backend.upsert([point("good"), point("bad", {"image": bad})])
        assert backend.count(ME) == 0, name
    backend.upsert([point("good")])
    for bad in BAD_VECTORS.values():
        with pytest.raises(PointError):
            backend.put_vectors(point_id("good"), {"image": bad})
    np.testing.assert_allclose(read_point(backend, "good").vectors["image"], axis(0), atol=1e-3)


endless: list[Any] = []
for _ in range(10_000):
    endless = [endless]
BAD_PAYLOADS = {
    "tuple": (1, 2),
    "key": {1: 2},
    "surrogate": "\ud800",
    "endless": endless,
    "nan": float("nan"),
    "bytes": b"x",
    "time": NOON,
    "set": {1},
    "numpy": np.float32(1),
    "nested": {"a": [float("inf")]},
}


@pytest.mark.parametrize("bad", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_payloads_that_are_not_json_are_refused(backend: Backend, bad: Any) -> None:
    """An error of ours, and nothing is written."""
    with pytest.raises(PointError):
        backend.upsert([point("good"), point("bad", metadata={"x": bad})])
    assert backend.count(ME) == 0
    backend.upsert([point("good")])
    with pytest.raises(PointError):
        backend.set_payload(ME, {"metadata": {"x": bad}})
    assert read_point(backend, "good").payload == point("good").payload


def test_ids_other_than_uuids_are_refused(backend: Backend) -> None:
    """An engine takes numbers and UUIDs only."""
    with pytest.raises(PointError):
        backend.upsert([point("good"), replace(point("bad"), id="holiday")])
    assert backend.count(ME) == 0


def test_an_unknown_modality_is_refused(backend: Backend) -> None:
    """A vector the collection has no name for is no vector of its points."""
    with pytest.raises(PointError, match="smell"):
        backend.upsert([point("good"), point("a", {"smell": axis(0)})])
    assert backend.count(ME) == 0
