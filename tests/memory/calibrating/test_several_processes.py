"""Several processes calibrate by a sample that each of them may delete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.planted import PlantedEncoder, picture, sound
from tests.support.sharing import another

from sensorium.memory import Memory
from sensorium.memory.calibrating import calibrator as calibrating
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.calibrating.sample import Sample

ENCODER = PlantedEncoder(background=True)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "home", owner="rex", encoder=ENCODER) as opened:
        yield opened


def sample(memory: Memory) -> Sample:
    """The sample that the next recall of a memory is calibrated by."""
    memory._calibrator.current(memory._shelf.setup)
    return memory._calibrator._sample


def holds(kept: Sample, words: str) -> bool:
    """Whether a sample has the vector of a picture."""
    rows = kept.rows.get("image", np.empty((0, 64), np.float32))
    return bool((rows @ ENCODER.vector(words, "image") > 0.99).any())


REMOVING = {
    "forget": lambda memory: memory.forget("x"),
    "purge": lambda memory: memory.forget("x", purge=True),
    "update": lambda memory: memory.update("x", picture("sea"), vectors={}),
    "replace": lambda memory: memory.update("x", vectors={"image": ENCODER.vector("a", "image")}),
}


@pytest.mark.parametrize("remove", REMOVING.values(), ids=REMOVING)
def test_no_process_goes_on_with_a_removed_vector(memory: Memory, remove: Any) -> None:
    """The next recall of another process uses another sample, whoever drew the first one."""
    memory.remember(picture("dog"), id="x")
    memory.remember_many([picture("sea"), picture("sky")])
    other = another(memory)
    assert holds(sample(memory), "dog")
    assert holds(sample(other), "dog")
    remove(memory)
    assert holds(sample(other), "dog") == (remove is REMOVING["update"])
    file = memory._calibrator._file
    assert file is not None
    kept = Sample.load(file)
    assert kept is not None
    assert kept.mark == memory._calibrator._mark() != ""


@pytest.mark.parametrize("times", [1, 10])
def test_what_is_removed_while_a_sample_is_drawn_is_in_none(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """A sample whose drawing a removal overtook is not kept, and not used by the next recall."""
    memory.remember_many([picture(f"p{number}") for number in range(20)])
    memory.remember(picture("dog"), id="x")
    other, draw, drawn = another(memory), Calibrator._draw, list[Sample]()

    def overtaken(self: Calibrator, *arguments: Any) -> Sample:
        drawn.append(draw(self, *arguments))
        if len(drawn) <= times:
            memory.forget("x")
            memory._calibrator.invalidate()
        return drawn[-1]

    monkeypatch.setattr(Calibrator, "_draw", overtaken)
    first = sample(other)
    assert holds(drawn[0], "dog")
    assert not holds(first, "dog")
    file = other._calibrator._file
    assert file is not None
    assert file.exists() == (times == 1)
    monkeypatch.setattr(Calibrator, "_draw", draw)
    assert sample(other).total == 20


def test_a_process_that_only_recalls_notices_what_others_add(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points are counted again after some seconds, not at every recall."""
    memory.remember(picture("dog"))
    other, clock, counts = another(memory), [1000.0], list[int]()
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    count = memory.backend.count

    def counted(*arguments: Any) -> int:
        counts.append(count(*arguments))
        return counts[-1]

    monkeypatch.setattr(memory.backend, "count", counted)
    assert sample(other).total == 1
    memory.remember_many([picture(f"p{number}") for number in range(20)])
    counts.clear()
    for _ in range(10):
        assert sample(other).total == 1
    assert counts == []
    clock[0] += calibrating.RECOUNT + 1
    assert sample(other).total == 21
    assert counts == [21]


def test_a_sample_that_another_process_drew_is_used(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the memory doubles it is drawn once, not by each process."""
    memory.remember(picture("dog"))
    other = another(memory)
    assert sample(other).total == 1
    memory.remember_many([sound(f"p{number}") for number in range(20)])
    sample(memory)
    monkeypatch.setattr(Calibrator, "_draw", None)
    other._calibrator.added(20)
    assert sample(other).total == 21
