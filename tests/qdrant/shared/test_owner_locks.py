"""Writers of one owner in several processes: one after the other, whatever becomes of them."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.holding import HoldingProcess
from tests.support.stores import ME, SCHEMA, point
from tests.support.waiting import wait_until

from sensorium.errors import StoreLockedError
from sensorium.qdrant.edge.folder import LOCKS
from sensorium.qdrant.file_locks import FileLock
from sensorium.qdrant.shared import SharedBackend, connection, owner_locks
from sensorium.qdrant.shared.owner_locks import owner_lock


@pytest.mark.slow
@pytest.mark.parametrize("who", ["the holder", "a peer"])
def test_who_writes_next_waits_for_what_a_killed_one_had_sent(tmp_path: Path, who: str) -> None:
    """A call of a process that died is carried out before others write, not over theirs."""
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    holder = backend._access._holder
    assert holder is not None
    peer = HoldingProcess()
    peer.open(tmp_path, SCHEMA)
    seen: list[int] = []

    def write_next() -> None:
        if who == "a peer":
            seen.append(next_one.count_alone(tmp_path))
        else:
            with backend.exclusive("rex"):
                seen.append(backend.count(ME))

    next_one = HoldingProcess()
    next_one.open(tmp_path, SCHEMA)
    with holder.collection.edge._write_gate:  # the holder gets to it late
        peer.begin_to_write(tmp_path, "late")
        wait_until(lambda: holder.collection._writing == 1)
        peer.kill()
        following = threading.Thread(target=write_next)
        following.start()
        following.join(0.5)
    following.join(60)
    assert seen == [1]
    next_one.end()
    backend.close()


def test_another_name_of_a_file_is_not_written_into(tmp_path: Path) -> None:
    """Whoever made the folder may have given a lock's name to any file of this user."""
    folder, precious = tmp_path / "memory", tmp_path / "precious"
    backend = SharedBackend.open(folder, schema=SCHEMA)
    precious.write_text("kept")
    with backend.exclusive("rex"):
        pass
    (lock,) = (folder / LOCKS).iterdir()
    lock.unlink()
    lock.hardlink_to(precious)
    for _ in range(2):
        with backend.exclusive("rex"):
            backend.upsert([point("a")])
    assert precious.read_text() == "kept"
    backend.close()


def test_a_writer_that_gave_up_is_settled_with_once(tmp_path: Path) -> None:
    """After a block that was left by an error the next waits for what was sent; then none does."""
    settled: list[int] = []
    for error in (None, KeyboardInterrupt, None, None):
        with (
            suppress(KeyboardInterrupt),
            owner_lock(tmp_path, "rex", settle=settled.append, check=int),
        ):
            if error is not None:
                raise error
    assert settled == [0]


def test_an_old_sign_of_life_is_looked_at_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause of the whole machine all signs are old: who goes on gives the next one."""
    monkeypatch.setattr(owner_locks, "BEAT", 0.3)
    with owner_lock(tmp_path, "rex", settle=int, check=int):
        pass
    (file,) = (tmp_path / LOCKS).iterdir()
    writer, looks = FileLock(file), list[float]()
    assert writer.acquire()
    os.utime(file, (0, 0))

    def goes_on() -> None:
        looks.append(file.stat().st_mtime)
        writer.touch() if len(looks) == 1 else writer.release()

    with owner_lock(tmp_path, "rex", settle=int, check=goes_on):
        assert looks[0] == 0.0
        assert len(looks) == 2


def test_who_waits_to_write_learns_that_the_holder_is_stopped(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who wait for each other wait for it together, not one after the other."""
    monkeypatch.setattr(owner_locks, "BEAT", 0.1)
    monkeypatch.setattr(connection, "CONNECTING", 0.3)
    holding.open(tmp_path, SCHEMA)
    backend, other = (SharedBackend.open(tmp_path, schema=SCHEMA) for _ in range(2))
    with backend.exclusive("rex"):
        holding.stop()
        with pytest.raises(StoreLockedError, match=f"process {holding.pid}, does not answer"):
            other.exclusive("rex").__enter__()
        holding.go_on()
    with other.exclusive("rex"):
        pass
    holding.kill()
    backend.close()
    other.close()
