"""A folder that several processes use: one holds the shard, the others go on when it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.forking import in_child
from tests.support.holding import HoldingProcess, lose_patience
from tests.support.stores import ME, SCHEMA, point

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import (
    SpaceMismatchError,
    StoreClosedError,
    StoreFormatError,
    StoreLockedError,
)
from sensorium.qdrant import CollectionSchema, EdgeBackend
from sensorium.qdrant.edge.folder import LOCKS
from sensorium.qdrant.shared import SharedBackend, connection, owner_locks
from sensorium.qdrant.shared.address import Address, socket_path

OTHER = CollectionSchema.for_space(
    EmbeddingSpace("other", "1" * 64, "none", SCHEMA.space.dimension), modalities=SCHEMA.modalities
)


@pytest.mark.slow
def test_both_processes_see_what_the_other_wrote(tmp_path: Path, holding: HoldingProcess) -> None:
    """The second opener asks the first, and takes its place when that closes the folder."""
    assert holding.open(tmp_path, SCHEMA)
    with_peer = SharedBackend.open(tmp_path, schema=SCHEMA)
    with_peer.upsert([point("a")])
    assert with_peer.processes()[0] == {"process": holding.pid, "holds": True}
    assert with_peer.processes()[1]["process"] == os.getpid()
    holding.close(tmp_path)
    assert with_peer.count(ME) == 1
    assert with_peer.processes() == [{"process": os.getpid(), "holds": True}]
    assert holding.open(tmp_path, SCHEMA)  # which is now the one that asks
    with_peer.upsert([point("b")])
    with_peer.close()
    again = SharedBackend.open(tmp_path, schema=SCHEMA)
    assert again.count(ME) == 2
    again.close()


@pytest.mark.slow
def test_a_killed_holder_loses_nothing_acknowledged(
    tmp_path: Path, holding: HoldingProcess
) -> None:
    """Another process takes its place within a second, though its socket was left behind."""
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    for name in "abc":
        backend.upsert([point(name)])
    holding.kill()
    assert socket_path(tmp_path).exists()
    began = time.monotonic()
    backend.upsert([point("d")])
    assert time.monotonic() - began < 5  # a second, on a machine with nothing else to do
    assert backend.count(ME) == 4
    backend.close()
    assert not socket_path(tmp_path).exists()


def test_two_memories_of_one_process_share_a_shard(tmp_path: Path) -> None:
    """The folder is released when the last of them is closed."""
    first = SharedBackend.open(tmp_path, schema=SCHEMA)
    second = SharedBackend.open(tmp_path / "." / "", schema=SCHEMA)
    first.upsert([point("a")])
    first.close()
    assert second.count(ME) == 1
    with pytest.raises(StoreClosedError):
        first.count(ME)
    second.close()
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()


def test_a_folder_kept_to_oneself_is_refused(tmp_path: Path) -> None:
    """The message says how it could be shared."""
    alone = EdgeBackend.open(tmp_path, schema=SCHEMA)
    with pytest.raises(StoreLockedError, match=r"this process has open.*share=False"):
        SharedBackend.open(tmp_path, schema=SCHEMA)
    alone.close()


@pytest.mark.slow
def test_another_encoder_is_refused_by_name(tmp_path: Path, holding: HoldingProcess) -> None:
    """Through the holder as without it."""
    holding.open(tmp_path, SCHEMA)
    with pytest.raises(SpaceMismatchError, match=SCHEMA.space.id):
        SharedBackend.open(tmp_path, schema=OTHER)


@pytest.mark.slow
@pytest.mark.parametrize("held", ["here", "elsewhere"])
def test_a_new_space_is_seen_by_all(tmp_path: Path, holding: HoldingProcess, held: str) -> None:
    """Whoever knows the old encoder neither writes into the new collection nor reads from it."""
    if held == "elsewhere":
        holding.open(tmp_path, SCHEMA)
    maker = SharedBackend.open(tmp_path, schema=SCHEMA)
    other = SharedBackend.open(tmp_path, schema=SCHEMA)
    maker.upsert([point("old")])
    sibling = maker.sibling(OTHER)
    other.upsert([point("meanwhile")])
    assert maker.seal(sibling)  # others have written since
    sibling.upsert([point("new")])
    renewed = maker.switch(sibling)
    assert renewed.count(ME) == 1
    for call in (lambda: other.count(ME), lambda: other.upsert([point("x")])):
        with pytest.raises(SpaceMismatchError, match="re-embedded since it was opened"):
            call()
    other.close()
    renewed.close()
    if held == "elsewhere":
        holding.close(tmp_path)
    last = SharedBackend.open(tmp_path, schema=OTHER)
    assert last.count(ME) == 1
    last.close()


def test_what_a_process_began_ends_with_its_connection(
    tmp_path: Path, holding: HoldingProcess
) -> None:
    """A sibling that its maker gives up leaves nothing in the holder's folder."""
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    sibling = backend.sibling(OTHER)
    assert len(list(tmp_path.glob("shard*"))) == 2
    backend.seal(sibling)
    sibling.close()
    backend.upsert([point("a")])  # nothing is sealed any more
    ends = time.monotonic() + 10
    while len(list(tmp_path.glob("shard*"))) > 1 and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(list(tmp_path.glob("shard*"))) == 1
    backend.close()


@pytest.mark.slow
def test_a_stopped_holder_is_named(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for it, and then say which process it is; it goes on as if nothing had been."""
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    lose_patience(monkeypatch)
    backend._access._idle.clear()
    assert backend.count(ME) == 0  # over a connection that is as hasty
    holding.stop()
    with pytest.raises(StoreLockedError, match=f"process {holding.pid}, does not answer"):
        backend.count(ME)
    with pytest.raises(TimeoutError):
        connection.Connection(Address(tmp_path)).close()
    holding.go_on()
    monkeypatch.undo()
    assert backend.count(ME) == 0
    backend.close()


@pytest.mark.slow
def test_a_removed_folder_is_not_begun_anew(tmp_path: Path, holding: HoldingProcess) -> None:
    """What would be written there is lost, so it is refused."""
    folder = tmp_path / "memory"
    holding.open(folder, SCHEMA)
    backend = SharedBackend.open(folder, schema=SCHEMA)
    holding.kill()
    folder.rename(tmp_path / "moved")
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        backend.upsert([point("a")])
    assert not folder.exists()
    backend.close()


def test_a_link_or_a_file_in_place_of_the_socket_is_replaced(tmp_path: Path) -> None:
    """What the link names is not touched."""
    EdgeBackend.open(tmp_path / "m", schema=SCHEMA).close()
    (tmp_path / "target").write_text("kept")
    socket_path(tmp_path / "m").symlink_to(tmp_path / "target")
    backend = SharedBackend.open(tmp_path / "m", schema=SCHEMA)
    assert socket_path(tmp_path / "m").is_socket()
    assert (tmp_path / "target").read_text() == "kept"
    backend.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff" + b"x" * 100,
        b"\x00\x00\x00\x04\x93\xa5he",
        b"\x00\x00\x00\x01\xc1",
        b"\x00\x00\x00\x02\x91\xc0",
        b"\x00\x00\x00\x14\x94\xa5hello\x01\xce\xff\xff\xff\xff\xa5wrong",
    ],
)
def test_nonsense_harms_nobody(tmp_path: Path, said: bytes) -> None:
    """A holder drops a connection that says something else, and answers the next."""
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    stranger = socket.socket(socket.AF_UNIX)
    stranger.connect(str(socket_path(tmp_path)))
    stranger.sendall(said)
    stranger.shutdown(socket.SHUT_WR)
    backend.upsert([point("a")])
    assert backend.count(ME) == 1
    stranger.settimeout(10)
    with suppress(ConnectionResetError):
        assert stranger.recv(1) in (b"", b"\x00")  # the end, or a greeting
    stranger.close()
    backend.close()


@pytest.mark.slow
def test_a_long_path_has_its_socket_elsewhere(tmp_path: Path) -> None:
    """Both processes find it by the folder's digest, in a directory of this user alone."""
    folder = tmp_path / ("x" * 60) / ("y" * 60)
    folder.mkdir(parents=True)
    place = socket_path(folder)
    assert place.parent not in folder.parents
    assert not place.parent.stat().st_mode & 0o077
    with_holder = HoldingProcess()
    assert with_holder.open(folder, SCHEMA)
    backend = SharedBackend.open(folder, schema=SCHEMA)
    assert backend.processes()[0]["process"] == with_holder.pid
    backend.close()
    with_holder.end()
    assert not place.exists()


@pytest.mark.enable_socket
def test_a_port_is_guarded_by_a_secret(tmp_path: Path) -> None:
    """Where there are no Unix sockets, only who can read the folder may connect."""
    address = Address(tmp_path, unix=False)
    listener, secret = address.listen()
    assert listener.getsockname()[0] == "127.0.0.1"
    assert (tmp_path / "port").stat().st_mode & 0o077 == 0
    caller, said = address.connect(5)
    assert said == secret
    assert len(secret) == 64
    caller.close()
    listener.close()
    address.withdraw()
    with pytest.raises(ConnectionError):
        address.connect(5)


def test_writers_for_an_owner_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that gives no sign of life is named; other owners go on."""
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    other = SharedBackend.open(tmp_path, schema=SCHEMA)
    with backend.exclusive("rex"):
        with other.exclusive("fido"):
            pass
        monkeypatch.setattr(owner_locks, "BEAT", 0.05)
        monkeypatch.setattr(owner_locks, "PATIENCE", -1.0)
        with pytest.raises(StoreLockedError, match=f"process {os.getpid()} began to write"):
            other.exclusive("rex").__enter__()
        monkeypatch.undo()
    with other.exclusive("rex"):
        pass
    assert len(list((tmp_path / LOCKS).iterdir())) == 2
    backend.close()
    other.close()


FORKS = """
import multiprocessing, os, sys
sys.path[:] = {path!r}
from tests.support.planted import PlantedEncoder
from sensorium.memory import Memory

memory = Memory.open({place!r}, owner="rex", encoder=PlantedEncoder())
memory.remember(text="before", id="before")

def work(number):
    return [memory.remember(text=f"{{number}} {{i}}", id=f"{{number}} {{i}}").new for i in range(5)]

with multiprocessing.get_context("fork").Pool(3) as pool:
    assert all(all(done) for done in pool.map(work, range(3), chunksize=1))
    assert memory.count() == 16, memory.count()
assert memory.remember(text="after", id="after").new
memory.close()
print("well")
"""


ENDS = """
import os, sys
sys.path[:] = {path!r}
from tests.support.stores import ME, SCHEMA, point
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import closing

backend = EdgeBackend.open({place!r}, schema=SCHEMA)
backend.upsert([point("a")])
child = not os.fork()
if child:  # an engine that is closed is looked at first
    closing.check_flushing = lambda shard: os._exit(3)
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]), backend.count(ME))
"""


@pytest.mark.slow
def test_the_end_of_a_forked_child_leaves_the_shard_to_its_parent(tmp_path: Path) -> None:
    """What ends at exit in the parent, where nobody closed it, is not ended by the child."""
    assert ran(ENDS, tmp_path / "memory") == "0 1"


def ran(code: str, place: Path | str) -> str:
    """Run a program in a process of its own, which may fork; return what it printed."""
    program = code.format(path=sys.path, place=str(place))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "temporary"])
def test_forked_workers_write_through_their_parent(tmp_path: Path, kind: str) -> None:
    """What a child was told is kept, is there; its end closes and removes nothing."""
    assert ran(FORKS, ":memory:" if kind == "temporary" else tmp_path / "memory") == "well"


@pytest.mark.slow
def test_a_child_of_a_process_that_asks_asks_for_itself(
    tmp_path: Path, holding: HoldingProcess
) -> None:
    """On its parent's connections, each could read the answer to the other's question."""
    assert holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point("a")])

    def use() -> tuple[int, list[int]]:
        backend.upsert([point("b")])
        return os.getpid(), [each["process"] for each in backend.processes()]

    child, seen = in_child(use)
    assert seen[0] == holding.pid
    assert {child, os.getpid()} <= set(seen)
    assert backend.count(ME) == 2
    backend.close()
