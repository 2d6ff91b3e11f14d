"""The same small day in the memories of robots that are installed: what each answers.

    python benchmarks/robot_memories.py                        # in an environment with any of them
    pip install engram-robomem==0.2.0 emem==0.3.0              # an environment of its own is best

The day is five sentences with times and places. Engram and eMEM take an encoder that is handed to
them; here it counts words, so that nothing is downloaded and no model decides.
docs/robot_memories.md has what was printed, beside what the projects' pages say.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

BEGIN = datetime(2026, 7, 1, 9, tzinfo=timezone.utc)
DAY = (  # minutes after the begin, words, x and y in metres
    (0, "a red mug on the table", 1.0, 1.0),
    (30, "a dog in the hall", 9.0, 1.0),
    (60, "a knock on the door", 9.0, 2.0),
    (61, "a dog barking", 9.0, 1.5),
    (90, "a red mug beside the laptop", 1.0, 9.0),
)
WIDTH = 2048  # numbers of a vector, as Engram has them


def counted(words: str) -> Any:
    """Return a unit vector that counts words."""
    row = np.zeros(WIDTH, np.float32)
    for word in words.lower().split():
        row[crc32(word.encode()) % WIDTH] += 1
    return row / np.linalg.norm(row)


def engram(folder: Path) -> dict[str, Any]:
    """Ask Engram, which is imported as robomem."""
    from robomem import FakeEmbedder, RobotMemory

    embedder = FakeEmbedder()
    embedder.embed_text = lambda text, **_: counted(text)
    memory = RobotMemory.open(str(folder / "events"), embedder=embedder)
    events = [
        {
            "id": words,
            "t": 60.0 * minute,
            "modality": "text",
            "path_or_data": words,
            "source": "log",
        }
        for minute, words, _, _ in DAY
    ]
    memory.index(events, segment=True)
    last, after = memory.last("a red mug"), memory.after(anchor="a knock on the door")
    return {
        "last": last and last.event_id,
        "after": after and after.event_id,
        "count": memory.count("a dog"),
        "nonsense": len(memory.recall("volcano erupting")),
        "verbs": verbs(RobotMemory),
    }


def emem(folder: Path) -> dict[str, Any]:
    """Ask eMEM."""
    from emem import SpatioTemporalMemory

    class Words:
        dim = WIDTH

        def embed(self, texts: list[str]) -> Any:
            return np.stack([counted(text) for text in texts])

    memory = SpatioTemporalMemory(db_path=str(folder / "a.db"), embedding_provider=Words())
    for minute, words, x, y in DAY:
        memory.add(words, x=x, y=y, timestamp=BEGIN.timestamp() + 60 * minute)
    near = memory.spatial_query(x=1.0, y=1.0, radius=2.0)
    nonsense = memory.semantic_search("volcano erupting")
    found = {"near": near, "nonsense": len(nonsense.splitlines())}
    memory.close()
    return {**found, "verbs": verbs(SpatioTemporalMemory)}


def sensorium(folder: Path) -> dict[str, Any]:
    """Ask Sensorium."""
    from sensorium.memory import Memory, Moment
    from sensorium.percepts import Pose

    with Memory.open(folder / "memory", owner="rex") as memory:
        memory.remember_many(
            Moment(text=words, id=words, at=BEGIN + timedelta(minutes=minute), place=Pose(x, y))
            for minute, words, x, y in DAY
        ).raise_first()
        last, knock = memory.last("a red mug"), memory.last("a knock on the door")
        return {
            "near": [each.id for each in memory.timeline(near=(Pose(1.0, 1.0), "2 m"))],
            "last": last and last.record.id,
            "after": knock and memory.after(knock, limit=1)[0].id,
            "count": str(memory.how_often("a dog").total),
            "nonsense": len(memory.recall("volcano erupting", min_confidence=0.5)),
            "verbs": verbs(Memory),
        }


def verbs(kind: type) -> str:
    """Return the names of the public methods of a class."""
    named = inspect.getmembers(kind, callable)
    return ", ".join(name for name, _ in named if not name.startswith("_"))


def main() -> None:
    """Print the answers of each memory that is installed."""
    memories: dict[str, Callable[[Path], dict[str, Any]]] = {
        "robomem": engram,
        "emem": emem,
        "sensorium": sensorium,
    }
    for name, ask in memories.items():
        if find_spec(name) is None:
            print(f"## {name}: not installed here\n")
            continue
        with tempfile.TemporaryDirectory() as folder:
            print(f"## {name}")
            print(
                *(f"- {row}: {answer}" for row, answer in ask(Path(folder)).items()), "", sep="\n"
            )


if __name__ == "__main__":
    main()
