"""What a holder does for those who ask, and does not do for those who mean harm."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.holding import HoldingProcess
from tests.support.stores import ME, SCHEMA, point
from tests.support.waiting import wait_until

from sensorium.errors import StoreLockedError
from sensorium.qdrant.edge.folder import read_opener
from sensorium.qdrant.shared import SharedBackend, held_collection
from sensorium.qdrant.shared.address import Address, socket_path
from sensorium.qdrant.shared.connection import Connection
from sensorium.qdrant.shared.frames import Incoming
from sensorium.qdrant.shared.holder import _report

CROWD = """
import os, resource, socket, sys, time
sys.path[:] = {path!r}
from tests.support.stores import ME, SCHEMA, point
from sensorium.qdrant.shared import SharedBackend, held_collection
from sensorium.qdrant.shared.address import socket_path
from pathlib import Path

place = Path({place!r})
reading, writing = os.pipe()
if not os.fork():
    while not socket_path(place).exists():
        time.sleep(0.01)
    held = [socket.socket(socket.AF_UNIX) for _ in range(190)]
    for each in held:
        each.connect(str(socket_path(place)))
    os.write(writing, b"x")
    time.sleep(100)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
backend = SharedBackend.open(place, schema=SCHEMA)
os.read(reading, 1)
holder = backend._access._holder
while len(holder._visitors) < 100:
    time.sleep(0.01)
time.sleep(0.3)
files = [open(os.devnull) for _ in range(30)]
backend.upsert([point("a")])
print(len(holder._visitors), backend.count(ME), flush=True)
os.kill(0, 9)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_many_connections_leave_the_holder_files_of_its_own(tmp_path: Path) -> None:
    """Of those that it may have open, half are for its own work."""
    done = subprocess.run(
        [sys.executable, "-c", CROWD.format(path=sys.path, place=str(tmp_path / "m"))],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        start_new_session=True,
    )
    assert done.stdout.split() == ["100", "1"], done.stderr[-2000:]


def test_a_visitor_begins_one_collection_at_a_time(tmp_path: Path) -> None:
    """Beginning another gives the one before up; what is no layout begins none."""
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    visit = Connection(Address(tmp_path))
    for _ in range(3):
        visit.ask(["begin", SCHEMA])
    with pytest.raises(OSError, match="a layout of another kind"):
        visit.ask(["begin", 5])
    assert len(list(tmp_path.glob("shard*"))) == 2
    visit.close()
    wait_until(lambda: len(list(tmp_path.glob("shard*"))) == 1)
    backend.close()


def test_a_holder_that_cannot_be_asked_says_so(tmp_path: Path, holding: HoldingProcess) -> None:
    """A folder in the place of its socket: who comes next is refused at once, by name."""
    socket_path(tmp_path).mkdir()
    (socket_path(tmp_path) / "file").touch()
    assert holding.open(tmp_path, SCHEMA)
    with pytest.raises(StoreLockedError, match=f"process {holding.pid} has open"):
        SharedBackend.open(tmp_path, schema=SCHEMA)
    assert not read_opener(tmp_path).sharing


def test_a_holder_without_threads_for_all_answers_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system gives no thread, the connection ends, and the next one is answered."""
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point("a")])

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full, socket.socket(socket.AF_UNIX) as early:
        full.setattr(threading.Thread, "start", refuse)
        early.settimeout(60)
        early.connect(str(socket_path(tmp_path)))
        assert early.recv(1) == b""
    visit = Connection(Address(tmp_path))
    assert [each["holds"] for each in visit.ask(["processes"])[:1]] == [True]
    visit.close()
    assert backend.count(ME) == 1
    backend.close()


def test_who_seals_the_memory_and_does_not_go_on_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers wait for a re-embedding, not for ever; those who read do not wait."""
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    visit = Connection(Address(tmp_path))
    visit.ask(["begin", SCHEMA])
    visit.ask(["seal"])
    monkeypatch.setattr(held_collection, "LOOKING", 0.05)
    monkeypatch.setattr(held_collection, "PATIENCE", 0.1)
    with pytest.raises(StoreLockedError, match=f"process {os.getpid()} began to put"):
        backend.upsert([point("a")])
    assert backend.count(ME) == 0
    visit.close()
    wait_until(lambda: len(list(tmp_path.glob("shard*"))) == 1)
    backend.upsert([point("a")])
    backend.close()


def test_a_visitor_that_does_not_read_is_not_waited_for() -> None:
    """What reports how far a purge is may be passed over; what is sent is whole."""
    here, there = socket.socketpair()

    def report() -> None:
        for done in range(10_000):
            _report(here, done, 10_000)

    reporting = threading.Thread(target=report, daemon=True)
    reporting.start()
    reporting.join(30)
    assert not reporting.is_alive()
    here.close()
    incoming, told = Incoming(there), list[int]()
    with suppress(ConnectionError):
        while True:
            kind, (done, _) = incoming.receive()
            assert kind == "progress"
            told.append(done)
    assert told == sorted(told)
    assert 0 < len(told) < 10_000
    there.close()
