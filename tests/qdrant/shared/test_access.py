"""How a process reaches the shard of a folder: what it waits for, and how long."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from tests.support.false_holder import FalseHolder
from tests.support.holding import HoldingProcess
from tests.support.stores import ME, SCHEMA

from sensorium.errors import StoreLockedError
from sensorium.qdrant.edge.folder import HOLDER, LOCK
from sensorium.qdrant.file_locks import FileLock
from sensorium.qdrant.shared import SharedBackend, access, connection
from sensorium.qdrant.shared.access import access_to
from sensorium.qdrant.shared.address import socket_path


def test_who_waited_for_another_thread_still_waits_for_the_next_holder(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time in which another thread looked for the holder is not taken from its patience."""
    monkeypatch.setattr(access, "PATIENCE", 1.0)
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    holding.kill()
    next_one, found = FileLock(tmp_path / LOCK), list[int]()
    assert next_one.acquire()
    thread = threading.Thread(target=lambda: found.append(backend.count(ME)))
    with backend._access._changing:
        thread.start()
        time.sleep(1.2)  # longer than the patience
    next_one.release()
    thread.join(60)
    assert found == [0]
    backend.close()


def test_a_new_holder_is_not_doubted_for_the_one_that_was_stopped(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for as long as anybody."""
    another = HoldingProcess()
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    backend._access._idle.clear()
    monkeypatch.setattr(connection, "CONNECTING", 0.3)
    holding.stop()
    with pytest.raises(StoreLockedError, match=f"process {holding.pid}, does not answer"):
        backend.count(ME)
    holding.kill()
    monkeypatch.setattr(access, "BRIEF", 1e-9)
    monkeypatch.setattr(connection, "CONNECTING", 60.0)
    another.open(tmp_path, SCHEMA)
    assert backend.count(ME) == 0
    another.end()
    backend.close()


def test_who_took_the_folder_over_meanwhile_is_not_named_for_the_one_that_was_stopped(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited for one in vain, while it ended and another took its place, asks the other."""
    holding.open(tmp_path, SCHEMA)
    note, listening = tmp_path / HOLDER, socket_path(tmp_path)
    aside = [path.rename(path.with_suffix(".aside")) for path in (note, listening)]
    backend = SharedBackend(access_to(tmp_path), SCHEMA)

    def ends(*_: object) -> None:
        for path, place in zip(aside, (note, listening), strict=True):
            path.replace(place)

    note.write_text("process 1\n")
    stranger = FalseHolder(tmp_path, SCHEMA, ends)
    monkeypatch.setattr(connection, "CONNECTING", 0.3)
    assert backend.count(ME) == 0
    assert stranger.calls == 1
    assert backend.processes()[0]["process"] == holding.pid
    backend.close()
    stranger.close()


def test_who_is_stopped_while_it_takes_a_folder_over_is_waited_for_once(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the lock, and does not listen yet: the error names it, and the next comes soon."""
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    holding.kill()
    next_one = FileLock(tmp_path / LOCK)
    assert next_one.acquire()
    for patience in (0.3, 600.0):
        monkeypatch.setattr(access, "PATIENCE", patience)
        with pytest.raises(StoreLockedError, match=f"process {os.getpid()}, does not answer"):
            backend.count(ME)
    next_one.release()
    assert backend.count(ME) == 0
    backend.close()
