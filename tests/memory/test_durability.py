"""What was acknowledged survives the death of the process, whole; and eight threads at once."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.support.planted import MAKERS, PlantedEncoder, motion, picture, sound, thermal

from sensorium.errors import RecordNotFoundError, StoreLockedError
from sensorium.memory import Memory, Moment
from sensorium.memory.layout.payload import record_of
from sensorium.qdrant import Filter

LONG = "|".join(f"n{i}" for i in range(1100))  # windows: two points
ENCODER = PlantedEncoder()
PATIENCE = 20.0  # seconds until a child must have said something
THREADS = 8

Ack = tuple[str, str, int]  # what is certain from now on, of which record, with how many percepts


def opened(folder: Path) -> Memory:
    return Memory.open(folder, owner="rex", encoder=ENCODER)


def write(folder: Path, seed: int, acks: Connection) -> None:
    """Remember, change and forget without an end, and say what is certain."""
    memory = opened(folder)
    for i in count():
        name = f"{seed}-{i}"
        memory.remember(picture(name), sound("bark|" + name), text=name, id=name)
        acks.send(("kept", name, 3))
        if i % 4 == 0:
            many = [Moment((motion(f"{name}~{j}"),), id=f"{name}~{j}") for j in range(5)]
            memory.remember_many(many, batch_size=5)
            for moment in many:
                acks.send(("kept", str(moment.id), 1))
        if i % 4 == 1:
            memory.update(name, thermal(name), tags=["more"])
            acks.send(("kept", name, 4))
        if i % 4 == 2:
            memory.remember(sound(f"{LONG}|{name}"), picture(name), id=f"long {name}")
            acks.send(("kept", f"long {name}", 2))
        if i % 4 == 3:
            acks.send(("unsure", f"{seed}-{i - 2}", 0))
            memory.forget(f"{seed}-{i - 2}")
            acks.send(("gone", f"{seed}-{i - 2}", 0))


def compact(folder: Path, seed: int, acks: Connection) -> None:
    """Index, and say when it begins."""
    memory = opened(folder)
    acks.send(("unsure", "nothing", 0))
    memory.compact()
    memory.remember(picture(f"compacted {seed}"), id=f"compacted {seed}")
    acks.send(("kept", f"compacted {seed}", 1))
    memory.close()


def killed(
    work: Callable[[Path, int, Connection], None], folder: Path, seed: int, after: float
) -> Iterator[Ack]:
    """Let a process work, kill it some seconds after its first word, and yield what it said."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["test_durability"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(folder, seed, theirs))
    process.start()
    theirs.close()
    assert process.pid is not None
    assert ours.poll(PATIENCE)
    time.sleep(after)
    with suppress(ProcessLookupError):  # it may have ended by itself
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    try:
        while True:
            yield ours.recv()
    except EOFError:
        return


def reopened(folder: Path) -> Memory:
    """Open a memory whose process died; one that indexed it for that process may still be at it."""
    for _ in range(200):
        try:
            return opened(folder)
        except StoreLockedError:
            time.sleep(0.05)
    raise AssertionError("the lock of a dead process is not released")


def check_all(folder: Path, acks: list[Ack]) -> int:
    """Find every acknowledged memory whole, and nothing by halves; return how many there are."""
    certain = {name: (what, percepts) for what, name, percepts in acks}
    with reopened(folder) as memory:
        for name, (what, percepts) in certain.items():
            if what == "gone":
                with pytest.raises(RecordNotFoundError):
                    memory.get(name)
            elif what == "kept":
                assert len(memory.get(name).media) >= percepts
        page = memory.backend.scroll(Filter("rex", parts=True), limit=100_000, vectors=True)
        rows: dict[tuple[str, str], int] = {}
        for point in page.points:
            record = point.payload.get("part_of", point.id)
            for name, found in point.vectors.items():
                rows[record, name] = rows.get((record, name), 0) + len(found)
        listed: dict[tuple[str, str], int] = {}
        for point in page.points:
            if "part_of" in point.payload:
                continue
            for medium in record_of(point).media:
                key = (point.id, medium.modality)
                listed[key] = listed.get(key, 0) + medium.rows
                if medium.file is not None:
                    content = memory._shelf.media.read(medium.file)  # type: ignore[union-attr]  # it keeps media
                    assert hashlib.sha256(content).hexdigest() == medium.file.split(".")[0]
        assert rows == listed
        return memory.count()


@pytest.mark.parametrize("kills", [4, pytest.param(12, marks=pytest.mark.slow)])
def test_acknowledged_memories_survive_sigkill(tmp_path: Path, kills: int) -> None:
    """Killed at random moments, again and again: all is there, with media, nothing by halves."""
    random.seed(4)
    acks: list[Ack] = []
    for seed in range(kills):
        acks += killed(write, tmp_path, seed, random.uniform(0, 0.2))
        if seed % 4 == 0:
            check_all(tmp_path, acks)
    assert check_all(tmp_path, acks) >= kills


def test_a_sense_that_edge_had_not_noted_is_there(tmp_path: Path) -> None:
    """Edge makes a named vector, then notes it: killed between the two, all is there."""
    with opened(tmp_path) as memory:
        memory.remember(picture("dog"), id="dog")
        memory.remember(sound("bark|howl"), id="sound")
    config = next(tmp_path.glob("shard*")) / "edge_config.json"
    noted = json.loads(config.read_text())
    for name in ("audio", "image"):
        rest = {key: value for key, value in noted["vectors"].items() if key != name}
        config.write_text(json.dumps({**noted, "vectors": rest}))
        with opened(tmp_path) as memory:
            assert memory.recall("howl", limit=1)[0].record.id == "sound"
            assert memory.recall("dog", limit=1)[0].record.id == "dog"
            assert memory.remember(sound(f"after {name}"), picture(f"after {name}")).new


@pytest.mark.slow
def test_memories_survive_a_kill_while_indexing(tmp_path: Path) -> None:
    """A process killed in compact() leaves all as it was, and the memory can be opened again."""
    with opened(tmp_path) as memory:
        moments = [Moment((picture(f"p{i}"),), id=f"p{i}") for i in range(300)]
        memory.remember_many(moments, keep_media=False)
    acks: list[Ack] = [("kept", f"p{i}", 1) for i in range(300)]
    for seed, after in enumerate((0.0, 0.02, 0.1, 0.3)):
        acks += killed(compact, tmp_path, seed, after)
        assert check_all(tmp_path, acks) >= 300
    with reopened(tmp_path) as memory:
        memory.compact()
        assert memory.recall("p7", limit=1)[0].record.id == "p7"


def test_a_memory_needs_no_torch() -> None:
    """A process that brings its own encoder starts fast: neither torch nor the client is loaded."""
    code = "import sys, sensorium.memory; print([m for m in ('torch', 'av') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("place", ["folder", ":memory:"])
def test_threads_lose_nothing(tmp_path: Path, place: str) -> None:
    """Eight threads remember, recall, change and forget at once: all is as it should be."""
    where: str | Path = tmp_path if place == "folder" else place
    with Memory.open(where, owner="rex", encoder=ENCODER) as memory:

        def work(thread: int) -> None:
            for i in range(12):
                name = f"{thread}-{i}"
                memory.remember(picture(name), sound("same"), id=name)
                assert memory.recall(name, limit=1)[0].record.id == name
                if i % 3 == 1:
                    memory.update(name, tags=["changed"])
                if i % 3 == 2:
                    memory.forget(f"{thread}-{i - 2}")

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))
        expected = {f"{t}-{i}" for t in range(THREADS) for i in range(12) if i % 3}
        found = {record.id: record for record in memory.timeline(limit=1000)}
        assert found.keys() == expected
        assert memory.count(tags=["changed"]) == THREADS * 4
        for record in found.values():
            assert len(memory.percepts(record)) == 2  # the shared sound, too


@pytest.mark.slow
@pytest.mark.parametrize("place", ["folder", ":memory:"])
def test_threads_that_forget_leave_others_their_media(tmp_path: Path, place: str) -> None:
    """A file that one thread forgets while another remembers it is there for the other."""
    where: str | Path = tmp_path if place == "folder" else place
    with Memory.open(where, owner="rex", encoder=ENCODER) as memory:

        def work(thread: int) -> None:
            for i in range(20):
                name = f"{thread}-{i}"
                memory.remember(*(MAKERS[k]("same") for k in ("image", "audio", "imu")), id=name)
                assert len(memory.percepts(memory.get(name))) == 3
                memory.forget(name)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        media: Any = memory._shelf.media
        assert (memory.count(), list(media.names())) == (0, [])
