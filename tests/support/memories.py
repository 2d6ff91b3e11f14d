"""What tests look at in a memory: its points, its files, its best hit."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import Any

from sensorium.memory import Memory
from sensorium.qdrant import Filter
from tests.support.planted import PlantedEncoder

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
MANY = 2500  # windows: three points
NOISE = "|".join(f"n{i}" for i in range(MANY))
ENCODER = PlantedEncoder()


def files(memory: Memory) -> set[str]:
    """What the media store holds."""
    assert memory._shelf.media is not None
    return set(memory._shelf.media.names())


def everything(memory: Memory) -> list[dict[str, Any]]:
    """Every point of the owner, with vectors."""
    page = memory.backend.scroll(Filter(memory.owner, parts=True), limit=1000, vectors=True)
    return [
        {"id": p.id, **p.payload, **{n: rows.tolist() for n, rows in p.vectors.items()}}
        for p in sorted(page.points, key=lambda p: p.id)
    ]


def parts(memory: Memory) -> int:
    """Points beyond those of the records."""
    mine = memory.backend.count(Filter(memory.owner, parts=True))
    return mine - memory.backend.count(Filter(memory.owner))


def found(memory: Memory, question: str, **options: Any) -> str:
    """The id of the best hit."""
    return memory.recall(question, limit=1, **options)[0].record.id


def long_ago(memory: Memory) -> None:
    """Make all kept files old enough to be swept."""
    media = memory._shelf.media
    assert media is not None
    for name in media.names():
        path = media.path(name)
        assert path is not None
        os.utime(path, (1e9, 1e9))
