"""Sending points to a server, in the bytes that it reads.

`QdrantClient.upsert` makes an object of every point, looks through it, and writes it as text: that
takes most of the time of a large batch. Here each point becomes its JSON, or its protobuf message,
at once; the client sends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec
import numpy as np
from pydantic import BaseModel
from qdrant_client import QdrantClient, grpc, models

from sensorium.percepts.percept import is_still
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.points import DECIMALS, struct
from sensorium.qdrant.payload_form import shortened
from sensorium.qdrant.points import Point, Vectors

UPSERT = "/collections/{collection_name}/points"
JSON = {"Content-Type": "application/json"}
# A packed field of protobuf is its tag, the length of its content, and the content: of floats the
# bytes of a little-endian float32 array (protobuf.dev/programming-guides/encoding)
LENGTH_DELIMITED = 2
DATA = bytes([grpc.DenseVector.DESCRIPTOR.fields_by_name["data"].number << 3 | LENGTH_DELIMITED])

FIELDS = {
    str: "string_value",
    bool: "bool_value",
    int: "integer_value",
    float: "double_value",
}

Send = Callable[[QdrantClient], object]


class _Answer(BaseModel):
    result: models.UpdateResult


def send_points(collection: Collection, runs: Sequence[Sequence[Point]]) -> None:
    """Write runs of points, each with one request, in order.

    While one request is under way, the next is made.
    """
    prepared = (_prepared(collection, run) for run in runs)
    if len(runs) < 2:
        for send in prepared:
            collection.connection.ask(send)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="sensorium-sending") as sender:
        under_way: Future[object] | None = None
        for send in prepared:
            if under_way is not None:
                under_way.result()
            under_way = sender.submit(collection.connection.ask, send)
        if under_way is not None:
            under_way.result()


def _prepared(collection: Collection, points: Sequence[Point]) -> Send:
    """Return what sends some points."""
    connection, name = collection.connection, collection.name
    if connection.local or type(connection.client) is not QdrantClient:
        # A subclass may do something of its own when it writes
        return lambda client: client.upsert(name, [struct(point) for point in points])
    if connection.client.init_options["prefer_grpc"]:
        messages = [_message(point) for point in points]
        return partial(_send_messages, name, messages)
    body = b'{"points":[%s]}' % b",".join(_json(point) for point in points)
    return partial(_send_json, name, body)


def _send_json(name: str, body: bytes, client: QdrantClient) -> None:
    client.http.client.request(
        type_=_Answer,
        method="PUT",
        url=UPSERT,
        headers=JSON,
        path_params={"collection_name": name},
        params={"wait": "true"},
        content=body,
    )


def _send_messages(name: str, messages: Sequence[grpc.PointStruct], client: QdrantClient) -> None:
    request = grpc.UpsertPoints(collection_name=name, wait=True, points=messages)
    if client.init_options["prefer_grpc"]:
        client.grpc_points.Upsert(request, timeout=client.init_options["timeout"])
    else:  # of a forked child, which speaks REST
        client.upsert(name, list(messages))


def _json(point: Point) -> bytes:
    vectors = {name: _numbers(name, rows) for name, rows in point.vectors.items()}
    return msgspec.json.encode(
        {"id": point.id, "vector": vectors, "payload": shortened(point.payload)}
    )


def _numbers(modality: str, rows: Vectors) -> list[Any]:
    shortened = np.round(rows.astype(float), DECIMALS)
    numbers: list[Any] = (shortened[0] if is_still(modality) else shortened).tolist()
    return numbers


def _message(point: Point) -> grpc.PointStruct:
    vectors = {name: _dense(name, rows) for name, rows in point.vectors.items()}
    fields: dict[str, Any] = {
        "id": {"uuid": point.id},
        "payload": {key: _value(value) for key, value in shortened(point.payload).items()},
        "vectors": {"vectors": {"vectors": vectors}},
    }
    return grpc.PointStruct(**fields)


def _dense(modality: str, rows: Vectors) -> dict[str, Any]:
    if is_still(modality):
        return {"dense": _dense_vector(rows[0])}
    return {"multi_dense": {"vectors": [_dense_vector(row) for row in rows]}}


def _dense_vector(row: Vectors) -> grpc.DenseVector:
    content = row.astype("<f4").tobytes()
    length = bytes(_varint(len(content)))
    vector: grpc.DenseVector = grpc.DenseVector.FromString(DATA + length + content)
    return vector


def _varint(number: int) -> Iterator[int]:
    """Yield the bytes of a number: seven bits each, the lowest first, and whether more follow."""
    while number > 0x7F:
        yield number & 0x7F | 0x80
        number >>= 7
    yield number


def _value(value: Any) -> dict[str, Any]:
    """Return the arguments of a `Value`; of these its map is made faster than of messages."""
    if (field := FIELDS.get(type(value))) is not None:
        return {field: value}
    if value is None:
        return {"null_value": grpc.NullValue.NULL_VALUE}
    if isinstance(value, Mapping):
        return {"struct_value": {"fields": {key: _value(each) for key, each in value.items()}}}
    return {"list_value": {"values": [_value(each) for each in value]}}
