"""A copy is complete, resumes where it stopped, and takes nobody's id."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.support.exports import SHORT, all_points, client, payload, planted, same, unit

from sensorium.errors import (
    RecordError,
    StoreUnavailableError,
)
from sensorium.memory.layout.ids import point_id
from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving import parquet
from sensorium.memory.moving.copying import copy_records
from sensorium.memory.moving.exporting import export_records
from sensorium.memory.moving.importing import import_records
from sensorium.qdrant import (
    EdgeBackend,
    Equal,
    Filter,
    Point,
)
from sensorium.qdrant.client.backend import ClientBackend


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


def test_a_damaged_file_is_missing(source: EdgeBackend, media: MediaStore) -> None:
    """Its content would be kept under another name, of which no record knows."""
    target, remote = client(), MediaStore(f"memory://{uuid4()}", owner="rex")
    [name] = media.names()
    path = media.path(name)
    assert path is not None
    path.write_bytes(b"the sound of the rain")
    copy = partial(
        copy_records, source, target, owner="rex", source_media=media, target_media=remote
    )
    summary = copy()
    assert (summary.copied, summary.media_files, summary.missing_media) == (14, 0, 1)
    assert list(remote.names()) == []
    path.write_bytes(b"the sound of the sea")
    assert copy().media_files == 1
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
    with pytest.raises(StoreUnavailableError, match="0 of which arrived"):
        copy_records(source, target, owner="rex")
    target.close()
