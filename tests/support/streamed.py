"""Days of a planted camera: three scenes a day, with what happened once among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from sensorium.memory import Memory, Moment
from tests.support.planted import picture

SCENES = ("kitchen", "street", "office")
FRAMES = 30  # of a day, a minute apart
NOW = datetime.now(timezone.utc)
START = NOW.replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=200)
HAPPENED = {(0, 15): "dog bark", (1, 5): "glass breaks", (2, 25): "old friend"}


def frame(day: int, number: int, words: str | None = None, **said: Any) -> Moment:
    """A frame of the camera, which sees nearly the same as the ones around it."""
    scene = SCENES[number * len(SCENES) // FRAMES]
    seen = words or HAPPENED.get((day, number)) or f"{scene} view{number % 3}*0.2"
    given = {"source": "camera", "origin": "sensor", **said}
    return Moment(
        (picture(f"{seen} {given['source']}{day}-{number}*0.05"),),
        at=START + timedelta(days=day, minutes=number),
        **given,
    )


def frames(days: int = 3, **said: Any) -> Iterator[Moment]:
    """The frames of some days."""
    for day in range(days):
        for number in range(FRAMES):
            yield frame(day, number, **said)


def streamed(memory: Memory, days: int = 3, **said: Any) -> Memory:
    """Remember the frames of some days."""
    memory.remember_many(frames(days, **said)).raise_first()
    return memory


def times(memory: Memory) -> set[datetime]:
    """When the records of a memory are."""
    return {record.at for record in memory.timeline(limit=10_000).records}


def happened(days: int = 3) -> dict[datetime, str]:
    """What happened, by its time."""
    return {
        START + timedelta(days=day, minutes=number): words
        for (day, number), words in HAPPENED.items()
        if day < days
    }


def totals(receipt: Any) -> Mapping[str, Any]:
    """What a receipt says, without when and whether it was done."""
    said = dict(receipt.to_dict())
    del said["at"], said["dry_run"]
    return said
