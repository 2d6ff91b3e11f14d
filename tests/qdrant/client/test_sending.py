"""Points are sent as the client itself would write them."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from qdrant_client.conversions.conversion import RestToGrpc
from tests.support.qdrant_stub import Stub
from tests.support.stubbed import D

from sensorium.qdrant.client import points as client_points
from sensorium.qdrant.client import sending
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.points import Point

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PAYLOADS: list[dict[str, Any]] = [
    {},
    {"owner": "rex", "text": 'ü "\\ \n', "none": None, "yes": True, "no": False},
    {"int": -(2**53), "float": 1e-9, "whole": 2.0, "list": [1, "a", [2.5, None, True], {}]},
    {"deep": {"a": {"b": [{"c": 1}]}}, "empty": [], "ключ": "значение"},
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("rows", [1, 3])
def test_both_forms_are_those_of_the_client(payload: dict[str, Any], rows: int) -> None:
    """JSON as pydantic writes it, protobuf as the client converts it."""
    draw = np.random.default_rng(rows)
    image, audio = draw.standard_normal((2, rows, D)).astype(np.float32)
    point = Point(str(uuid4()), {"image": image[:1], "audio": audio}, payload)
    struct = client_points.struct(point)
    assert json.loads(sending._json(point)) == json.loads(struct.model_dump_json())
    ours, theirs = sending._message(point), RestToGrpc.convert_point_struct(struct)
    assert ours.payload == theirs.payload
    assert ours.id == theirs.id
    written = ours.vectors.vectors.vectors
    np.testing.assert_array_equal(written["image"].dense.data, image[0])
    stacked = [vector.data for vector in written["audio"].multi_dense.vectors]
    np.testing.assert_array_equal(stacked, audio)
    assert set(written) == set(theirs.vectors.vectors.vectors)


@pytest.mark.parametrize("number", [0, 127, 128, 2_048, 300_000])
def test_a_length_is_written_as_protobuf_does(number: int) -> None:
    """Seven bits a byte, the lowest first."""
    written = bytes(sending._varint(number))
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(written)) == number
    assert [byte > 0x7F for byte in written] == [True] * (len(written) - 1) + [False]


def test_a_large_batch_is_sent_in_order(
    backend: ClientBackend, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request after another: the last of several points of one id stays."""
    monkeypatch.setattr(client_points, "TOGETHER", 3)
    points = [Point(str(uuid4()), {}, {"owner": "rex", "n": n}) for n in range(10)]
    backend.upsert(points)
    written = [asked.body["points"] for asked in stub.asked if asked.line.startswith("PUT")]
    assert [len(run) for run in written] == [3, 3, 3, 1]
    assert [each["id"] for run in written for each in run] == [point.id for point in points]
