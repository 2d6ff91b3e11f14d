"""A shard is copied without its dead points: nothing is lost, and little room is taken."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point, row

from sensorium.errors import StoreFullError
from sensorium.qdrant import EdgeBackend, Point
from sensorium.qdrant.edge import purging, vacuuming
from sensorium.qdrant.edge.folder import bytes_on_disk, read_description, shards_in
from sensorium.qdrant.edge.vacuuming import FEWEST, LARGEST, DeadPoints

PATIENCE = 20.0  # seconds that a busy machine may take
LIVING = 10
ROUNDS = FEWEST // LIVING + 2  # so many replacements of all, and a copy is due

KILLED = """
import os, signal, sys
from tests.support.edge_points import SCHEMA, row
from sensorium.qdrant import EdgeBackend, Point
from sensorium.qdrant.edge import backend as module

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

folder, moment = sys.argv[1:]
if moment == "copied":
    EdgeBackend._exchange = die
elif moment == "exchanged":
    module.shutil.rmtree = die
else:
    module.purging.copy_points = lambda using, target, *_, **__: (
        module.writing.upsert(target, [Point(NAMES[0], {"image": row(0)}, {"owner": "rex"})]), die()
    )
NAMES = [f"00000000-0000-4000-8000-{number:012}" for number in range(10)]
backend = EdgeBackend.open(folder, schema=SCHEMA)
for turn in range(1000):
    payload = {"owner": "rex", "at": "2026-07-01T12:00:00.000000Z", "page_content": str(turn)}
    for name in NAMES:
        print(turn, flush=True)
        backend.upsert([Point(name, {"image": row(turn)}, payload)])
"""


def replace_often(backend: EdgeBackend, points: list[Point], rounds: int = ROUNDS) -> None:
    """Write points again and again; the last time says so."""
    for turn in range(rounds):
        text = "last" if turn == rounds - 1 else f"state {turn}"
        backend.upsert(
            [Point(p.id, p.vectors, {**p.payload, "page_content": text}) for p in points]
        )


def test_a_shard_of_dead_points_is_copied(tmp_path: Path) -> None:
    """Records that are replaced over and over take the room of the living, with all they say."""
    points = [point(seed) for seed in range(LIVING)]
    with_all = {p.id: row(seed)[0].tolist() for seed, p in enumerate(points)}
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert(points)
    backend.flush()
    first, began = backend.name, bytes_on_disk(tmp_path)
    replace_often(backend, points)
    assert backend.name != first
    assert [path.name for path in shards_in(tmp_path)] == [backend.name]
    assert bytes_on_disk(tmp_path) < 1.5 * began
    backend.close()
    again = EdgeBackend.open(tmp_path, schema=SCHEMA)
    found = again.scroll(MINE, limit=100, vectors=True).points
    again.close()
    assert {p.payload["page_content"] for p in found} == {"last"}
    assert {p.id for p in found} == with_all.keys()
    for p in found:
        assert p.vectors["image"][0].tolist() == pytest.approx(with_all[p.id], abs=1e-3)


def test_new_points_cause_no_copy(tmp_path: Path) -> None:
    """What only grows has nothing dead, however much is written."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    first = backend.name
    for start in range(0, 3 * FEWEST, 50):
        backend.upsert([point(seed) for seed in range(start, start + 50)])
    assert backend.name == first
    backend.close()


def test_when_a_copy_is_due() -> None:
    """Dead points are what was there and written, less what lives: enough, and of few living."""
    dead = DeadPoints(100)
    assert not dead.due(100)
    assert dead.due(100 - FEWEST)  # they were removed
    dead.wrote(FEWEST - 1)
    assert not dead.due(100)
    assert dead.wrote(1)
    assert dead.due(100)
    many = DeadPoints(2 * FEWEST + 2)
    many.wrote(FEWEST)
    assert not many.due(2 * FEWEST + 2)  # less than half of the living
    many.wrote(1)
    assert many.due(2 * FEWEST + 2)
    large = DeadPoints(LARGEST)
    large.wrote(LARGEST + 1)
    assert large.due(LARGEST)
    assert not large.due(LARGEST + 1)


def test_copies_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a copy, and longer after one that failed, there is none for a while."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    dead = DeadPoints(0)
    began, now[0] = now[0], 1002.0
    dead.copied(0, began=began)
    assert not dead.wrote(FEWEST)
    assert not dead.due(0)
    now[0] += 2 * vacuuming.REST
    assert dead.wrote(1)
    assert dead.due(0)
    dead.failed()
    now[0] += vacuuming.AFTER_FAILURE - 1
    assert not dead.due(0)
    now[0] += 1
    assert dead.due(0)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["copying", "copied", "exchanged"])
def test_a_death_in_a_copy_loses_nothing(tmp_path: Path, moment: str) -> None:
    """A process that is killed while it copies leaves every acknowledged point, and one shard."""
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), moment],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert died.returncode == -9, died.stderr
    said = died.stdout.split()
    assert len(said) >= FEWEST
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    found = {
        p.id[-1]: int(p.payload["page_content"]) for p in backend.scroll(MINE, limit=100).points
    }
    expected: dict[str, int] = {}
    for number, turn in enumerate(said):
        expected[str(number % LIVING)] = int(turn)
    assert found == expected  # the last write was done, too, before the copy was begun
    assert len(shards_in(tmp_path)) == 1
    backend.close()


def test_a_copy_that_fails_fails_no_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a copy all goes on as before."""

    def full(*arguments: object) -> None:
        raise StoreFullError("a full disk", "room", "make some")

    monkeypatch.setattr(purging, "check_room", full)
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    first, points = backend.name, [point(seed) for seed in range(LIVING)]
    replace_often(backend, points)
    assert backend.name == first
    assert backend.count(MINE) == LIVING
    backend.close()


def test_a_sibling_is_not_copied(tmp_path: Path) -> None:
    """A shard that is being filled beside the memory's own does not become the memory."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    sibling = backend.sibling(SCHEMA)
    replace_often(sibling, [point(seed) for seed in range(LIVING)])
    described = read_description(tmp_path)
    assert described is not None
    assert described[1] == backend.name
    sibling.discard()
    backend.close()


def test_closing_does_not_wait_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy gives up when another thread closes; the write that began it is there."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    first, copy = backend.name, purging.copy_points
    closing = threading.Thread(target=backend.close)

    def copy_slowly(*arguments: object, **named: object) -> int:
        closing.start()
        began = time.monotonic()
        while not backend._copying.is_given_up and time.monotonic() - began < PATIENCE:
            time.sleep(0.01)
        return copy(*arguments, **named)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(purging, "copy_points", copy_slowly)
    points = [point(seed) for seed in range(LIVING)]
    replace_often(backend, points, FEWEST // LIVING + 1)
    closing.join(PATIENCE)
    assert not closing.is_alive()
    monkeypatch.undo()
    again = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert again.name == first
    assert {p.payload["page_content"] for p in again.scroll(MINE, limit=100).points} == {"last"}
    again.close()
