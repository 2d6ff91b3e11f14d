"""Indexing happens in a process of its own."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point, row

from sensorium.errors import StoreError
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
