"""Moving memories: an export is whole or not there, an import harms nobody, a copy can resume."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow.parquet
import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, picture, sound, thermal

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import (
    ExportFormatError,
    MissingExtraError,
    OwnerError,
    RecordError,
    SchemaVersionError,
    SpaceMismatchError,
    StoreError,
    StoreUnavailableError,
)
from sensorium.memory import Memory
from sensorium.memory.layout.ids import content_id, part_id, point_id
from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving import parquet
from sensorium.memory.moving.exporting import copy_records, export_records, import_records
from sensorium.percepts import Image
from sensorium.qdrant import (
    Backend,
    CollectionSchema,
    EdgeBackend,
    Equal,
    Filter,
    Point,
    StoredPoint,
)
from sensorium.qdrant.client.backend import ClientBackend

DIMENSION = 8
SPACE = EmbeddingSpace("tiny", "0" * 64, "plain", DIMENSION)
SCHEMA = CollectionSchema.for_space(SPACE, modalities=["image"])  # imports add the others
AT = "2026-03-01T12:00:00.000000Z"
TOLERANCE = 2e-3  # a store rounds to float16


def edge(folder: Path, space: EmbeddingSpace = SPACE) -> EdgeBackend:
    return EdgeBackend.open(folder, schema=replace(SCHEMA, space=space))


def client(kind: type[ClientBackend] = ClientBackend) -> ClientBackend:
    return kind(QdrantClient(":memory:"), schema=SCHEMA, owned=True)


def unit(rows: int, seed: int) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def payload(owner: str, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "owner": owner,
        "at": AT,
        "created_at": AT,
        "digest": [f"{number:064x}"],
        "page_content": f'words "{number}" - ü\n',
        "tags": ["sea", str(number)],
        "metadata": {"number": number, "share": number / 7, "none": None, "deep": [{"a": True}]},
        "flags": ["metadata.deep.a=true"],
        "schema_version": 1,
        **fields,
    }


def planted(owner: str, media: MediaStore | None) -> list[Point]:
    """Twelve memories: one with a given id, a file and two parts, the others plain."""
    points = []
    for number in range(11):
        vectors = {"image": unit(1, number)} if number % 2 else {"audio": unit(number + 1, number)}
        points.append(
            point(content_id(owner, [f"{number:064x}"], AT), vectors, payload(owner, number))
        )
    names = [media.put(b"the sound of the sea", extension="wav")] if media else []
    medium = {"modality": "audio", "digest": f"{99:064x}", "row": 0, "rows": 7, "units": {}}
    kept = {"hashes": names, "media": [{**medium, "file": names[0]}]} if names else {}
    long, rows = point_id(owner, "long"), {"audio": 7, "image": 1}
    whole = payload(owner, 99, id="long", parts=2, rows=rows, **kept)
    points.append(point(long, {"audio": unit(3, 99), "image": unit(1, 98)}, whole))
    for number in (1, 2):
        part = payload(owner, 99, part_of=long, part=number, rows=rows)
        points.append(point(part_id(long, number), {"audio": unit(2, 99 + number)}, part))
    return points


def point(name: str, vectors: dict[str, Any], fields: dict[str, Any]) -> Point:
    """A point whose payload says what its vectors are."""
    modalities = sorted(fields.get("rows", vectors))
    windows = {sense: len(rows) for sense, rows in vectors.items() if len(rows) > 1}
    found = {**fields, "modalities": modalities, **({"windows": windows} if windows else {})}
    return Point(name, vectors, found)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeBackend]:
    """What rex and max remember; only read."""
    folder = tmp_path_factory.mktemp("source")
    backend = edge(folder)
    backend.add_modality("audio")
    backend.upsert(planted("rex", MediaStore(folder / "media", owner="rex")))
    backend.upsert(planted("max", None))
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def media(source: EdgeBackend) -> MediaStore:
    return MediaStore(source.folder / "media", owner="rex")


@pytest.fixture(scope="session")
def pristine(
    source: EdgeBackend, media: MediaStore, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("pristine") / "out"
    return export_records(source, media, owner="rex", directory=out).directory


@pytest.fixture
def exported(pristine: Path, tmp_path: Path) -> Path:
    """An export that a test may damage."""
    return shutil.copytree(pristine, tmp_path / "out")


@pytest.fixture
def target() -> Iterator[ClientBackend]:
    backend = client()
    yield backend
    backend.close()


def all_points(backend: Backend, owner: str) -> dict[str, StoredPoint]:
    page = backend.scroll(Filter(owner, parts=True), limit=1000, payload=True, vectors=True)
    assert page.cursor is None
    return {point.id: point for point in page.points}


def same(one: dict[str, StoredPoint], other: dict[str, StoredPoint]) -> None:
    assert {k: p.payload for k, p in one.items()} == {k: p.payload for k, p in other.items()}
    for name, point in one.items():
        assert point.vectors.keys() == other[name].vectors.keys()
        for modality, rows in point.vectors.items():
            np.testing.assert_allclose(rows, other[name].vectors[modality], atol=TOLERANCE)


def rehash(directory: Path) -> None:
    """Make the manifest agree with files that were changed."""
    manifest = json.loads((directory / "manifest.json").read_text())
    for file in manifest["files"]:
        content = (directory / file["name"]).read_bytes()
        file["sha256"] = hashlib.sha256(content).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest))


def change_manifest(directory: Path, **fields: Any) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def change_records(directory: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Rewrite the rows of an export, as somebody with bad intentions could."""
    path = directory / "records-00000.parquet"
    table = pyarrow.parquet.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pyarrow.parquet.write_table(type(table).from_pylist(rows, schema=table.schema), path)
    rehash(directory)


def change_payload(directory: Path, **fields: Any) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["payload"] = json.dumps({**json.loads(rows[0]["payload"]), **fields})

    change_records(directory, change)


def change_audio(directory: Path, rows: list[Any]) -> None:
    change_records(directory, lambda table: table[0].update(audio=rows))


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


def test_other_programs_can_read_it(exported: Path) -> None:
    """Plain Parquet columns hold times, words, tags and vectors; absent senses are null."""
    table = pyarrow.parquet.read_table(exported / "records-00000.parquet")
    assert table.num_rows == 14
    assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"
    rows = {row["id"]: row for row in table.to_pylist()}
    long = rows[point_id("rex", "long")]
    assert long["owner"] == "rex"
    assert long["tags"] == ["sea", "99"]
    assert long["page_content"] == 'words "99" - ü\n'
    np.testing.assert_allclose(long["audio"], unit(3, 99), atol=TOLERANCE)
    assert rows[content_id("rex", [f"{1:064x}"], AT)]["audio"] is None
    assert json.loads(long["payload"])["metadata"]["deep"] == [{"a": True}]
    manifest = json.loads((exported / "manifest.json").read_text())
    assert (manifest["version"], manifest["records"], manifest["points"]) == (1, 12, 14)
    assert CollectionSchema.from_dict(manifest["schema"], place="x").space == SPACE


def test_large_exports_are_cut(
    source: EdgeBackend, target: ClientBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row groups and files stay small however many records there are, and all are read back."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 3)
    monkeypatch.setattr(parquet, "FILE_ROWS", 6)
    directory = export_records(source, None, owner="rex", directory=tmp_path / "out").directory
    files = sorted(directory.glob("*.parquet"))
    assert [path.name for path in files] == [f"records-0000{i}.parquet" for i in range(3)]
    groups = [pyarrow.parquet.ParquetFile(path).num_row_groups for path in files]
    assert groups == [2, 2, 1]
    import_records(directory, target, None, owner="rex")
    same(all_points(source, "rex"), all_points(target, "rex"))


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


def test_what_is_there_is_not_written_over(source: EdgeBackend, tmp_path: Path) -> None:
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
from tests.memory.moving.test_exporting import edge, planted
from sensorium.memory.moving.exporting import export_records
base = Path(sys.argv[1])
backend = edge(base / "killed")
backend.add_modality("audio")
backend.upsert(planted("rex", None))
kill = lambda done, total: os.kill(os.getpid(), signal.SIGKILL)
export_records(backend, None, owner="rex", directory=base / "out", progress=kill)
"""


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


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def linked(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def record_file(**fields: Any) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        manifest = json.loads((directory / "manifest.json").read_text())
        change_manifest(directory, files=[{**manifest["files"][0], **fields}])

    return change


RECORDS, MANIFEST = "records-00000.parquet", "manifest.json"
MEDIUM = {"modality": "audio", "digest": "0" * 64, "row": 0, "rows": 1}
DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "flipped bit": (lambda d: flip(d / RECORDS), RECORDS),
    "cut records": (lambda d: cut(d / RECORDS), RECORDS),
    "no records": (lambda d: (d / RECORDS).unlink(), RECORDS),
    "no manifest": (lambda d: (d / MANIFEST).unlink(), MANIFEST),
    "cut manifest": (lambda d: cut(d / MANIFEST), MANIFEST),
    "empty manifest": (lambda d: (d / MANIFEST).write_bytes(b""), MANIFEST),
    "deep manifest": (lambda d: (d / MANIFEST).write_text("[" * 100_000), MANIFEST),
    "not an export": (lambda d: (d / MANIFEST).write_text('{"name": "x"}'), MANIFEST),
    "newer": (lambda d: change_manifest(d, version=2), "upgrade"),
    "outside": (record_file(name="../source/sensorium.json"), MANIFEST),
    "absolute": (record_file(name="/etc/passwd"), MANIFEST),
    "wrong rows": (record_file(rows=3), MANIFEST),
    "linked records": (lambda d: linked(d / RECORDS), "link"),
    "linked manifest": (lambda d: linked(d / MANIFEST), "link"),
    "no media": (lambda d: shutil.rmtree(d / "media"), "media"),
    "linked media": (lambda d: linked(d / "media"), "link"),
    "tampered media": (lambda d: flip(next((d / "media").glob("*/*"))), "content"),
    "hostile file": (lambda d: change_payload(d, hashes=["../../x"]), "hashes"),
    "hostile medium": (
        lambda d: change_payload(d, media=[{"modality": "a", "digest": "", "file": "/etc/x"}]),
        "media",
    ),
    "extra of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "color": 1}]), "color"),
    "row of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "row": "a"}]), "row"),
    "time of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "at": "now"}]), "at"),
    "spans of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "spans": [[1]]}]), "spans"),
    "no digest": (lambda d: change_payload(d, digest=[]), "digest"),
    "null digest": (lambda d: change_payload(d, digest=None), "digest"),
    "other senses": (lambda d: change_payload(d, modalities=["smell"]), "smell"),
    "too many windows": (lambda d: change_payload(d, windows={"audio": 10**12}), "windows"),
    "part of nothing": (lambda d: change_payload(d, part=1), "part"),
    "hidden part": (lambda d: change_payload(d, part_of="x", part=1), "part_of"),
    "hostile name": (lambda d: change_payload(d, id="a\nb"), "id"),
    "large number": (lambda d: change_payload(d, metadata={"a": 10**30}), "metadata"),
    "false flags": (lambda d: change_payload(d, flags=["metadata.b=true"]), "flags"),
    "blank tag": (lambda d: change_payload(d, tags=[" "]), "tags"),
    "wrong time": (lambda d: change_payload(d, at="2026-13-01T00:00:00.000000Z"), "at"),
    "naive time": (lambda d: change_payload(d, expires_at="tomorrow"), "expires_at"),
    "no time": (lambda d: change_payload(d, created_at=None), "created_at"),
    "other layout": (lambda d: change_payload(d, schema_version=7), "schema_version"),
    "hostile id": (lambda d: change_records(d, lambda rows: rows[0].update(id="../x")), "id"),
    "no payload": (lambda d: change_records(d, lambda rows: rows[0].update(payload=None)), RECORDS),
    "short vector": (lambda d: change_audio(d, [[1.0] * 7]), "audio"),
    "null vector": (
        lambda d: change_records(d, lambda rows: rows[0].update(audio=[None])),
        "audio",
    ),
    "no window": (lambda d: change_records(d, lambda rows: rows[0].update(audio=[])), "audio"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named(kind: str, exported: Path, target: ClientBackend, tmp_path: Path) -> None:
    """A damaged or hostile export is refused by the name of what is wrong; no record is made."""
    damage, match = DAMAGE[kind]
    damage(exported)
    media = MediaStore(tmp_path / "other", owner="rex")
    with pytest.raises(ExportFormatError, match=match):
        import_records(exported, target, media, owner="rex")
    assert all_points(target, "rex") == {}


@pytest.mark.parametrize("value", [np.nan, np.inf, 3.0])
def test_hostile_vectors_are_refused(exported: Path, target: ClientBackend, value: float) -> None:
    """Numbers that are no unit vector never reach the index."""
    bad = [value] * DIMENSION
    change_records(exported, lambda rows: rows[0].update(audio=[bad, *rows[0]["audio"][1:]]))
    with pytest.raises(StoreError):
        import_records(exported, target, None, owner="rex")
    assert all_points(target, "rex") == {}


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


SHORT = point(point_id("rex", "long"), {"audio": unit(1, 7)}, payload("rex", 7, id="long"))


def test_a_shorter_record_leaves_no_parts_of_the_longer_one(
    source: EdgeBackend, target: ClientBackend, tmp_path: Path
) -> None:
    """When an import or a copy replaces a record by a shorter one, its old parts are removed."""
    short = client()
    short.add_modality("audio")
    short.upsert([SHORT])
    directory = export_records(short, None, owner="rex", directory=tmp_path / "short").directory
    for bring in (
        lambda: import_records(directory, target, None, owner="rex"),
        lambda: copy_records(short, target, owner="rex"),
    ):
        copy_records(source, target, owner="rex", replace=True)
        assert len(all_points(target, "rex")) == 14
        bring()
        assert len(all_points(target, "rex")) == 12
        assert target.count(Filter("rex", Equal("part_of", SHORT.id), parts=True)) == 0
    short.close()


def test_parts_come_after_their_record_and_never_without(
    source: EdgeBackend, exported: Path, target: ClientBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a move is cut short, no point continues a record that is not there."""
    monkeypatch.setattr(parquet, "PAGE", 1)

    def check(done: int, total: int | None) -> None:
        points = all_points(target, "rex")
        assert all(p.payload.get("part_of", name) in points for name, p in points.items())

    import_records(exported, target, None, owner="rex", progress=check)
    target.delete(Filter("rex", parts=True))
    copy_records(source, target, owner="rex", progress=check, batch=1)
    assert len(all_points(target, "rex")) == 14


def test_strays_are_not_moved(exported: Path, tmp_path: Path, target: ClientBackend) -> None:
    """Parts of no record, or beyond the last of one, stay behind."""
    untidy = client()
    untidy.add_modality("audio")
    untidy.upsert([SHORT, *planted("rex", None)[-2:]])
    directory = export_records(untidy, None, owner="rex", directory=tmp_path / "untidy").directory
    assert import_records(directory, target, None, owner="rex").points == 1
    assert copy_records(untidy, target, owner="rex").skipped == 1
    assert all_points(target, "rex").keys() == {SHORT.id}
    untidy.close()


def test_spaces_do_not_mix(exported: Path, tmp_path: Path) -> None:
    """An export of another space, or of another layout, names both, and nothing is written."""
    other = edge(tmp_path / "third", EmbeddingSpace("other", "1" * 64, "plain", DIMENSION))
    with pytest.raises(SpaceMismatchError, match=r"tiny.*other"):
        import_records(exported, other, None, owner="rex")
    source = client()
    with pytest.raises(SpaceMismatchError, match=r"tiny.*other"):
        copy_records(source, other, owner="rex")
    manifest = json.loads((exported / "manifest.json").read_text())
    change_manifest(exported, schema={**manifest["schema"], "version": 7})
    with pytest.raises(SchemaVersionError, match="7"):
        import_records(exported, other, None, owner="rex")
    assert other.schema.modalities == ("image",)
    other.close()
    source.close()


def test_without_pyarrow_the_extra_is_named(
    source: EdgeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both directions say what to install, before anything is touched."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"sensorium\[export\]"):
        export_records(source, None, owner="rex", directory=tmp_path / "out")
    with pytest.raises(MissingExtraError, match=r"sensorium\[export\]"):
        import_records(tmp_path, source, None, owner="rex")
    assert not (tmp_path / "out").exists()


# Copying


def test_a_copy_is_the_same(source: EdgeBackend, media: MediaStore) -> None:
    """From Edge to a client come one owner's points, parts and files, and no others'."""
    target, remote = client(), MediaStore(f"memory://{uuid4()}", owner="rex")
    done: list[tuple[int, int | None]] = []
    summary = copy_records(
        source,
        target,
        owner="rex",
        source_media=media,
        target_media=remote,
        progress=lambda n, total: done.append((n, total)),
        batch=5,
    )
    assert (summary.copied, summary.skipped, summary.media_files) == (14, 0, 1)
    assert done == [(5, 14), (10, 14), (12, 14), (14, 14)]  # records first, then their parts
    same(all_points(source, "rex"), all_points(target, "rex"))
    assert all_points(target, "max") == {}
    assert [remote.read(name) for name in remote.names()] == [b"the sound of the sea"]
    target.close()


def test_a_copy_goes_on_where_it_stopped(target: ClientBackend) -> None:
    """After an interruption only the rest is written; later only what changed, or all on demand."""
    source = client()
    source.add_modality("audio")
    source.upsert(planted("rex", None))

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_records(source, target, owner="rex", progress=stop, batch=5)
    assert len(all_points(target, "rex")) == 5
    rest = copy_records(source, target, owner="rex", batch=5)
    assert (rest.copied, rest.skipped) == (9, 5)
    whole = all_points(source, "rex")[point_id("rex", "long")]
    changed_payload = {**whole.payload, "tags": ["changed"]}
    source.upsert([Point(whole.id, whole.vectors, changed_payload)])
    changed = copy_records(source, target, owner="rex")
    assert (changed.copied, changed.skipped) == (1, 13)
    assert copy_records(source, target, owner="rex", replace=True).copied == 14
    same(all_points(source, "rex"), all_points(target, "rex"))
    source.close()


def test_a_copy_cannot_take_anothers_id(source: EdgeBackend, target: ClientBackend) -> None:
    """A point whose id another owner has in the target is refused and left alone."""
    taken = min(all_points(source, "rex"))
    target.upsert([Point(taken, {"image": unit(1, 0)}, payload("max", 0))])
    before = all_points(target, "max")
    with pytest.raises(RecordError, match="another owner"):
        copy_records(source, target, owner="rex", replace=True)
    same(before, all_points(target, "max"))


class Forgetful(ClientBackend):
    """A store that acknowledges every write and keeps none."""

    def upsert(self, points: Any) -> None:
        pass


def test_a_copy_is_counted_at_the_end(source: EdgeBackend) -> None:
    """A target that lost what it took is found out."""
    target = client(Forgetful)
    with pytest.raises(StoreUnavailableError, match="0 arrived"):
        copy_records(source, target, owner="rex")
    target.close()


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
