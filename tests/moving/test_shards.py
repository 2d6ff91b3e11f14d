"""Shards: whole or not there, not made twice, and together an export."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.encoders import Encoding
from sensorium.errors import (
    ArgumentTypeError,
    ExportFormatError,
    MissingExtraError,
    OwnerError,
    SensoriumError,
    SpaceMismatchError,
    UnknownEncoderError,
)
from sensorium.memory import Memory, Moment
from sensorium.moving import ShardWriter, encode_dataset, join_shards
from sensorium.moving.shard_writer import FinishedRows
from sensorium.percepts import Percept, Text

Row = Mapping[str, Any]


class CountingEncoder(PlantedEncoder):
    """Counts what it is asked for, by the words of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        self.asked += [str(getattr(each, "text", each.uri)) for each in percepts]
        return super().try_encode(percepts)


def texts(*words: str) -> list[Row]:
    return [{"text": each} for each in words]


def shard_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("records-*.parquet"))


def imported(folder: Path, *, owner: str = "rex") -> list[str]:
    """The words of a memory that imports a folder, twice: it is the same as once."""
    with Memory.open(":memory:", owner=owner, encoder=PlantedEncoder()) as memory:
        memory.import_(folder)
        once = memory.count()
        memory.import_(folder)
        assert memory.count() == once
        return sorted(record.text for record in memory.timeline(limit=1000))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def writer(out: Path, encoder: CountingEncoder) -> ShardWriter:
    return ShardWriter(out, owner="rex", encoder=encoder)


def test_shards_are_what_a_memory_exports(out: Path, tmp_path: Path) -> None:
    """Joined, they are the records, vectors, media and ids that remembering gives."""
    rows = [{"n": number} for number in range(4)]
    moments = [
        Moment(text="a heron in the reeds", tags=["lake"], metadata={"n": 1}),
        Moment((picture("dog"), sound("bark|sea")), source="camera"),
        Moment(picture("cat"), text="asleep", id="cat-1"),
        Moment(vectors={"text": np.eye(1, 64)[0]}, id="given", text="by hand"),
    ]
    writer = ShardWriter(
        out, owner="rex", encoder=PlantedEncoder(), moments=lambda row: moments[row["n"]]
    )
    assert writer.write(rows[:3]).failures == []
    writer.write(rows[3:])
    done = join_shards(out)
    assert (done.records, done.shards, done.rows, done.repeated) == (4, 2, 4, 0)
    assert done.media_files == 3
    with (
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as one,
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as other,
    ):
        assert one.import_(out).media_files == 3
        other.remember_many(moments)
        for ours, theirs in zip(one.timeline(limit=9), other.timeline(limit=9), strict=True):
            assert ours.id == theirs.id
            assert (ours.text, ours.tags, ours.source) == (theirs.text, theirs.tags, theirs.source)
            assert [m.file for m in ours.media] == [m.file for m in theirs.media]
        for words in ("heron", "dog", "sea", "cat"):
            [mine], [its] = one.recall(words, limit=1), other.recall(words, limit=1)
            assert mine.record.id == its.record.id
            assert mine.similarity == pytest.approx(its.similarity, abs=2e-3)


def test_finished_rows_are_not_encoded_again(
    out: Path, writer: ShardWriter, encoder: CountingEncoder
) -> None:
    """In whatever batches they come again, only what is new is computed."""
    writer.write(texts("one", "two"))
    writer.write(texts("three"))
    encoder.asked.clear()
    again = ShardWriter(out, owner="rex", encoder=encoder)
    report = again.write(texts("three", "four", "one"))
    assert (report.rows, report.known) == (3, 2)
    assert encoder.asked == ["four"]
    assert join_shards(out).records == 4
    assert imported(out) == ["four", "one", "three", "two"]


def test_a_task_that_is_tried_again_finds_its_own_shard(
    writer: ShardWriter, encoder: CountingEncoder, out: Path
) -> None:
    """An actor that died after writing, before telling, costs nothing, and no second shard."""
    first = writer.knowing(FinishedRows([]))
    first.write(texts("one", "two"))
    encoder.asked.clear()
    report = first.write(texts("one", "two"))
    assert (report.known, encoder.asked, len(shard_files(out))) == (2, [], 1)


def test_a_shard_that_cannot_be_finished_is_not_there(
    writer: ShardWriter, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends while it writes leaves nothing that counts; the next one goes on."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("sensorium.memory.moving.shards.put_in_place", die)
        with pytest.raises(KeyboardInterrupt):
            writer.write(texts("one"))
    assert shard_files(out) == []
    assert writer.write(texts("one")).known == 0
    join_shards(out)
    assert imported(out) == ["one"]
    assert not (out / ".unfinished").exists()


def test_a_row_that_fails_is_reported_and_tried_again(out: Path) -> None:
    """Others of its shard are kept; when it can be encoded, it is, and alone."""
    broken = {"two"}

    def moments(row: Row) -> Text:
        if row["text"] in broken:
            raise ValueError("broken")
        return Text(row["text"])

    encoder = CountingEncoder()
    writer = ShardWriter(out, owner="rex", encoder=encoder, moments=moments)
    report = writer.write(texts("one", "two", "an unreadable one"))
    assert [(each.row, each.error) for each in report.failures] == [
        ("two", "ValueError"),
        ("an unreadable one", "PerceptTooShortError"),
    ]
    broken.clear()
    encoder.asked.clear()
    again = ShardWriter(out, owner="rex", encoder=encoder, moments=moments)
    report = again.write(texts("one", "two", "an unreadable one"))
    assert [each.row for each in report.failures] == ["an unreadable one"]
    assert encoder.asked == ["two", "an unreadable one"]
    join_shards(out)
    assert imported(out) == ["one", "two"]


def test_a_row_of_which_a_part_fails_is_finished_and_says_so(out: Path) -> None:
    """Its failure is told by every later report; its parts are not computed again."""

    def moments(row: Row) -> list[Percept]:
        return [Text("good"), Text("unreadable"), picture("dog")]

    encoder = CountingEncoder()
    writer = ShardWriter(out, owner="rex", encoder=encoder, moments=moments)
    [failure] = writer.write([{"id": "recording"}]).failures
    assert (failure.row, failure.partial) == ("recording", True)
    encoder.asked.clear()
    again = ShardWriter(out, owner="rex", encoder=encoder, moments=moments)
    assert again.write([{"id": "recording"}]).known == 1
    assert encoder.asked == []
    assert [str(each) for each in join_shards(out).failures] == [str(failure)]


def test_a_row_of_nothing_is_finished(out: Path, encoder: CountingEncoder) -> None:
    """A function that returns nothing has left the row out; that is no failure."""
    writer = ShardWriter(out, owner="rex", encoder=encoder, moments=lambda _: None)
    report = writer.write(texts("one"))
    assert report.failures == []
    assert join_shards(out).records == 0
    assert imported(out) == []


def test_a_row_that_ends_its_process_is_left_out(out: Path) -> None:
    """The third process that meets it reports it, and keeps what is beside it."""

    class Ended(BaseException):
        """The process is gone: nothing behind the row runs."""

    def moments(row: Row) -> Text:
        if row["text"] == "two":
            notes = {path: path.read_bytes() for path in (out / ".unfinished").glob("*.tries")}
            left.update(notes)
            raise Ended
        return Text(row["text"])

    left: dict[Path, bytes] = {}
    for _ in range(3):  # all together, then two that go row by row
        with pytest.raises(Ended):
            ShardWriter(out, owner="rex", encoder=PlantedEncoder(), moments=moments).write(
                texts("one", "two", "three")
            )
        for path, content in left.items():
            path.write_bytes(content)
    last = ShardWriter(out, owner="rex", encoder=PlantedEncoder(), moments=moments)
    [failure] = last.write(texts("one", "two", "three")).failures
    assert (failure.row, failure.error) == ("two", "EncodingError")
    assert "2 processes ended" in failure.message
    join_shards(out)
    assert imported(out) == ["one", "three"]


def test_content_in_two_shards_is_one_record(out: Path, writer: ShardWriter) -> None:
    """It stays in one of them, with all that continues it; a second join changes nothing."""
    rows = [{"text": "same", "n": number} for number in range(2)]
    writer.write(rows[:1])
    writer.write([rows[1], *texts("other")])
    done = join_shards(out)
    assert (done.records, done.repeated, done.rows) == (2, 1, 3)
    ids = [
        name
        for path in shard_files(out)
        for name in pyarrow.parquet.read_table(path)["id"].to_pylist()
    ]
    assert len(ids) == len(set(ids)) == 2
    assert join_shards(out).repeated == 0
    assert writer.write(rows).known == 2  # they are still known to be finished
    assert imported(out) == ["other", "same"]


def test_a_long_record_keeps_its_parts(out: Path) -> None:
    """Also where it is in two shards: the points that continue it stay or go with it."""

    def moments(row: Row) -> Moment:
        return Moment(sound("|".join(["sea"] * 2000)), id="long", text=row["text"])

    writer = ShardWriter(out, owner="rex", encoder=PlantedEncoder(), moments=moments)
    writer.write(texts("first"))
    writer.write(texts("second"))
    done = join_shards(out)
    assert (done.records, done.repeated) == (1, 1)
    assert done.points > 1
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        assert memory.import_(out).points == done.points
        [record] = memory.timeline()
        assert record.media[-1].rows == 2000


def test_more_shards_may_come_after_joining(out: Path, writer: ShardWriter) -> None:
    """The export is as before until it is joined again."""
    writer.write(texts("one"))
    join_shards(out)
    writer.write(texts("two"))
    assert imported(out) == ["one"]
    join_shards(out)
    assert imported(out) == ["one", "two"]


def test_other_arguments_are_refused(out: Path, writer: ShardWriter) -> None:
    """Another owner, encoder or choice of media does not go into the same export."""
    writer.write(texts("one"))
    others = (
        (ShardWriter(out, owner="max", encoder=PlantedEncoder()), "owner"),
        (ShardWriter(out, owner="rex", encoder=PlantedEncoder(model="other")), "encoder"),
        (ShardWriter(out, owner="rex", encoder=PlantedEncoder(), keep_media=False), "settings"),
    )
    for other, what in others:
        with pytest.raises(ExportFormatError, match=f"with {what} .*another directory"):
            other.write(texts("two"))
    join_shards(out)
    assert imported(out) == ["one"]


def test_an_owner_imports_what_another_encoded(out: Path, writer: ShardWriter) -> None:
    """Ids follow from whoever imports; a memory of another encoder refuses."""
    writer.write(texts("one"))
    join_shards(out)
    assert imported(out, owner="max") == ["one"]
    with (
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(model="other")) as memory,
        pytest.raises(SpaceMismatchError),
    ):
        memory.import_(out)


def test_what_is_no_shard_is_refused(out: Path, writer: ShardWriter, tmp_path: Path) -> None:
    """An export that a memory wrote, a damaged file, and a directory without shards."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(text="one")
        memory.export(tmp_path / "export")
    other = ShardWriter(tmp_path / "export", owner="rex", encoder=PlantedEncoder())
    with pytest.raises(ExportFormatError, match="write to another directory"):
        other.write(texts("two"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportFormatError, match="without a shard"):
        join_shards(tmp_path / "empty")
    writer.write(texts("one"))
    [path] = shard_files(out)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ExportFormatError, match=path.name):
        join_shards(out)


def test_media_are_left_out_when_asked(out: Path) -> None:
    """`keep_media=False` writes vectors alone."""
    writer = ShardWriter(
        out,
        owner="rex",
        encoder=PlantedEncoder(),
        moments=lambda _: picture("dog"),
        keep_media=False,
    )
    writer.write(texts("one"))
    assert join_shards(out).media_files == 0
    assert not (out / "media").exists()


def test_a_writer_is_pickled_as_it_was_made(out: Path) -> None:
    """What another process gets writes the same; nothing that was opened goes with it."""
    writer = ShardWriter(out, owner="rex", encoder=PlantedEncoder(), sound=False)
    writer.write(texts("one"))
    other = pickle.loads(pickle.dumps(writer))
    assert other.write(texts("one", "two")).known == 1
    assert join_shards(out).records == 2


def test_wrong_arguments_say_what_to_pass(out: Path) -> None:
    """Before anything is read or written."""
    with pytest.raises(OwnerError):
        ShardWriter(out, owner="")
    with pytest.raises(UnknownEncoderError):
        ShardWriter(out, owner="rex", encoder=7)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="pass its path"):
        ShardWriter(7, owner="rex")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="moments="):
        ShardWriter(out, owner="rex", moments=7)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="list of mappings"):
        ShardWriter(out, owner="rex").write("one")  # type: ignore[arg-type]
    assert not out.exists()


def test_without_ray_the_extra_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the line to type."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'pip install "sensorium\[ray\]"'):
        encode_dataset([], out, owner="rex")


def test_keys_of_finished_rows_are_found_among_others() -> None:
    """Of many keys exactly those that are there, and none of an empty set."""
    keys = [f"{number:032x}" for number in range(0, 2000, 2)]
    finished = FinishedRows(keys)
    assert len(finished) == 1000
    assert all(key in finished for key in keys)
    assert not any(f"{number:032x}" in finished for number in range(1, 2000, 2))
    assert "0" * 32 not in FinishedRows([])
