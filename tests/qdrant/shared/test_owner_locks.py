"""Writers of one owner in several processes: one after the other, whatever becomes of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.support.holding import HoldingProcess
from tests.support.stores import ME, SCHEMA
from tests.support.waiting import wait_until

from sensorium.qdrant.shared import SharedBackend


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
