"""What an owner's records take on disk: their points, their files, and what they share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sensorium.memory.layout.findings import own_words
from sensorium.memory.layout.parts import pages
from sensorium.memory.shelf import Setup
from sensorium.qdrant import Filter
from sensorium.qdrant.points import Payload

PAGE = 512  # points read in one request, without vectors
BLOCK = 4096  # bytes: files take whole blocks of a disk
NUMBER = 2  # bytes: stores keep vectors in 16 bits
POINT = 512  # bytes of a point beside its vectors and payload: ids, indexes, the mark of a digest
FIXED = 48 * 2**20  # bytes that Edge takes however few its points: mostly its log of writes
SALIENCE = "salience"  # key of what a digest kept: how telling it is
KINDS = {"edge": FIXED}  # of stores that lie in the folder of the memory


@dataclass
class Weighed:
    """What an owner's records take, and how often what is said of them is said.

    Attributes:
        dimension: Numbers of a vector.
        store: Bytes of the points, about.
        named: How many points name each file.
        sizes: Bytes of each file.
        words: How many records of a source have the same words, by a hash of both.
        recordings: How many records come from a recording, by a hash of its address.
    """

    dimension: int
    store: int = 0
    named: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)
    words: Counter[int] = field(default_factory=Counter)
    recordings: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, setup: Setup, owner: str) -> Weighed:
        """Look at all points of an owner, a page at a time; vectors are not read."""
        backend = setup.backend
        found = cls(backend.schema.space.dimension, KINDS.get(backend.stats()["kind"], 0))
        for page in pages(backend, Filter(owner, parts=True), limit=PAGE):
            for point in page:
                found._add(point.payload)
        return found

    @property
    def media(self) -> int:
        """Bytes of the files on a disk."""
        return sum(map(on_disk, self.sizes.values()))

    def point(self, payload: Payload) -> int:
        """Return the bytes that a point takes in the store, about."""
        windows = payload.get("windows", {})
        rows: dict[str, int] = {**dict.fromkeys(payload["modalities"], 1), **windows}
        vectors = NUMBER * self.dimension * sum(rows.values())
        # What a digest writes on what it keeps must not make the next one drop more
        said = {key: value for key, value in payload.items() if key != SALIENCE}
        return vectors + len(json.dumps(said)) + POINT

    def record(self, payload: Payload) -> int:
        """Return the bytes of a record: its point, and as much again for each that continues it."""
        return self.point(payload) * (1 + int(payload.get("parts", 0)))

    def _add(self, payload: Payload) -> None:
        self.store += self.point(payload)
        self.named.update(payload.get("hashes", ()))
        if "part_of" in payload:
            return
        for medium in payload.get("media", ()):
            if "file" in medium:
                self.sizes[medium["file"]] = int(medium.get("bytes", 0))
        if words := words_key(payload):
            self.words[words] += 1
        self.recordings.update(recording_keys(payload))


def on_disk(size: int) -> int:
    """Return the bytes that a file of a size takes on a disk."""
    return -(-size // BLOCK) * BLOCK


def words_key(payload: Mapping[str, Any]) -> int | None:
    """Return a hash of a record's own words with its source; `None` without words."""
    words = own_words(payload).strip()
    return hash((payload.get("source"), words)) if words else None


def recording_keys(payload: Mapping[str, Any]) -> set[int]:
    """Return hashes of the addresses of the recordings that a record was cut from.

    What is a part of a file has an address with a fragment: `file:///day.bag#/camera@12`.
    """
    addresses = [str(medium.get("uri") or "").partition("#") for medium in payload.get("media", ())]
    return {hash(file) for file, part, _ in addresses if part}
