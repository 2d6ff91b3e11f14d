"""Purging a shard: nothing of a removed point is left, and nothing of another is lost."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.support.edge_points import MINE, SCHEMA, SPACE, point, row
from tests.support.traces import find_traces, id_traces, text_traces, vector_traces

from sensorium.errors import StoreError, StoreFullError
from sensorium.qdrant import CollectionSchema, EdgeBackend, Filter, Ids, Point
from sensorium.qdrant.edge import purging
from sensorium.qdrant.edge.folder import read_description, write_description
from sensorium.qdrant.edge.room import RESERVE

SECRET = "Xq7vR2kLw9ZtB4nMh6Yc"


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[EdgeBackend]:
    opened = EdgeBackend.open(tmp_path, schema=SCHEMA)
    yield opened
    opened.close()


def secret_point(seed: int = 99) -> Point:
    plain = point(seed)
    payload = {**plain.payload, "page_content": SECRET, "metadata": {SECRET[::-1]: 1}}
    return Point(plain.id, plain.vectors, payload)


def secrets(hidden: Point) -> dict[str, list[bytes]]:
    return {
        "text": text_traces(SECRET),
        "key": text_traces(SECRET[::-1]),
        "id": id_traces(hidden.id),
        "vector": vector_traces(hidden.vectors["image"][0]),
    }


def only(hidden: Point) -> Filter:
    return Filter("rex", Ids((hidden.id,)))


def vectors(backend: EdgeBackend) -> dict[str, list[float]]:
    page = backend.scroll(MINE, limit=1000, vectors=True)
    return {p.id: p.vectors["image"][0].tolist() for p in page.points}


@pytest.mark.slow
@pytest.mark.parametrize("quantization", [None, "int8", "binary"])
def test_no_byte_of_a_removed_point_is_left(tmp_path: Path, quantization: str | None) -> None:
    """Deleting leaves words, ids and vectors in the files; purging leaves none of them."""
    schema = CollectionSchema.for_space(SPACE, quantization=quantization)  # type: ignore[arg-type]
    backend = EdgeBackend.open(tmp_path, schema=schema)
    hidden = secret_point()
    backend.upsert([*(point(seed) for seed in range(50)), hidden])
    backend.delete(only(hidden))
    backend.flush()
    before = vectors(backend)
    assert find_traces(tmp_path, secrets(hidden)).keys() == secrets(hidden).keys()
    old = backend.name
    erased = backend.purge().erased
    assert erased.files > 0
    assert not find_traces(tmp_path, secrets(hidden))
    assert not (tmp_path / old).exists()
    assert vectors(backend) == before
    backend.close()
    assert not find_traces(tmp_path, secrets(hidden))
    described = read_description(tmp_path)
    assert described is not None
    assert described == (schema, backend.name)


@pytest.mark.slow
def test_vectors_do_not_wander(backend: EdgeBackend) -> None:
    """Edge makes each vector of unit length again when it is copied: the numbers stay the same."""
    backend.upsert([point(seed) for seed in range(300)])
    before = vectors(backend)
    for _ in range(20):
        backend.purge()
    assert vectors(backend) == before


def test_what_was_replaced_is_gone_too(tmp_path: Path, backend: EdgeBackend) -> None:
    """An earlier state of a point that lives on is erased with the rest."""
    hidden = secret_point()
    backend.upsert([hidden])
    backend.upsert([Point(hidden.id, {"image": row(1)}, {"owner": "rex"})])
    backend.purge()
    found = find_traces(tmp_path, {k: v for k, v in secrets(hidden).items() if k != "id"})
    assert not found


def test_a_modality_without_points_can_be_written_again(backend: EdgeBackend) -> None:
    """The new shard has no named vector for it until it is needed; the schema keeps it."""
    sound = point(1, "thermal")
    backend.upsert([sound, point(2)])
    backend.delete(only(sound))
    backend.purge()
    assert backend.schema == SCHEMA
    assert backend.stats()["modalities"] == ["image"]
    backend.upsert([point(3, "thermal")])
    backend.purge()
    assert backend.stats()["modalities"] == ["image", "thermal"]


def test_an_index_is_built_again(backend: EdgeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard that was indexed is indexed after the purge, even if no index could be built."""
    backend.upsert([point(seed) for seed in range(10)])
    asked: list[bool] = []

    def index(was: bool, target: object, lock: int | None) -> bool:
        asked.append(was)
        return False

    monkeypatch.setattr(purging, "index_again", index)
    assert "compact()" in " ".join(backend.purge().done)
    assert asked == [False]
    assert purging.index_again is index
    monkeypatch.undo()

    def fails(lock: int | None) -> bool:
        raise StoreError("an index", "room", "make some")

    target = SimpleNamespace(index=fails)
    assert not purging.index_again(True, target, None)
    assert purging.index_again(False, target, None)


def test_few_vectors_are_held_at_a_time(
    backend: EdgeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points with many rows are copied in small groups, and progress counts all of them once."""
    rows = np.tile(row(1), (50, 1))
    for seed in range(6):
        plain = point(seed, "audio")
        backend.upsert(
            [Point(plain.id, {"audio": rows}, {**plain.payload, "windows": {"audio": 50}})]
        )
    backend.upsert([point(seed) for seed in range(7)])
    monkeypatch.setattr(purging, "ROWS", 110)
    monkeypatch.setattr(purging, "IDS", 10)
    monkeypatch.setattr(purging, "FLUSH", 2)
    steps: list[tuple[int, int | None]] = []
    backend.purge(progress=lambda done, of: steps.append((done, of)))
    assert steps[-1] == (13, 13)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    assert len(steps) >= 3  # 307 rows, at most 110 at a time
    assert backend.count(MINE) == 13


def test_room_is_asked_for_before_anything_is_done(
    tmp_path: Path, backend: EdgeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is an error that says how much is needed; the fewer stay, the less it is."""
    points = [point(seed) for seed in range(2000)]
    backend.upsert(points)
    usage = namedtuple("usage", "total used free")
    least = purging.LOGS + RESERVE + 10_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, least))
    with pytest.raises(StoreFullError, match=r"MB free .* about \d+ MB.* nothing was purged"):
        backend.check_purge(removed=0)
    with pytest.raises(StoreFullError):
        backend.purge()
    backend.check_purge(removed=2000)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.glob("shard*")] == [backend.name]
    assert backend.count(MINE) == 2000


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RuntimeError("No space left on device")])
def test_cut_short_it_leaves_the_old_shard(
    tmp_path: Path, backend: EdgeBackend, stop: BaseException
) -> None:
    """The memory is as it was, what was copied is erased, and the next purge is whole."""
    hidden = secret_point()
    backend.upsert([*(point(seed) for seed in range(20)), hidden])
    backend.delete(only(hidden))
    old = backend.name

    def interrupt(done: int, of: int | None) -> None:
        raise stop

    with pytest.raises((KeyboardInterrupt, StoreFullError)):
        backend.purge(progress=interrupt)
    assert [path.name for path in tmp_path.glob("shard*")] == [old] == [backend.name]
    assert backend.count(MINE) == 20
    backend.upsert([point(21)])
    backend.purge()
    assert not find_traces(tmp_path, secrets(hidden))
    assert backend.count(MINE) == 21


def test_an_interruption_after_the_switch_keeps_the_new_shard(
    tmp_path: Path, backend: EdgeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the folder's description names is what is used, whenever the interruption came."""
    backend.upsert([point(1)])

    def interrupted(folder: Path, schema: CollectionSchema, shard: str) -> None:
        write_description(folder, schema, shard)
        raise KeyboardInterrupt

    monkeypatch.setattr("sensorium.qdrant.edge.backend.write_description", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backend.purge()
    monkeypatch.undo()
    backend.upsert([point(2)])
    backend.close()
    again = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert again.count(MINE) == 2
    again.close()


def test_reads_go_on_and_writes_wait(backend: EdgeBackend) -> None:
    """A thread reads in the middle of a purge; one that writes comes after it, and is not lost."""
    backend.upsert([point(seed) for seed in range(20)])
    order: list[str] = []

    def write() -> None:
        backend.upsert([point(50)])
        order.append("written")

    writer = threading.Thread(target=write)

    def midway(done: int, of: int | None) -> None:
        reader = threading.Thread(target=lambda: order.append(f"read {backend.count(MINE)}"))
        reader.start()
        reader.join(10)
        writer.start()
        writer.join(0.2)

    backend.purge(progress=midway)
    order.append("purged")
    writer.join(10)
    assert sorted(order) == ["purged", "read 20", "written"]
    assert order[0] == "read 20"
    assert backend.count(MINE) == 21


def test_what_a_death_left_is_erased_at_the_next_opening(tmp_path: Path) -> None:
    """A shard that the description does not name is dropped, whatever was in it."""
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    stray = tmp_path / "shard-0badcafe"
    stray.mkdir()
    (stray / "wal").write_bytes(SECRET.encode())
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    assert not stray.exists()
