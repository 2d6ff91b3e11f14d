"""What an earlier release wrote opens unchanged: see tests/goldens/earlier."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from tests.support.golden_files import ROOT
from tests.support.planted import PlantedEncoder

from sensorium.memory import Memory
from sensorium.percepts import Audio, Image, Span
from sensorium.qdrant import EdgeBackend, Range

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
PLUMBER = "45bbc15d-9329-57dc-b70b-1561f299051b"
ANSWERS = {  # question: the record, its similarity, the modality that matched, as 41f7ceb gave
    "bark": ("beach", 1.0, "audio"),
    "wolf": ("long", 1.0, "audio"),
    "elsewhere": ("given", 1.0, "text"),
    "plumber": (PLUMBER, 0.6212, "text"),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    with tarfile.open(ROOT / "tests" / "goldens" / "earlier" / "memory.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture
def memory(written: Path) -> Iterator[Memory]:
    encoder = PlantedEncoder(background=True)
    with Memory.open(written / "memory", owner="rex", encoder=encoder) as opened:
        yield opened


def test_questions_find_what_they_found(memory: Memory) -> None:
    """The records, their similarities and the modalities that matched are those of then."""
    for question, expected in ANSWERS.items():
        best = memory.recall(question, limit=3)[0]
        assert (best.record.id, round(best.similarity or 0, 4), best.modality) == expected, question


def test_a_record_has_all_its_fields(memory: Memory) -> None:
    """Text, time, tags, source, metadata and the signals themselves come back."""
    record = memory.get("beach")
    assert (record.text, record.at, record.source) == ("with Rex at the North Sea", NOON, "camera")
    assert (record.tags, record.modalities) == (("holiday",), ("audio", "image", "text"))
    assert record.metadata == {"room": "beach", "floor": 2, "wet": True}
    picture, sound = memory.percepts(record)[1:]
    assert isinstance(picture, Image)
    assert picture.size == (4, 4)
    assert isinstance(sound, Audio)
    assert sound.duration == 2.0


def test_the_last_window_of_a_long_record_is_found(memory: Memory) -> None:
    """A record spread over several points is one record, and knows where its rows are."""
    [hit] = memory.recall("wolf", modalities=["audio"], limit=1)
    assert (hit.record.id, hit.span) == ("long", Span(2100, 2101))


def test_other_owners_and_expired_records_stay_apart(memory: Memory) -> None:
    """Eight records are alive; the other owner has one, with the id it was given."""
    assert memory.count() == 8
    assert memory.stats()["modalities"] == {
        "text": 4,
        "imu": 3,
        "audio": 2,
        "image": 2,
        "depth": 1,
        "thermal": 1,
    }
    assert "expired" not in {record.id for record in memory.timeline().records}
    with memory.for_owner("fido") as other:
        assert [record.id for record in other.timeline().records] == ["cat"]


def test_it_is_written_on(memory: Memory) -> None:
    """Remembering the same content changes nothing; records are changed, added and forgotten."""
    said = {"text": "the plumber comes on Friday", "source": "a note"}
    again = memory.remember(**said, at=NOON + timedelta(hours=3))  # type: ignore[arg-type]  # text
    assert (again.id, again.status) == (ANSWERS["plumber"][0], "known")
    memory.update("beach", tags=["holiday", "sea"])
    assert memory.get("beach").tags == ("holiday", "sea")
    assert memory.forget("long") == 1
    assert memory.recall("wolf", min_confidence=0.5) == []
    with memory.stream("imu", rate=50, accel="g", gyro="deg/s", window=1.0) as wrist:
        wrist.push(np.tile([0.0, 0, 1, 0, 0, 0], (50, 1)), at=NOON + timedelta(hours=7))
    assert memory.count() == 8


def test_it_becomes_a_folder_of_this_version(written: Path) -> None:
    """A release that knows the earlier version alone refuses it; its points stay as they are."""
    description = written / "memory" / "sensorium.json"
    assert json.loads(description.read_text())["version"] == 1
    encoder = PlantedEncoder(background=True)
    place = written / "memory"
    with Memory.open(place, owner="rex", encoder=encoder, share=False) as memory:
        assert json.loads(description.read_text())["version"] == 2
        assert isinstance(memory.backend, EdgeBackend)
        engine = memory.backend._shard.engine
        [point] = engine.retrieve([PLUMBER], ["digest"], False)
        assert point.payload is not None
        assert isinstance(point.payload["digest"], list)


def test_times_of_remembering_stay(memory: Memory) -> None:
    """Also where a record is given another time, and as a filter finds them."""
    before = memory.get(PLUMBER)
    moved = memory.update(PLUMBER, at=NOON + timedelta(days=1))
    assert (moved.created_at, moved.at) == (before.created_at, NOON + timedelta(days=1))
    new = memory.remember(text="the gardener came")
    assert memory.get(new.id).created_at == memory.get(new.id).at
    again = memory.update(new.id, at=NOON)
    assert again.created_at == memory.get(new.id).created_at > again.at
    ids = {r.id for r in memory.timeline(where=Range("created_at", gte=again.created_at)).records}
    assert ids == {new.id}


def test_an_export_is_imported(written: Path) -> None:
    """All records of the owner, and the files of their signals, arrive elsewhere."""
    encoder = PlantedEncoder(background=True)
    with Memory.open(written / "new", owner="rex", encoder=encoder) as memory:
        summary = memory.import_(written / "export")
        assert (summary.records, summary.media_files) == (9, 7)
        best = memory.recall("bark", limit=1)[0]
        assert (best.record.id, best.modality) == ("beach", "audio")
