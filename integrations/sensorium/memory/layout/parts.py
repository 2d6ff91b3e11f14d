"""A record spread over several points, because one point holds only so many rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from sensorium.errors import RecordError
from sensorium.memory.layout.ids import part_id
from sensorium.percepts.percept import is_still
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import Equal, Filter, OneOf, Present, Range, Shared
from sensorium.qdrant.points import Payload, Point, StoredPoint, Vectors
from sensorium.qdrant.schema import ROWS, ROWS_IN_ALL, TEXT

AnyPoint = TypeVar("AnyPoint", Point, StoredPoint)

CONTINUING = Present("part_of")  # fulfilled by the points that continue a record
PAGE = 64  # points with vectors held at a time: 256 MiB if each has as many rows as it can
# A point that continues a record is found by the same filters, so it has copies of these keys, and
# each word of the text once: a long text would be kept as often as its record has points.
COPIED = (
    *("owner", "at", "until", "created_at", "expires_at", "tags", "source", "metadata", "flags"),
    *("place", "pose", "modalities", "rows", "superseded_by", "superseded_until", "provenance"),
)
FOLLOWS_ROWS = ("modalities", "windows", "parts", "rows")  # keys that describe the vectors


def spread_over_points(record: str, payload: Payload, rows: Mapping[str, Vectors]) -> list[Point]:
    """Spread a record over its point and, where its rows are too many, points that continue it.

    Args:
        record: The UUID of its point.
        payload: The payload of its point; the keys that describe the vectors are made anew.
        rows: All of its rows of each modality, shape `(W, D)`.
    """
    chunks = [rows] if all(len(each) <= 1 for each in rows.values()) else list(_chunks(rows))
    whole = {key: value for key, value in payload.items() if key not in FOLLOWS_ROWS}
    whole["modalities"] = sorted(rows)
    if len(chunks) > 1:
        whole |= {"parts": len(chunks) - 1, "rows": {name: len(rows[name]) for name in rows}}
        continuing = _part_payload(whole, record)
    points = []
    for number, vectors in enumerate(chunks):
        own = {**continuing, "part": number} if number else {**whole}
        windows = {name: len(block) for name, block in vectors.items() if len(block) > 1}
        if windows:
            own["windows"] = windows
        points.append(Point(part_id(record, number) if number else record, vectors, own))
    return points


def _part_payload(payload: Payload, record: str) -> Payload:
    copied = {key: payload[key] for key in COPIED if key in payload}
    if words := payload.get(TEXT):
        copied[TEXT] = " ".join(dict.fromkeys(words.split()))
    return {**copied, "part_of": record}


def stacked(blocks: Sequence[Vectors]) -> Vectors:
    """Concatenate blocks of rows; a single one is not copied."""
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _chunks(rows: Mapping[str, Vectors]) -> Iterator[Mapping[str, Vectors]]:
    """Cut every modality into what one point holds; yield what each point gets."""
    sizes = {name: row_offset(name, 1, rows) for name in rows}
    if all(len(found) <= sizes[name] for name, found in rows.items()):
        yield rows
        return
    blocks = {name: _blocks(found, sizes[name]) for name, found in rows.items()}
    for number in range(max(map(len, blocks.values()))):
        yield {name: parts[number] for name, parts in blocks.items() if number < len(parts)}


def _blocks(rows: Vectors, size: int) -> list[Vectors]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def row_offset(modality: str, part: int, modalities: Iterable[str]) -> int:
    """Return how many of a record's rows come before those of its point number `part`.

    Args:
        modality: Modality of the rows.
        part: Number of the point; 0 is the record's own.
        modalities: All modalities of the record.
    """
    if is_still(modality):
        return part
    # More than two modalities with windows share the rows that one point may hold in all.
    with_windows = sum(not is_still(name) for name in modalities)
    return part * min(ROWS, ROWS_IN_ALL // with_windows)


def rows_of(
    backend: Backend, owner: str, main: StoredPoint, *, shared: tuple[Shared, ...] = ()
) -> dict[str, Vectors]:
    """Gather a record's rows from its point and the points that continue it, in order.

    Args:
        backend: The collection.
        owner: Owner of the record.
        main: The record's own point, with its vectors.
        shared: What others let the owner read.
    """
    parts_of_it = Filter(owner, Equal("part_of", main.id), parts=True, shared=shared)
    # A point beyond the last part was left behind when the record became shorter.
    last = main.payload.get("parts", 0)
    parts = sorted(
        (
            point
            for page in pages(backend, parts_of_it, limit=PAGE, payload=["part"], vectors=True)
            for point in page
            if point.payload["part"] <= last
        ),
        key=lambda point: int(point.payload["part"]),
    )
    blocks: dict[str, list[Vectors]] = {}
    for point in [main, *parts]:
        for modality, rows in point.vectors.items():
            blocks.setdefault(modality, []).append(rows)
    return {modality: np.concatenate(found) for modality, found in blocks.items()}


def pages(
    backend: Backend,
    *filters: Filter,
    limit: int,
    payload: bool | Sequence[str] = True,
    vectors: bool | Sequence[str] = False,
) -> Iterator[Sequence[StoredPoint]]:
    """Yield the points of each filter in turn, by id, a page at a time."""
    for filter_ in filters:
        cursor: str | None = None
        while True:
            page = backend.scroll(
                filter_, limit=limit, cursor=cursor, payload=payload, vectors=vectors
            )
            if page.points:
                yield page.points
            cursor = page.cursor
            if cursor is None:
                break


def records_first(owner: str) -> tuple[Filter, Filter]:
    """Return the filter of an owner's records, then that of the points that continue them."""
    return Filter(owner), Filter(owner, CONTINUING, parts=True)


def part_counts(points: Sequence[Point | StoredPoint]) -> dict[str, int]:
    """Return how many points continue each record among some points."""
    records = (point for point in points if "part_of" not in point.payload)
    return {record.id: record.payload.get("parts", 0) for record in records}


def without_orphans(backend: Backend, points: Sequence[AnyPoint], *, owner: str) -> list[AnyPoint]:
    """Leave out points that continue a record which is gone, or is shorter now."""
    names = {point.payload["part_of"] for point in points if "part_of" in point.payload}
    if not names:
        return list(points)
    keys = ("part_of", "parts")
    records = backend.retrieve(list(names), owner=owner, payload=keys, vectors=False)
    last = part_counts(records)
    return [
        point
        for point in points
        if "part_of" not in point.payload
        or point.payload["part"] <= last.get(point.payload["part_of"], 0)
    ]


def drop_parts(backend: Backend, last: Mapping[str, int], *, owner: str) -> None:
    """Remove points that continued an earlier, longer state of some records.

    Args:
        backend: The collection, where the records are written already.
        last: How many points continue each record now, by its UUID.
        owner: Owner of the records.
    """
    # One request for all records with the same number of parts: mostly none at all.
    for count in set(last.values()):
        records = tuple(name for name, parts in last.items() if parts == count)
        beyond = OneOf("part_of", records) & Range("part", gt=count)
        backend.delete(Filter(owner, beyond, parts=True))


def rewrite_record(
    backend: Backend, record: str, payload: Payload, rows: Mapping[str, Vectors], *, owner: str
) -> StoredPoint:
    """Write a record that is there anew, in as many points as it needs now; return its own point.

    Args:
        backend: The collection.
        record: The UUID of its point.
        payload: The payload of its point, as `spread_over_points` takes it.
        rows: All of its rows of each modality, shape `(W, D)`.
        owner: Owner of the record.
    """
    points = spread_over_points(record, payload, rows)
    backend.upsert(points)
    drop_parts(backend, {record: len(points) - 1}, owner=owner)
    return StoredPoint(record, points[0].payload)


def stored_points(backend: Backend, ids: Sequence[str], owner: str) -> dict[str, StoredPoint]:
    """Return the owner's points under some ids, by id.

    Raises:
        RecordError: One of the ids is another owner's, whose point must not be overwritten.
    """
    points, taken = backend.occupied(ids, owner=owner, payload=True)
    for name in sorted(taken):
        raise RecordError(
            f"a record of the id {name}, which another owner has",
            "ids that are free, or this owner's",
            "import it under another owner's name: its records get ids of their own then",
        )
    return {point.id: point for point in points}
