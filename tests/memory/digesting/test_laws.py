"""Laws of a digest: what is protected stays whatever is asked, and a killed one loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.memories import ENCODER
from tests.support.planted import House, picture, sound
from tests.support.streamed import START, happened, streamed, times

from sensorium.memory import Memory, Moment
from sensorium.memory.digesting import digester
from sensorium.memory.digesting.digester import Digester

PATIENCE = 120  # seconds that a process may take
SOON = datetime.now(timezone.utc) + timedelta(days=30)
PROTECTED: dict[str, dict[str, Any]] = {
    "person": {"origin": "person"},
    "words": {"origin": "sensor", "text": "my own words"},
    "tagged": {"origin": "sensor", "tags": ("dear",)},
    "expiring": {"origin": "sensor", "expires_at": SOON},
    "unknown": {},
}
FRAME: dict[str, Any] = {"origin": "sensor", "source": "camera"}
KINDS = st.sampled_from([*PROTECTED, *["frame"] * 5])
KEEPS = st.sampled_from(["episodes", 1, 3, 0.01, 0.5])


@pytest.mark.slow
@given(kinds=st.lists(KINDS, min_size=1, max_size=40), keep=KEEPS, seed=st.integers(0, 999))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_protected_stays(home: House, kinds: list[str], keep: Any, seed: int) -> None:
    """What stays is a superset of what is protected, and all that goes are frames."""
    memory = home.memory(str(uuid4()), ENCODER)
    moments = []
    for number, kind in enumerate(kinds):
        made = sound if (number + seed) % 3 else picture
        at = START + timedelta(minutes=number * (1 + seed % 50))
        said = PROTECTED.get(kind, FRAME)
        # Words that many share are a label: these are not
        if "text" in said:
            said = {**said, "text": f"{said['text']} {number}"}
        moments.append(Moment((made(f"scene{number // 7} n{number}"),), at=at, **said))
    report = memory.remember_many(moments)
    report.raise_first()
    ids = [each.id for each in report.remembered]
    protected = {name for name, kind in zip(ids, kinds, strict=True) if kind in PROTECTED}
    receipt = memory.digest(keep=keep, protect=["dear"])
    left = {record.id for record in memory.timeline(limit=1000).records}
    assert protected <= left <= set(ids)
    assert len(left) == len(ids) - receipt.dropped
    assert receipt.frames == len(ids) - len(protected)
    assert receipt.kept >= min(1, receipt.frames)
    assert sum(receipt.stayed.values()) + receipt.dropped == receipt.looked_at == len(ids)
    assert memory.digest(keep=keep, protect=["dear"]).dropped == 0


def die_in_the_middle(folder: Path) -> None:
    """Digest a memory, and be killed between two pieces."""
    digester.PIECE = 8
    drop, pieces = Digester._drop, list[int]()

    def drop_or_die(self: Digester, piece: Any, frames: Any) -> None:
        pieces.append(len(piece))
        if len(pieces) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        drop(self, piece, frames)

    Digester._drop = drop_or_die  # type: ignore[method-assign]  # in a process of its own
    with Memory.open(folder, owner="rex", encoder=ENCODER, share=False) as memory:
        memory.digest()


def test_a_killed_digest_is_ended_by_the_next(tmp_path: Path) -> None:
    """Killed in the middle, it has lost nothing that should stay, and the next one ends it."""
    folder = tmp_path / "home"
    with Memory.open(folder, owner="rex", encoder=ENCODER, share=False) as memory:
        streamed(memory)
        planned = memory.digest(dry_run=True)
    process = multiprocessing.get_context("spawn").Process(target=die_in_the_middle, args=(folder,))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL
    with Memory.open(folder, owner="rex", encoder=ENCODER, share=False) as memory:
        assert memory.count() == planned.frames - 3 * 8
        assert set(happened()) <= times(memory)
        receipt = memory.digest()
        assert receipt.dropped > 0
        assert planned.kept <= memory.count() <= planned.kept * 1.5
        assert set(happened()) <= times(memory)
        assert memory.verify().sound
        assert memory.digest().dropped == 0
