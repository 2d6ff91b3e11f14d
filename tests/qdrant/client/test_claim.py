"""A claim is alive as long as its process, as far as another can know."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client import claim as claims
from sensorium.qdrant.client.claim import SILENCE, Claim, Heartbeat
from sensorium.qdrant.points import iso


def test_it_ends_when_it_is_given_up() -> None:
    """Within this process at once; what is read back is the same claim."""
    claim = Claim.begin()
    read = Claim.from_dict(claim.to_dict())
    assert read == claim
    assert claim.is_alive
    claim.end()
    claim.end()
    assert not read.is_alive


def test_it_ends_with_its_process() -> None:
    """On the same machine a process that is gone is known to be."""
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    claim = Claim.begin()
    assert not replace(claim, process=int(child.stdout)).is_alive
    assert replace(claim, process=os.getppid()).is_alive
    claim.end()


@pytest.mark.parametrize(("silent", "alive"), [(SILENCE / 2, True), (SILENCE * 2, False)])
def test_elsewhere_its_last_sign_decides(silent: timedelta, alive: bool) -> None:
    """A process on another machine is dead when it was silent for long."""
    seen = iso(datetime.now(timezone.utc) - silent)
    claim = replace(Claim.begin(), machine="elsewhere", seen=seen)
    claim.end()
    assert claim.is_alive == alive
    assert claim.renewed().is_alive
    assert not replace(claim, seen="yesterday").is_alive


@pytest.mark.parametrize("fields", [None, [], {}, {"token": 1}, {"token": "a", "process": "1"}])
def test_anything_else_is_no_claim(fields: object) -> None:
    """What another program wrote there is passed over."""
    assert Claim.from_dict(fields) is None


def test_signs_are_given_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is away for a while does not end them."""
    monkeypatch.setattr(claims, "BEAT", 0.001)
    thrice, count = threading.Event(), 0

    def beat() -> None:
        nonlocal count
        count += 1
        if count >= 3:
            thrice.set()
        raise StoreUnavailableError("a", "b", "c")

    heart = Heartbeat(beat)
    assert thrice.wait(10)
    heart.stop()
    before = count
    heart.stop()
    assert count == before
