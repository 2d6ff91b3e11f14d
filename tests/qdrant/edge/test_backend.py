"""What Qdrant Edge leaves to its users: each trap, and that we do not step into it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from sensorium.encoders import EmbeddingSpace, normalise
from sensorium.errors import SpaceMismatchError, StoreClosedError, StoreFullError, StoreLockedError
from sensorium.qdrant import CollectionSchema, EdgeBackend, Filter, Point, Search
from sensorium.qdrant.durability import FLUSH_AFTER, FlushTimer
from sensorium.qdrant.edge import writing as edge_module

D = 32
SPACE = EmbeddingSpace("planted", "0" * 64, "r1", D)
SCHEMA = CollectionSchema.for_space(SPACE)
MINE = Filter("rex")
PATIENCE = 20.0  # seconds that a busy machine may take


def row(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return normalise(np.random.default_rng(seed).normal(size=(1, D)))


def point(seed: int, modality: str = "image") -> Point:
    payload = {"owner": "rex", "at": "2026-07-01T12:00:00.000000Z", "modalities": [modality]}
    return Point(str(uuid4()), {modality: row(seed)}, payload)


def test_a_write_is_flushed_soon_and_only_once(tmp_path: Path) -> None:
    """Within moments of a burst of writes one flush comes, in another thread."""

    class Shard:
        def __init__(self) -> None:
            self.flushed: list[str] = []
            self.timer = FlushTimer(self.flush)

        def flush(self) -> None:
            self.flushed.append(threading.current_thread().name)

    shard, began = Shard(), time.monotonic()
    for _ in range(100):
        shard.timer.wrote()
    assert shard.flushed == []
    while not shard.flushed and time.monotonic() - began < PATIENCE:
        time.sleep(0.02)
    assert time.monotonic() - began >= FLUSH_AFTER
    time.sleep(0.2)
    assert len(shard.flushed) == 1
    assert shard.flushed[0] != threading.current_thread().name


def test_the_write_ahead_log_is_on(tmp_path: Path) -> None:
    """What was written is in the log before any flush: its bytes are there."""
    with_text = point(1)
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    marker = uuid4().hex
    backend.upsert(
        [Point(with_text.id, with_text.vectors, {**with_text.payload, "source": marker})]
    )
    log = b"".join(path.read_bytes() for path in (tmp_path / "shard" / "wal").glob("open-*"))
    assert marker.encode() in log
    backend.close()


def test_indexing_does_not_stop_other_threads(tmp_path: Path) -> None:
    """compact() works in another process: Python goes on here; afterwards all is found."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(seed) for seed in range(200)])
    longest, last, stop = 0.0, time.monotonic(), threading.Event()

    def beat() -> None:
        nonlocal longest, last
        while not stop.is_set():
            time.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now

    beating = threading.Thread(target=beat)
    beating.start()
    began = time.monotonic()
    backend.compact()
    spent = time.monotonic() - began
    stop.set()
    beating.join()
    assert longest < max(spent / 2, 0.2)
    assert backend.count(MINE) == 200
    assert backend.search([Search("image", row(7)[0], 1)], MINE)[0][0].score > 0.99
    backend.close()


def test_named_vectors_are_made_when_first_written(tmp_path: Path) -> None:
    """A collection of seven senses holds room for those that were met, and finds none in others."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.stats()["modalities"] == []
    assert backend.search([Search("audio", row(1)[0], 3)], MINE) == [[]]
    backend.upsert([point(1, "image")])
    backend.upsert([point(2, "audio")])
    backend.close()
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.stats()["modalities"] == ["audio", "image"]
    assert backend.schema == SCHEMA
    backend.close()


@pytest.mark.parametrize("quantization", ["int8", "binary"])
def test_quantized_vectors_are_found(tmp_path: Path, quantization: str) -> None:
    """The nearest of planted vectors is still the nearest, after indexing and reopening."""
    schema = CollectionSchema.for_space(SPACE, quantization=quantization)  # type: ignore[arg-type]  # parametrised
    backend = EdgeBackend.open(tmp_path, schema=schema)
    points = [point(seed) for seed in range(300)]
    backend.upsert(points)
    backend.compact()
    backend.close()
    backend = EdgeBackend.open(tmp_path, schema=schema)
    assert backend.schema.quantization == quantization
    for seed in (3, 77, 250):
        [hits] = backend.search([Search("image", row(seed)[0], 5)], MINE)
        assert hits[0].id == points[seed].id
    backend.close()


def test_a_disk_without_room_refuses_before_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there stays, and can be read; with room again, writing goes on."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(1)])
    monkeypatch.setattr(edge_module, "RESERVE", 2**62)
    with pytest.raises(StoreFullError, match="full"):
        backend.upsert([point(2)])
    assert backend.count(MINE) == 1
    monkeypatch.undo()
    backend.upsert([point(2)])
    assert backend.count(MINE) == 2
    backend.close()


def test_another_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    """One owner at a time: the error names the process; after its end the folder is free."""
    code = (
        "import sys, time\n"
        "from sensorium.qdrant import CollectionSchema, EdgeBackend\n"
        "from sensorium.encoders import EmbeddingSpace\n"
        f"schema = CollectionSchema.for_space(EmbeddingSpace('planted', '0' * 64, 'r1', {D}))\n"
        "backend = EdgeBackend.open(sys.argv[1], schema=schema)\n"
        "print('open', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreLockedError, match=f"process {other.pid}"):
            EdgeBackend.open(tmp_path, schema=SCHEMA)
        other.kill()
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()


def test_a_sibling_takes_the_place_at_once(tmp_path: Path) -> None:
    """A switch is one rename: the old shard opens before it, the new one after; no other stays."""
    later = CollectionSchema.for_space(EmbeddingSpace("later", "1" * 64, "r1", D))
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(1), point(2)])
    sibling = backend.sibling(later)
    sibling.upsert([point(3)])
    with pytest.raises(StoreLockedError, match="this process"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    moved = backend.switch(sibling)
    with pytest.raises(StoreClosedError):
        backend.count(MINE)
    assert moved.count(MINE) == 1
    moved.close()
    assert len(list(tmp_path.glob("shard*"))) == 1
    with pytest.raises(SpaceMismatchError, match="later"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    reopened = EdgeBackend.open(tmp_path, schema=later)
    reopened.sibling(later).discard()
    assert reopened.count(MINE) == 1
    reopened.close()
