"""Indexing happens in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point, row

from sensorium.errors import StoreError, StoreLockedError
from sensorium.qdrant import EdgeBackend, Search
from sensorium.qdrant.edge import indexing


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


def test_an_indexing_that_fails_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is ours, and the store goes on as it was."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(1)])
    monkeypatch.setattr(indexing, "INDEX", "raise SystemExit('no room')")
    with pytest.raises(StoreError, match="no room"):
        backend.compact()
    assert backend.count(MINE) == 1
    backend.close()


DIES = '''
import sys
sys.path[:] = {path!r}
from pathlib import Path
from tests.support.edge_points import SCHEMA, point
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import indexing

indexing.INDEX = {end!r} + """
import os, sys, time
open(sys.argv[1] + ".pid", "w").write(str(os.getpid()))
time.sleep(60)
"""
backend = EdgeBackend.open({place!r}, schema=SCHEMA)
backend.upsert([point(1)])
backend.flush()
backend.compact()
'''


def killed_while_indexing(place: Path, *, end: str) -> int:
    """Kill a process that indexes; return the id of the one that does it."""
    code = DIES.format(path=sys.path, place=str(place), end=end)
    process = subprocess.Popen([sys.executable, "-c", code])
    told = place / "shard.pid"
    while not told.exists() or not told.read_text():
        assert process.poll() is None, "it ended before it indexed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    return int(told.read_text())


def opened_within(place: Path, *, seconds: float) -> EdgeBackend:
    """Open a memory as soon as nobody has it any more."""
    ends = time.monotonic() + seconds
    while True:
        try:
            return EdgeBackend.open(place, schema=SCHEMA)
        except StoreLockedError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows hands no descriptors on")
def test_nobody_opens_a_shard_that_an_orphan_indexes(tmp_path: Path) -> None:
    """Though the process that began it was killed; the lock is free when the indexing has ended."""
    orphan = killed_while_indexing(tmp_path, end="")
    with pytest.raises(StoreLockedError):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    os.kill(orphan, signal.SIGKILL)
    opened = opened_within(tmp_path, seconds=10)
    assert opened.count(MINE) == 1
    opened.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems let it end by itself")
def test_an_indexing_ends_with_the_process_that_began_it(tmp_path: Path) -> None:
    """On Linux; so the next opener need not wait."""
    killed_while_indexing(tmp_path, end=indexing.INDEX.partition("import qdrant_edge")[0])
    opened_within(tmp_path, seconds=10).close()  # by itself it would end after 60


def test_a_compacted_memory_that_nobody_closes_ends_in_silence(tmp_path: Path) -> None:
    """What was written is there, and nothing is said about a shard that was closed first."""
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from tests.support.edge_points import SCHEMA, point
from sensorium.qdrant.shared import SharedBackend

backend = SharedBackend.open({str(tmp_path)!r}, schema=SCHEMA)
backend.upsert([point(seed) for seed in range(3)])
backend.compact()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.count(MINE) == 3
    backend.close()
