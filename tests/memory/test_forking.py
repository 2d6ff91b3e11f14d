"""Memories in forked children, whatever their parent's other threads did at the fork."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.forking import PATIENCE, in_child
from tests.support.planted import PlantedEncoder, sound

from sensorium.errors import StreamError
from sensorium.memory import AsyncMemory, Memory, Moment
from sensorium.memory.media.folders import RemoteFolder
from sensorium.percepts import Audio
from sensorium.qdrant.shared import SharedBackend

FORKS = 4


@pytest.fixture(params=["folder", "temporary"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    place = tmp_path / "memory" if request.param == "folder" else ":memory:"
    with Memory.open(place, owner="rex", encoder=PlantedEncoder()) as opened:
        opened.remember(sound("dog"), text="a bark", id="before")
        yield opened


@pytest.mark.slow
def test_a_child_remembers_and_recalls(memory: Memory) -> None:
    """Both processes see what the other was told, with its media, whatever locks were held."""

    def use() -> list[str]:
        assert memory.remember(sound("sea"), text="waves", id="child").new
        memory.update("before", tags=["seen"])
        kept = memory.percepts(memory.get("before"))
        assert any(isinstance(each, Audio) and each.mono(8_000).size for each in kept)
        return [memory.recall("sea", limit=1)[0].record.id, *(r.id for r in memory.timeline())]

    assert in_child(use) == ["child", "child", "before"]
    assert memory.get("child").text == "waves"
    assert memory.get("before").tags == ("seen",)


def test_a_child_outlives_the_memory_of_its_parent(tmp_path: Path) -> None:
    """When its parent closes, a child holds the shard itself: Edge works in a forked process."""
    memory = Memory.open(tmp_path / "memory", owner="rex", encoder=PlantedEncoder())
    memory.remember(text="before", id="before")
    fork = multiprocessing.get_context("fork")
    closed, said = fork.Event(), fork.SimpleQueue()

    def go_on() -> None:
        assert memory.count() == 1
        closed.wait(PATIENCE)
        memory.remember_many([Moment(text=f"after {i}") for i in range(40)]).raise_first()
        assert isinstance(memory.backend, SharedBackend)
        said.put([memory.count(), memory.backend.processes()[0]["process"]])
        memory.close()

    child = fork.Process(target=go_on)
    child.start()
    memory.close()
    closed.set()
    child.join(PATIENCE)
    assert child.exitcode == 0
    assert said.get() == [41, child.pid]
    with Memory.open(tmp_path / "memory", owner="rex", encoder=PlantedEncoder()) as again:
        assert again.count() == 41


KILLED = """
import os, signal, sys, time
sys.path[:] = {path!r}
from tests.support.planted import PlantedEncoder
from sensorium.memory import Memory

memory = Memory.open({place!r}, owner="rex", encoder=PlantedEncoder())
memory.remember(text="before", id="before")
parent = os.getpid()
if os.fork():
    time.sleep({patience})
else:
    assert memory.remember(text="child", id="child").new
    os.kill(parent, signal.SIGKILL)
    assert memory.remember(text="after", id="after").new
    print(memory.count(), memory.backend.processes()[0]["process"] == os.getpid())
    memory.close()
"""


@pytest.mark.slow
def test_a_child_outlives_its_killed_parent(tmp_path: Path) -> None:
    """Nothing acknowledged is lost, and the child holds the shard from then on."""
    program = KILLED.format(path=sys.path, place=str(tmp_path / "memory"), patience=PATIENCE)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == "3 True\n", done.stderr
    with Memory.open(tmp_path / "memory", owner="rex", encoder=PlantedEncoder()) as again:
        assert again.count() == 3


@pytest.mark.slow
def test_children_are_forked_while_threads_write(memory: Memory) -> None:
    """What a child is told, it and its parent find, at whatever moment it was forked."""
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            memory.remember(sound("sea"), text=f"{number}", id=f"{threading.get_ident()} {number}")
            memory.recall("sea", limit=2)
            number += 1

    def use(number: int) -> bool:
        memory.remember(text=f"child {number}", id=f"child {number}")
        return any(memory.recall("sea", limit=2)) and memory.get(f"child {number}") is not None

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(FORKS):
            assert in_child(lambda number=number: use(number), busy=False)  # type: ignore[misc]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert len(memory.get_many([f"child {number}" for number in range(FORKS)])) == FORKS


@pytest.mark.slow
def test_a_child_awaits_a_memory_whose_parent_runs_a_loop(memory: Memory) -> None:
    """A child has a loop, and threads, of its own."""

    async def ask(found: AsyncMemory) -> list[str]:
        await found.remember(text="sea", id="child")
        return [hit.record.id for hit in await found.recall("sea", limit=1)]

    async def parent() -> tuple[list[str], list[str]]:
        shared = AsyncMemory(memory)
        before = [hit.record.id for hit in await shared.recall("dog", limit=1)]
        forked = await asyncio.to_thread(in_child, lambda: asyncio.run(ask(shared)))
        return before, forked

    assert asyncio.run(parent()) == (["before"], ["child"])


@pytest.mark.slow
def test_a_stream_of_the_parent_is_left_alone(memory: Memory) -> None:
    """A child can ask for its report, and closing the memory there ends no stream."""
    stream = memory.stream("imu", rate=100, accel="m/s^2", gyro="rad/s", window=1.0)

    def use() -> int:
        with pytest.raises(StreamError, match="another process"):
            stream.push([[0.0] * 6])
        waiting = stream.report.waiting
        memory.close()
        return waiting

    assert in_child(use) == 0
    assert not stream.closed
    stream.close()


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_media_on_another_machine_are_reached_from_a_child(tmp_path: Path) -> None:
    """A file system of fsspec with a loop in a thread, which stays in the parent, is made anew."""
    pytest.importorskip("aiohttp")
    (tmp_path / "rex").mkdir()
    (tmp_path / "rex" / "a.wav").write_bytes(b"sound")
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        folder = RemoteFolder(f"http://127.0.0.1:{server.server_port}", "rex")
        assert folder.size("a.wav") == 5
        assert in_child(lambda: (folder.size("a.wav"), folder.open("a.wav").read())) == (
            5,
            b"sound",
        )
        assert folder.size("a.wav") == 5
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""
