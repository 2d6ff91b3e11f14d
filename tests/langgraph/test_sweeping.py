"""The thread that removes expired items: what stops it, and what does not."""

from __future__ import annotations

import pytest
from tests.support.langgraph_stores import PATIENCE, SOON, until

from sensorium.errors import StoreUnavailableError
from sensorium.langgraph.sweeping import Sweeper


def test_an_unreachable_store_is_swept_later(caplog: pytest.LogCaptureFixture) -> None:
    """A sweep that cannot reach the store is logged, and the next one is made."""
    sweeps: list[int] = []

    def sweep() -> int:
        sweeps.append(1)
        if len(sweeps) == 1:
            raise StoreUnavailableError("a server that does not answer", "one that does", "wait")
        return 0

    sweeper = Sweeper(sweep)
    ended = sweeper.start(SOON)
    until(lambda: len(sweeps) > 1)
    assert sweeper.stop(PATIENCE)
    assert ended.result(PATIENCE) is None
    assert "a server that does not answer" in caplog.text
