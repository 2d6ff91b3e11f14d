"""A tiny encoder of random projections, small pictures, and how a record looks from outside."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.encoders import FunctionEncoder
from sensorium.errors import RecordNotFoundError
from sensorium.memory import Memory, Record
from sensorium.memory.layout.lookup import find_record
from sensorium.memory.layout.parts import rows_of
from sensorium.percepts import Percept
from sensorium.percepts.source import Encoded

D = 8  # dimensions
SENSES = ("text", "image", "audio", "depth", "thermal", "imu", "video")
OWNER = "rex"
SIDE = 12  # pixels of a picture


def row(name: str) -> NDArray[np.float32]:
    """A vector that follows from a name."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).normal(size=D).astype(np.float32)


def rows(name: str, count: int) -> NDArray[np.float32]:
    """Several of them."""
    return np.stack([row(f"{name}/{number}") for number in range(count)])


def _project(percepts: Sequence[Percept]) -> NDArray[np.float32]:
    return np.stack([row(percept.digest) for percept in percepts])


def tiny(model: str = "tiny") -> FunctionEncoder:
    """The encoder; another model name is another space."""
    return FunctionEncoder(model, dict.fromkeys(SENSES, _project), dimension=D)


def opened(place: str | Path, *, owner: str = OWNER, model: str = "tiny", **more: Any) -> Memory:
    """Open a memory with the tiny encoder."""
    return Memory.open(place, owner=owner, encoder=tiny(model), **more)


def png(name: str) -> bytes:
    """A small picture, another one for another name."""
    content = io.BytesIO()
    noise = np.random.default_rng(crc32(name.encode()))
    pixels = noise.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def state(memory: Memory, name: str) -> dict[str, Any] | None:
    """All of a record that a user could see, its files read; `None` if there is no such record."""
    try:
        record = memory.get(name)
    except RecordNotFoundError:
        return None
    main = find_record(memory.backend, memory.owner, name, vectors=True)
    vectors = rows_of(memory.backend, memory.owner, main)
    return {
        "text": record.text,
        "tags": sorted(record.tags),
        "source": record.source,
        "metadata": dict(record.metadata),
        "files": sorted(file_states(memory, record)),
        "percepts": sorted(medium.digest[:8] for medium in record.media),
        "senses": sorted(record.modalities),
        "rows": {sense: _shape(found) for sense, found in sorted(vectors.items())},
        "flags": sorted(main.payload.get("flags", [])),
    }


def _shape(found: NDArray[np.float32]) -> list[Any]:
    """How many rows, and the signs of the first and the last, which no rounding changes."""
    return [
        len(found),
        *("".join("-" if x < 0 else "+" for x in row) for row in (found[0], found[-1])),
    ]


def file_states(memory: Memory, record: Record) -> Iterator[str]:
    """Yield the digest of each file of a record, or what is wrong with the file."""
    media = memory._shelf.media
    for name in (medium.file for medium in record.media):
        if name is None or media is None:
            continue
        if not media.exists(name):
            yield f"{name[:12]} is gone"
            continue
        digest = hashlib.sha256(media.read(name)).hexdigest()
        yield digest[:12] if name.startswith(digest) else f"{name[:12]} is not whole"


def flags_of(metadata: dict[str, Any]) -> list[str]:
    """What the flags of a record must be, given its metadata of one level."""
    truths = {key: value for key, value in metadata.items() if isinstance(value, bool)}
    return sorted(f"metadata.{key}={str(value).lower()}" for key, value in truths.items())


def signal_of(percept: Percept) -> bytes:
    """What the file of a percept holds."""
    source = percept.source
    return source.read() if isinstance(source, Encoded) else repr(source).encode()


def walk(memory: Memory) -> Iterator[Record]:
    """Yield every record."""
    cursor: str | None = None
    while True:
        page = memory.timeline(limit=500, cursor=cursor)
        yield from page
        cursor = page.cursor
        if cursor is None:
            return
