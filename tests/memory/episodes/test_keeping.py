"""What was found of episodes is kept: continued, gone back in, read again, and dropped when due."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.memories import ENCODER

from sensorium.memory import Memory, Moment
from sensorium.memory.episodes import progress
from sensorium.memory.episodes.detection import Checkpoint, Detector, Observation
from sensorium.percepts import Place, Pose
from sensorium.qdrant import Backend

MORNING = datetime(2026, 5, 1, 8, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
SCENE, SCENES = 40, 8  # records of a scene, and scenes
D = ENCODER.space.dimension


def moment(number: int, *, late: float = 0.0, name: str = "") -> Moment:
    """A moment of one of the scenes, which follow each other without a pause."""
    scene = number // SCENE
    row = np.zeros(D, np.float32)
    row[scene], row[20 + number % 7] = 1.0, 0.5
    return Moment(
        id=name or f"r{number}",
        at=MORNING + timedelta(seconds=number + late),
        vectors={"image": row},
        place=Pose(100.0 * scene, 1.0, frame="map") if scene % 2 else Place(52.5, 13.4 + scene / 9),
    )


def moments(first: int = 0, last: int = SCENE * SCENES) -> Iterator[Moment]:
    """Moments of all scenes, in order of time."""
    return map(moment, range(first, last))


@pytest.fixture(autouse=True)
def _near_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "STEP", 16)
    monkeypatch.setattr("sensorium.memory.episodes.finder.LEAST_SAVED", 10)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points were read with their vectors, page by page."""
    pages: list[int] = []
    whole = Memory.open  # the class of the store is that of a folder's
    with whole(":memory:", owner="probe", encoder=ENCODER) as probe:
        kind: type[Backend] = type(probe.backend)
    scroll = kind.scroll

    def counted(self: Backend, *given: Any, **options: Any) -> Any:
        page = scroll(self, *given, **options)
        if options.get("vectors") is True:
            pages.append(len(page.points))
        return page

    monkeypatch.setattr(kind, "scroll", counted)
    return pages


def found(memory: Memory) -> list[tuple[str, int, object]]:
    """Return what tells one list of episodes from another."""
    return [(each.id, each.records, each.places) for each in memory.episodes(moments=0)]


def expected(given: list[Moment]) -> list[tuple[str, int, object]]:
    """Return the episodes that are found when all is looked at once."""
    with Memory.open(":memory:", owner="rex", encoder=ENCODER) as memory:
        memory.remember_many(given).raise_first()
        return found(memory)


def opened(folder: Path, owner: str = "rex") -> Memory:
    return Memory.open(folder, owner=owner, encoder=ENCODER)


def test_the_next_opening_reads_only_what_is_new(tmp_path: Path, read: list[int]) -> None:
    """What was found is kept in a file; what was remembered since is found as if asked once."""
    with opened(tmp_path) as memory:
        memory.remember_many(moments(0, 200)).raise_first()
        before = found(memory)
    read.clear()
    with opened(tmp_path) as memory:
        assert found(memory) == before
        assert sum(read) == 0
        memory.remember_many(moments(200)).raise_first()
        assert found(memory) == expected(list(moments()))
        assert len(memory.episodes()) == SCENES
    assert 120 <= sum(read) - 320 <= 140  # the other 320 were those of `expected`


def test_what_comes_late_is_put_in_its_place(tmp_path: Path, read: list[int]) -> None:
    """A record of an earlier time lets be read what is later, not everything."""
    late = moment(290, late=0.5, name="late")
    with opened(tmp_path) as memory:
        memory.remember_many(moments()).raise_first()
        memory.episodes()
        read.clear()
        memory.remember_many([late]).raise_first()
        got = found(memory)
        assert 30 <= sum(read) <= 80
    assert got == expected([*moments(), late])
    assert sorted(count for _, count, _ in got) == [*[SCENE] * (SCENES - 1), SCENE + 1]


def test_what_expired_is_left_out(
    tmp_path: Path, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that expires leaves no mark, but is missed when records are counted."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Later:
            return cls(2101, 1, 1, tzinfo=tz)

    with opened(tmp_path) as memory:
        memory.remember_many(moments()).raise_first()
        end = datetime(2100, 1, 1, tzinfo=timezone.utc)
        memory.remember(id="short", at=MORNING + 300.5 * SECOND, vectors={}, expires_at=end)
        assert sum(each.records for each in memory.episodes()) == 321
        read.clear()
        monkeypatch.setattr("sensorium.memory.episodes.finder.datetime", Later)
        got = found(memory)
    assert 15 <= sum(read) <= 60
    assert got == expected(list(moments()))


def test_nothing_removed_stays_in_the_file(tmp_path: Path) -> None:
    """Forgetting removes the file, and the next answer knows nothing of what went."""
    with opened(tmp_path) as memory:
        memory.remember_many(moments()).raise_first()
        memory.episodes()
        [file] = tmp_path.rglob("*.episodes")
        memory.forget(*(f"r{i}" for i in range(SCENE, 2 * SCENE)))
        assert not file.exists()
        assert found(memory) == expected([*moments(0, SCENE), *moments(2 * SCENE)])
        assert file.exists()


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "empty", "other", "swapped"])
def test_a_damaged_file_is_found_anew(tmp_path: Path, damage: str) -> None:
    """A file that is cut, empty, something else or another owner's is as if there were none."""
    with opened(tmp_path) as memory:
        memory.remember_many(moments()).raise_first()
        before = found(memory)
        with memory.for_owner("max") as other:
            other.remember_many(moments(0, 60)).raise_first()
            theirs = found(other)
    files = sorted(tmp_path.rglob("*.episodes"))
    assert len(files) == 2
    contents = [file.read_bytes() for file in files]
    swapped = dict(zip(files, contents[::-1], strict=True))
    for file, content in zip(files, contents, strict=True):
        changed = {
            "cut": content[: len(content) // 2],
            "empty": b"",
            "other": b"no archive",
            "swapped": swapped[file],
        }
        file.write_bytes(changed[damage])
    with opened(tmp_path) as memory, memory.for_owner("max") as other:
        assert found(memory) == before
        assert found(other) == theirs


def observations(count: int) -> list[Observation]:
    random = np.random.default_rng(5)
    middles = random.normal(size=(count // 25 + 1, 16))
    rows = [middles[i // 25] + random.normal(size=16) for i in range(count)]
    return [
        Observation(
            2.0 * i, {"image": (r / np.linalg.norm(r)).astype(np.float32)}, ("m", (i, 0, 0))
        )
        for i, r in enumerate(rows)
    ]


def test_a_detector_goes_on_from_a_checkpoint() -> None:
    """Gone back and gone on, it finds what it finds when it never went back."""
    seen = observations(200)
    straight, back = Detector(), Detector()
    for each in seen:
        straight.add(each)
    for each in seen[:80]:
        back.add(each)
    checkpoint = back.checkpoint()
    for each in observations(40):
        back.add(Observation(each.at + 160, each.rows, ("other", (0.0, 0.0, 0.0))))
    back.back_to(checkpoint)
    anew = Detector.at_checkpoint(back.before(), checkpoint)
    for detector in (back, anew):
        for each in seen[80:]:
            detector.add(each)
        assert detector.starts() == straight.starts()
        assert len(detector) == 200


def test_checkpoints_are_few_and_near_the_end() -> None:
    """Of a million records there are some twenty, and going back reads twice as many at most."""
    step, kept = progress.STEP, list[Checkpoint]()
    for number in range(1, 1000):
        kept = progress.thinned([*kept, Checkpoint(number * step, 0.0, None, {})])
        assert len(kept) <= 3 * math.log2(number) + 3
    for back in range(1, 900):
        earlier = max(c.count // step for c in kept if c.count // step <= 999 - back)
        assert 999 - earlier <= 2 * back + 2
