"""Rows of a dataset: what they are read as, and by what they are known again."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from sensorium import sources
from sensorium.errors import MediaDecodeError, RecordError, SourceNotFoundError
from sensorium.moving import list_files
from sensorium.moving.rows import in_own_words, read_row, row_key, row_name
from sensorium.percepts import Percept, Text
from sensorium.samples import FOLDER


def read(row: Mapping[str, object], scratch: Path) -> list[Percept]:
    def fail(_: Path, error: Exception) -> None:
        raise error

    return list(read_row(row, scratch, fail))


def test_rows_of_a_folder_are_what_a_walk_reads(tmp_path: Path) -> None:
    """The same percepts, in the same order, by the same paths; a skipped file is told."""
    for name in ("photo_dog.jpg", "sound_rain.ogg"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "notes.txt").write_text("the heron stood in the reeds")
    (tmp_path / "unknown.xyz").write_text("?")
    skipped: list[str] = []
    rows = list_files(tmp_path, on_skip=lambda path, _: skipped.append(path.name))
    assert [Path(row["path"]).name for row in rows] == [
        *("notes.txt", "photo_dog.jpg", "sound_rain.ogg")
    ]
    assert skipped == ["unknown.xyz"]
    there = [p.digest for p in sources.walk(tmp_path)]
    assert [p.digest for row in rows for p in read(row, tmp_path)] == there


def test_a_row_keeps_the_rule_of_its_folder_and_the_files_beside_it(tmp_path: Path) -> None:
    """Units of `sensorium.toml` and subtitles arrive wherever the row is read."""
    (tmp_path / "depth.png").write_bytes((FOLDER / "depth_mug.png").read_bytes())
    rule = '[[files]]\nmatch = "depth.png"\nas = "depth"\nunit = "mm"\nfx = 525\n'
    (tmp_path / "sensorium.toml").write_text(rule)
    [row] = pickle.loads(pickle.dumps(list_files(tmp_path)))
    [percept] = read(row, tmp_path)
    assert percept.modality == "depth"
    assert dict(percept.units)["unit"] == "mm"


def test_bytes_are_read_as_a_file_of_that_name(tmp_path: Path) -> None:
    """What Ray reads is what a path would be; the origin is the given path."""
    content = (FOLDER / "sound_rain.ogg").read_bytes()
    [percept] = read({"path": "bucket/key/rain.ogg", "bytes": content}, tmp_path)
    [same] = sources.open(FOLDER / "sound_rain.ogg")
    assert (percept.digest, percept.uri) == (same.digest, "bucket/key/rain.ogg")
    [unnamed] = read({"bytes": content}, tmp_path)
    assert unnamed.digest == same.digest


def test_a_name_of_content_leads_nowhere_else(tmp_path: Path) -> None:
    """Whatever a path says, the content is written into the given folder."""
    for path in ("..", "a/..", "/", "", "x/../../y.txt", ".hidden.txt"):
        list(read_row({"path": path, "bytes": b"some words"}, tmp_path, lambda *_: None))
    assert list(tmp_path.parent.glob("*.txt")) == []
    assert len([each for each in tmp_path.rglob("*") if each.is_file()]) == 6


def test_words_of_a_message_name_the_path_that_was_given(tmp_path: Path) -> None:
    """A message about content does not name the folder that it was read from."""
    row = {"path": "bucket/cut.jpg", "bytes": b"\xff\xd8\xff"}
    with pytest.raises(MediaDecodeError) as caught:
        [each.decode() for each in read(row, tmp_path)]  # type: ignore[attr-defined]
    said = in_own_words(str(caught.value), row, tmp_path)
    assert "bucket/cut.jpg" in said
    assert str(tmp_path) not in said


def test_a_path_a_text_or_nothing_that_is_known(tmp_path: Path) -> None:
    """A text is a text, a path is read, and other columns say what to pass."""
    assert read({"text": "a heron"}, tmp_path) == [Text("a heron")]
    [percept] = read({"path": str(FOLDER / "sound_rain.ogg")}, tmp_path)
    assert percept.modality == "audio"
    with pytest.raises(RecordError, match="pass moments="):
        read({"caption": "a heron"}, tmp_path)
    with pytest.raises(SourceNotFoundError):
        read({"path": str(tmp_path / "gone.jpg")}, tmp_path)


def test_a_file_is_known_again_until_it_changes(tmp_path: Path) -> None:
    """Same path, size and time: the same key. Changed, or read by another rule: another key."""
    file = tmp_path / "notes.txt"
    file.write_text("first")
    [row] = list_files(tmp_path)
    first = row_key(row)
    assert first == row_key(list_files(tmp_path)[0])
    status = file.stat()
    file.write_text("other")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert row_key(row) != first
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert row_key(row) == first  # as far as can be told without reading it
    assert row_key({**row, "how": json.dumps({"options": ["unit"]})}) != first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"text": "a"}, {"text": "b"}),
        ({"text": "a"}, {"words": "a"}),
        ({"a": "x", "b": ""}, {"a": "", "b": "x"}),
        ({"n": 1}, {"n": "1"}),
        ({"n": [1, 2]}, {"n": [12]}),
        ({"bytes": b"a\0"}, {"bytes": b"a"}),
        ({"path": "x", "bytes": b"a"}, {"path": "y", "bytes": b"a"}),
        ({"v": np.zeros(2, np.float32)}, {"v": np.zeros((2, 1), np.float32)}),
    ],
)
def test_other_content_is_another_row(one: dict[str, object], other: dict[str, object]) -> None:
    """Whatever differs in a row makes another key; the order of columns does not."""
    assert row_key(one) != row_key(other)
    assert row_key(one) == row_key(dict(reversed(one.items())))


def test_a_row_has_a_name_for_people(tmp_path: Path) -> None:
    """Its path, its id, its words, or else its key."""
    assert row_name({"path": "a/b.jpg", "bytes": b""}) == "a/b.jpg"
    assert row_name({"id": 7, "text": "words"}) == "7"
    assert row_name({"text": "w" * 100}) == "w" * 60
    assert row_key({"n": 1}) in row_name({"n": 1})
