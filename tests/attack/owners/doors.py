"""What one owner must never see or change of another's, and who watches that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from qdrant_client import QdrantClient

from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from sensorium.percepts import Image
from sensorium.qdrant import Filter
from sensorium.qdrant.points import StoredPoint
from tests.attack.children import where
from tests.attack.findings import Findings
from tests.attack.tiny import opened, png, row, rows

SECRET = "XYZZYSECRET"
OTHER = "max"
PAST = datetime(2024, 1, 1, tzinfo=timezone.utc)


class Doors:
    """Two owners' memories in one place; whatever `rex` does, `max` must not notice.

    Attributes:
        home: A folder for exports.
        mine: The memory of the one who tries.
        theirs: The memory of the other.
        points: All points of the other.
        names: Ids of the other's records and points.
        cursor: A cursor of the other's timeline.
    """

    def __init__(self, home: Path, mine: Memory, findings: Findings, case: int) -> None:
        """Fill both memories."""
        self.home, self.mine, self._findings, self._case = home, mine, findings, case
        self.theirs = mine.for_owner(OTHER)
        mine.remember(text="mine", id="a", tags=["t"], metadata={"n": 1})
        _fill(self.theirs)
        self.points: list[StoredPoint] = list(self._points())
        given = [f"secret{number}" for number in range(6)] + ["long", "gone"]
        self.names = [point.id for point in self.points] + given
        self.cursor = self.theirs.timeline(limit=2).cursor or ""
        self._before = self._snapshot()

    def knock(self, name: str, act: Callable[[], object]) -> object:
        """Try a door; return what came of it. What shows the secret is a problem."""
        self._findings.count("doors tried")
        try:
            result = act()
            shown = repr(result)
        except SensoriumError as error:
            result, shown = error, f"{type(error).__name__}: {error}"
        except Exception as error:  # a framework's own refusal, which may show something, too
            result, shown = error, f"{where(error)} {error}"
        self.judge(name, shown)
        return result

    def judge(self, name: str, shown: str) -> None:
        """Look for the secret in what a door showed."""
        if SECRET in shown:
            place = shown.index(SECRET)
            self.opened(name, shown[max(0, place - 100) : place + 100])

    def opened(self, name: str, detail: object) -> None:
        """Note a door that is open."""
        self._findings.report("open door", self._case, f"{name}: {detail}")

    def check(self, name: str) -> None:
        """Check that nothing of the other's has changed."""
        now = self._snapshot()
        if now != self._before:
            changed = [
                key for key in {**now, **self._before} if now.get(key) != self._before.get(key)
            ]
            self._findings.report("changed", self._case, f"{name} changed {sorted(changed)[:5]}")
            self._before = now

    def _points(self) -> list[StoredPoint]:
        everything = Filter(OTHER, parts=True)
        return list(self.theirs.backend.scroll(everything, limit=1000, vectors=True).points)

    def _snapshot(self) -> dict[str, object]:
        """Everything of the other's, ready to be compared."""
        media = self.theirs._shelf.media
        assert media is not None
        points: dict[str, object] = {
            point.id: (
                sorted(point.payload.items(), key=str).__repr__(),
                {key: (len(v), round(float(abs(v).sum()), 1)) for key, v in point.vectors.items()},
            )
            for point in self._points()
        }
        # What is shared with who tries, they may leave
        given = [share for share in self.theirs.shares() if share.with_ != "rex"]
        files = {name: media.read(name) for name in media.names()}
        return {**points, **files, "shares": repr(given)}


def _fill(memory: Memory) -> None:
    for number in range(6):
        memory.remember(
            Image(png(SECRET)),
            text=f"{SECRET} {number}",
            id=f"secret{number}",
            tags=[SECRET, "t"],
            source=SECRET,
            metadata={"k": SECRET, "n": number, "done": True},
        )
    memory.remember(text=SECRET, id="long", vectors={"audio": rows(SECRET, 2100)})
    memory.remember(text=f"{SECRET} gone", id="gone", expires_at=PAST)
    _share(memory)
    memory.recall(row("x"), limit=1)


def _share(memory: Memory) -> None:
    """Let `rex` read one memory that is no secret, and no more; others, and he before, all."""
    memory.remember(Image(png("offered")), text="offered", id="offered", tags=["offered"])
    memory.share(with_="fido", tags=[SECRET])
    memory.share(with_="rex", everything=True)
    memory.unshare(with_="rex")
    memory.share(with_="rex", tags=["offered"])


@contextmanager
def two_owners(kind: str, home: Path, findings: Findings, case: int) -> Iterator[Doors]:
    """Open both memories on `"edge"`, or on a client."""
    place: Any = home / "memory" if kind == "edge" else QdrantClient(":memory:")
    with opened(place, media=home / "media") as mine:
        yield Doors(home, mine, findings, case)
