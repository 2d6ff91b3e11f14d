"""An export is whole or not there, and an import harms nobody."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow.parquet
import pytest
from tests.support.exports import (
    AT,
    TOLERANCE,
    all_points,
    change_payload,
    change_records,
    client,
    edge,
    payload,
    planted,
    same,
    unit,
)
from tests.support.planted import PlantedEncoder, picture, sound, thermal

from sensorium.errors import (
    ExportFormatError,
    OwnerError,
)
from sensorium.memory import Memory
from sensorium.memory.layout.ids import content_id, part_id, point_id
from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving import parquet
from sensorium.memory.moving.copying import copy_records
from sensorium.memory.moving.exporting import export_records
from sensorium.memory.moving.importing import import_records
from sensorium.percepts import Image
from sensorium.qdrant import (
    EdgeBackend,
    Filter,
    Point,
)
from sensorium.qdrant.client.backend import ClientBackend


@pytest.mark.parametrize("kind", ["edge", "client"])
def test_what_was_exported_comes_back(
    kind: str, pristine: Path, source: EdgeBackend, tmp_path: Path
) -> None:
    """Into an empty store of the same owner come all points, vectors and files, and no others."""
    target = edge(tmp_path / "target") if kind == "edge" else client()
    media = MediaStore(tmp_path / "other", owner="rex")
    done: list[tuple[int, int | None]] = []
    summary = import_records(
        pristine, target, media, owner="rex", progress=lambda n, total: done.append((n, total))
    )
    assert (summary.records, summary.points) == (12, 14)
    assert (summary.media_files, summary.missing_media) == (1, 0)
    same(all_points(source, "rex"), all_points(target, "rex"))
    assert all_points(target, "max") == {}
    assert [media.read(name) for name in media.names()] == [b"the sound of the sea"]
    assert done[-1] == (14, 14)
    again = export_records(target, media, owner="rex", directory=tmp_path / "again")
    assert (again.records, again.points, again.media_files) == (12, 14, 1)
    target.close()


def test_an_import_can_be_repeated(exported: Path, target: ClientBackend, tmp_path: Path) -> None:
    """The second time, the same ids are replaced, and nothing is doubled."""
    media = MediaStore(tmp_path / "other", owner="rex")
    import_records(exported, target, media, owner="rex")
    before = all_points(target, "rex")
    again = import_records(exported, target, media, owner="rex")
    assert (again.points, again.media_files) == (14, 0)
    same(before, all_points(target, "rex"))


def test_an_interrupted_import_is_finished_by_the_next(
    exported: Path, source: EdgeBackend, target: ClientBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before an interruption stays, and a repetition brings the rest."""
    monkeypatch.setattr(parquet, "PAGE", 4)

    def stop(done: int, total: int | None) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_records(exported, target, None, owner="rex", progress=stop)
    assert len(all_points(target, "rex")) == 8
    import_records(exported, target, None, owner="rex")
    same(all_points(source, "rex"), all_points(target, "rex"))


def test_another_owner_gets_records_of_their_own(exported: Path, target: ClientBackend) -> None:
    """In one store, an import for another owner leaves the first one's as they are.

    Ids are those the other owner's own records would have; parts follow their record.
    """
    import_records(exported, target, None, owner="rex")
    mine = all_points(target, "rex")
    for _ in range(2):
        import_records(exported, target, None, owner="eve")
    same(mine, all_points(target, "rex"))
    theirs = all_points(target, "eve")
    assert len(theirs) == 14
    assert not theirs.keys() & mine.keys()
    long = point_id("eve", "long")
    expected = {content_id("eve", [f"{n:064x}"], AT) for n in range(11)}
    assert theirs.keys() == expected | {long, part_id(long, 1), part_id(long, 2)}
    assert {p.payload["part_of"] for p in theirs.values() if "part_of" in p.payload} == {long}
    assert {p.payload["owner"] for p in theirs.values()} == {"eve"}
    vectors = theirs[part_id(long, 2)].vectors["audio"]
    np.testing.assert_allclose(vectors, unit(2, 101), atol=TOLERANCE)


def test_a_record_that_was_changed_is_adopted_too(exported: Path, target: ClientBackend) -> None:
    """An id that follows from nothing is derived from the new owner and the old id."""
    change_payload(exported, digest=["c" * 64])
    import_records(exported, target, None, owner="eve")
    import_records(exported, target, None, owner="eve")
    assert len(all_points(target, "eve")) == 14


def test_nobody_and_nothing_can_be_exported(
    source: EdgeBackend, target: ClientBackend, tmp_path: Path
) -> None:
    """An owner without memories has an export, too; a name that is none has not."""
    summary = export_records(source, None, owner="nobody", directory=tmp_path / "a" / "out")
    assert (summary.records, summary.points) == (0, 0)
    assert import_records(summary.directory, target, None, owner="nobody").points == 0
    with pytest.raises(OwnerError):
        export_records(source, None, owner="", directory=tmp_path / "none")
    with pytest.raises(OwnerError):
        import_records(summary.directory, target, None, owner=" ")
    assert not (tmp_path / "none").exists()


def test_media_of_another_owner_is_refused(
    exported: Path, source: EdgeBackend, target: ClientBackend, media: MediaStore, tmp_path: Path
) -> None:
    """A media store that is not the owner's is a mistake, whichever way things go."""
    with pytest.raises(OwnerError, match="rex"):
        export_records(source, media, owner="max", directory=tmp_path / "no")
    with pytest.raises(OwnerError, match="rex"):
        import_records(exported, target, media, owner="max")
    with pytest.raises(OwnerError, match="rex"):
        copy_records(source, target, owner="max", source_media=media)


def test_lost_media_are_counted_not_fatal(
    source: EdgeBackend, target: ClientBackend, tmp_path: Path
) -> None:
    """A file that is gone or damaged leaves its record exportable; both sides say so."""
    media = MediaStore(tmp_path / "media", owner="rex")
    planted("rex", media)
    (name,) = media.names()
    path = media.path(name)
    assert path is not None
    path.write_bytes(b"rot")
    first = export_records(source, media, owner="rex", directory=tmp_path / "rotten")
    media.remove([name])
    second = export_records(source, media, owner="rex", directory=tmp_path / "gone")
    for summary in (first, second):
        assert (summary.media_files, summary.missing_media) == (0, 1)
    other = MediaStore(tmp_path / "other", owner="rex")
    assert import_records(second.directory, target, other, owner="rex").missing_media == 1


def test_an_existing_export_is_not_overwritten(source: EdgeBackend, tmp_path: Path) -> None:
    """A directory with anything in it, or a file, is refused; an empty directory is filled."""
    full, file, empty = tmp_path / "full", tmp_path / "file", tmp_path / "empty"
    full.mkdir()
    (full / "precious").write_text("x")
    file.write_text("x")
    empty.mkdir()
    for place in (full, file):
        with pytest.raises(ExportFormatError, match="empty"):
            export_records(source, None, owner="rex", directory=place)
    assert (full / "precious").read_text() == file.read_text() == "x"
    export_records(source, None, owner="rex", directory=empty)
    assert (empty / "manifest.json").exists()


def test_an_interrupted_export_leaves_nothing(
    source: EdgeBackend, media: MediaStore, tmp_path: Path
) -> None:
    """When it is stopped, neither the directory nor a part of it remains."""

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_records(source, media, owner="rex", directory=tmp_path / "x" / "out", progress=stop)
    assert list((tmp_path / "x").iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.support.exports import edge, planted
from sensorium.memory.moving.exporting import export_records
base = Path(sys.argv[1])
backend = edge(base / "killed")
backend.add_modality("audio")
backend.upsert(planted("rex", None))
kill = lambda done, total: os.kill(os.getpid(), signal.SIGKILL)
export_records(backend, None, owner="rex", directory=base / "out", progress=kill)
"""


@pytest.mark.slow
def test_a_killed_export_does_not_look_whole(tmp_path: Path) -> None:
    """After SIGKILL the directory is not there, and exporting again works."""
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parents[3])]
    done = subprocess.run(command, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    backend = edge(tmp_path / "killed")
    summary = export_records(backend, None, owner="rex", directory=tmp_path / "out")
    backend.close()
    assert summary.points == 14


def test_an_import_cannot_take_anothers_id(exported: Path, target: ClientBackend) -> None:
    """A crafted id is no way into another owner's ids, there or yet to come: it is derived anew."""
    stolen = str(uuid4())
    target.upsert([Point(stolen, {"image": unit(1, 0)}, payload("max", 0))])
    before = all_points(target, "max")
    change_records(exported, lambda rows: rows[0].update(id=stolen))
    change_records(exported, lambda rows: rows[1].update(id=point_id("max", "diary")))
    for _ in range(2):
        assert import_records(exported, target, None, owner="rex").records == 12
    same(before, all_points(target, "max"))
    assert len(all_points(target, "rex")) == 14
    assert not all_points(target, "rex").keys() & {stolen, point_id("max", "diary")}


def test_a_record_keeps_its_id_when_its_content_changed(
    exported: Path, target: ClientBackend
) -> None:
    """What an id follows from is kept when a record is changed: at home it keeps its id."""
    rows = pyarrow.parquet.read_table(exported / "records-00000.parquet").to_pylist()
    first = json.loads(rows[0]["payload"])
    change_payload(exported, digest=["c" * 64], origin=first["digest"])
    import_records(exported, target, None, owner="rex")
    assert all_points(target, "rex")[rows[0]["id"]].payload["digest"] == ["c" * 64]


def test_a_changed_memory_comes_home_under_its_ids(tmp_path: Path) -> None:
    """What was changed since it was remembered is the same record after an export and an import."""
    encoder = PlantedEncoder()
    with Memory.open(tmp_path / "one", owner="rex", encoder=encoder) as memory:
        long = sound("|".join(f"n{i}" for i in range(1100)))
        for percept in (picture("dog"), long):
            memory.update(memory.remember(percept).id, thermal("dog"), text="Rex")
        before = all_points(memory.backend, "rex")
        memory.export(tmp_path / "export")
    with Memory.open(tmp_path / "two", owner="rex", encoder=encoder) as memory:
        assert memory.import_(tmp_path / "export").points == 3
        same(before, all_points(memory.backend, "rex"))
        assert memory.import_(tmp_path / "export").points == memory.backend.count(
            Filter("rex", parts=True)
        )


def test_what_came_from_nowhere_still_does_after_reembedding() -> None:
    """A percept without a source gets none: the file that was kept of it is no such thing."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(Image(np.zeros((4, 4, 3), np.uint8)), text="black", id="x")
        before = memory.get("x").media
        memory.reembed(PlantedEncoder(model="other"))
        assert memory.get("x").media == before
        assert [medium.uri for medium in before] == [None, None]
