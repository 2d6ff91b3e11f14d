"""A memory in a folder, and what its errors must say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from tests.support.planted import PlantedEncoder

ENCODER = PlantedEncoder()


def open_it(place: Any, **options: Any) -> Memory:
    return Memory.open(place, **{"owner": "rex", "encoder": ENCODER, **options})


def told(error: SensoriumError, *words: str) -> None:
    """The message has its three parts, and the words in it."""
    assert error.came
    assert error.needed
    assert error.remedy
    for word in words:
        assert word in str(error)


def intact(folder: Path) -> None:
    """What was acknowledged is there, and the memory works."""
    with open_it(folder) as memory:
        assert [record.id for record in memory.timeline()] == ["dog"]
        assert memory.recall("dog", limit=1)[0].record.id == "dog"
        assert len(memory.percepts(memory.get("dog"))) == 2
