"""Stores to move from and to, with planted records, and exports that a test may damage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from qdrant_client import QdrantClient

from sensorium.encoders import EmbeddingSpace
from sensorium.memory.layout.ids import content_id, part_id, point_id
from sensorium.memory.media.store import MediaStore
from sensorium.qdrant import (
    Backend,
    CollectionSchema,
    EdgeBackend,
    Filter,
    Point,
    StoredPoint,
)
from sensorium.qdrant.client.backend import ClientBackend

DIMENSION = 8
SPACE = EmbeddingSpace("tiny", "0" * 64, "plain", DIMENSION)
SCHEMA = CollectionSchema.for_space(SPACE, modalities=["image"])  # imports add the others
AT = "2026-03-01T12:00:00.000000Z"
TOLERANCE = 2e-3  # a store rounds to float16


def edge(folder: Path, space: EmbeddingSpace = SPACE) -> EdgeBackend:
    return EdgeBackend.open(folder, schema=replace(SCHEMA, space=space))


def client(kind: type[ClientBackend] = ClientBackend) -> ClientBackend:
    return kind(QdrantClient(":memory:"), schema=SCHEMA, owned=True)


def unit(rows: int, seed: int) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def payload(owner: str, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "owner": owner,
        "at": AT,
        "created_at": AT,
        "digest": [f"{number:064x}"],
        "page_content": f'words "{number}" - ü\n',
        "tags": ["sea", str(number)],
        "metadata": {"number": number, "share": number / 7, "none": None, "deep": [{"a": True}]},
        "flags": ["metadata.deep.a=true"],
        "schema_version": 1,
        **fields,
    }


def planted(owner: str, media: MediaStore | None) -> list[Point]:
    """Twelve memories: one with a given id, a file and two parts, the others plain."""
    points = []
    for number in range(11):
        vectors = {"image": unit(1, number)} if number % 2 else {"audio": unit(number + 1, number)}
        points.append(
            point(content_id(owner, [f"{number:064x}"], AT), vectors, payload(owner, number))
        )
    names = [media.put(b"the sound of the sea", extension="wav")] if media else []
    medium = {"modality": "audio", "digest": f"{99:064x}", "row": 0, "rows": 7, "units": {}}
    kept = {"hashes": names, "media": [{**medium, "file": names[0]}]} if names else {}
    long, rows = point_id(owner, "long"), {"audio": 7, "image": 1}
    whole = payload(owner, 99, id="long", parts=2, rows=rows, **kept)
    points.append(point(long, {"audio": unit(3, 99), "image": unit(1, 98)}, whole))
    for number in (1, 2):
        part = payload(owner, 99, part_of=long, part=number, rows=rows)
        points.append(point(part_id(long, number), {"audio": unit(2, 99 + number)}, part))
    return points


def point(name: str, vectors: dict[str, Any], fields: dict[str, Any]) -> Point:
    """A point whose payload says what its vectors are."""
    modalities = sorted(fields.get("rows", vectors))
    windows = {sense: len(rows) for sense, rows in vectors.items() if len(rows) > 1}
    found = {**fields, "modalities": modalities, **({"windows": windows} if windows else {})}
    return Point(name, vectors, found)


def all_points(backend: Backend, owner: str) -> dict[str, StoredPoint]:
    page = backend.scroll(Filter(owner, parts=True), limit=1000, payload=True, vectors=True)
    assert page.cursor is None
    return {point.id: point for point in page.points}


def same(one: dict[str, StoredPoint], other: dict[str, StoredPoint]) -> None:
    assert {k: p.payload for k, p in one.items()} == {k: p.payload for k, p in other.items()}
    for name, point in one.items():
        assert point.vectors.keys() == other[name].vectors.keys()
        for modality, rows in point.vectors.items():
            np.testing.assert_allclose(rows, other[name].vectors[modality], atol=TOLERANCE)


def rehash(directory: Path) -> None:
    """Make the manifest agree with files that were changed."""
    manifest = json.loads((directory / "manifest.json").read_text())
    for file in manifest["files"]:
        content = (directory / file["name"]).read_bytes()
        file["sha256"] = hashlib.sha256(content).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest))


def change_manifest(directory: Path, **fields: Any) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def change_records(directory: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Rewrite the rows of an export, as somebody with bad intentions could."""
    path = directory / "records-00000.parquet"
    table = pyarrow.parquet.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pyarrow.parquet.write_table(type(table).from_pylist(rows, schema=table.schema), path)
    rehash(directory)


def change_payload(directory: Path, **fields: Any) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["payload"] = json.dumps({**json.loads(rows[0]["payload"]), **fields})

    change_records(directory, change)


def change_audio(directory: Path, rows: list[Any]) -> None:
    change_records(directory, lambda table: table[0].update(audio=rows))


SHORT = point(point_id("rex", "long"), {"audio": unit(1, 7)}, payload("rex", 7, id="long"))
