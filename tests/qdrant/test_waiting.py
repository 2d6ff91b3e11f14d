"""How long a process has waited for another."""

from __future__ import annotations

import time

import pytest

from sensorium.qdrant import waiting
from sensorium.qdrant.waiting import Waiting


def test_time_in_which_the_process_was_stopped_is_not_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between two looks a step is counted at most; who looks often counts all."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    waited = Waiting()
    for _ in range(4):
        now[0] += 0.5
        seconds = waited.look()
    assert seconds == 2.0
    now[0] += 3600.0
    assert waited.look() == 2.0 + waiting.STEP
    waited.restart()
    assert waited.look() == 0.0
