"""Counts and offsets in Edge's files, which Edge believes even where they are damaged.

A large one keeps it busy for ever, or has it ask for more memory than there is, and abort. Edge
holds Python's lock while it opens a shard, so nothing in this process could end that. The files
have no checksums. What can be known is that no count exceeds by far what there is room for.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from sensorium.errors import StoreFormatError
from sensorium.qdrant.edge.failures import RESTORE

SEGMENTS = "segments"  # folder, in that of a shard
STATUS, TRACKER, GAPS, CONFIG = "status.dat", "tracker.dat", "gaps.dat", "config.json"
FLAGS, CHUNK = "flags_", "chunk_"  # beginnings of names
ENTRY = 16  # bytes of an entry of a tracker
IDS = "mutable_id_tracker.mappings"
# Bytes of its entries by their first byte: numbers and UUIDs that were inserted, and removed. Edge
# stops at any other. An insertion ends with an offset of four bytes
LENGTHS = {1: 13, 2: 21, 3: 9, 4: 17}
INSERTIONS = (1, 2)
FEW = 2**16  # offsets that are believed in any file
# A count may be so many times what there is room for: with that Edge still ends, and it knows
# better than these lines what a loss of power can leave
SLACK = 8


def check_headers(shard: Path) -> None:
    """Check the headers of a shard's files before Edge opens it.

    Raises:
        StoreFormatError: A file claims to hold far more than it has room for.
    """
    for place, _, names in os.walk(shard / SEGMENTS):
        folder = Path(place)
        if STATUS in names:
            _check_status(folder, names)
        if TRACKER in names:
            _check_tracker(folder / TRACKER)
        if IDS in names:
            _check_offsets(folder / IDS)
        if GAPS in names and CONFIG in names:
            _check_gaps(folder / GAPS, _config(folder).get("region_size_blocks"))


def _check_status(folder: Path, names: Sequence[str]) -> None:
    """Check how many flags or vectors a folder claims to have in its other files."""
    file = folder / STATUS
    (count,) = _numbers(file, "<Q") or (0,)
    flags = [name for name in names if name.startswith(FLAGS)]
    if flags:
        room = 8 * max((folder / name).stat().st_size for name in flags)
        _check(file, count, SLACK * room)
    elif CONFIG in names:
        chunks = sum(name.startswith(CHUNK) for name in names)
        length = _config(folder).get("chunk_size_vectors")
        if isinstance(length, int):
            _check(file, count, SLACK * chunks * length)


def _check_tracker(file: Path) -> None:
    """Check how many entries a file claims to have."""
    (count,) = _numbers(file, "<I") or (0,)
    _check(file, count, SLACK * (file.stat().st_size // ENTRY))


def _check_offsets(file: Path) -> None:
    """Check the offsets that points are said to have: each insertion takes the next one."""
    content, place, largest, known = file.read_bytes(), 0, 0, 0
    while place < len(content):
        kind = content[place]
        place += LENGTHS.get(kind, len(content))
        if kind in INSERTIONS and place <= len(content):
            largest = max(largest, int.from_bytes(content[place - 4 : place], "little"))
            known += 1
    _check(file, largest, max(FEW, SLACK * known))


def _check_gaps(file: Path, blocks: object) -> None:
    """Check how many free blocks the regions of a file claim to have."""
    size = file.stat().st_size // 2
    if isinstance(blocks, int) and size:
        _check(file, max(_numbers(file, f"<{size}H")), blocks)


def _check(file: Path, count: int, most: int) -> None:
    if count > most:
        raise StoreFormatError(
            f"{str(file)!r}, which is damaged: it counts {count:,}",
            f"a count up to {most:,}",
            RESTORE,
        )


def _numbers(file: Path, layout: str) -> tuple[int, ...]:
    """Read the numbers at the beginning of a file; none where it is shorter."""
    with file.open("rb") as stream:
        content = stream.read(struct.calcsize(layout))
    return struct.unpack(layout, content) if len(content) == struct.calcsize(layout) else ()


def _config(folder: Path) -> dict[str, object]:
    """Read Edge's own description of a folder; an empty one where it is damaged: Edge says that."""
    try:
        fields = json.loads((folder / CONFIG).read_bytes())
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
