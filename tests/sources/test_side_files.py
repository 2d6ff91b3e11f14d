"""Laws of side files: a photo library's words beside a picture are its own."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.support.captures import photo, xmp

from sensorium import sources
from sensorium.errors import MediaDecodeError
from sensorium.percepts import Image, Place
from sensorium.percepts.capture.capture import Capture
from sensorium.sources.side_files import capture_with, find_side_file, read_side_file

TAKEN = datetime(2016, 7, 1, 14, tzinfo=timezone.utc)
LONG = "Everything we saw on the first day of our long journey"  # Takeout cuts names to 46 letters


def takeout(path: Path, **fields: Any) -> Path:
    said = {"title": "x", "photoTakenTime": {"timestamp": str(int(TAKEN.timestamp()))}, **fields}
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("beach.jpg", "beach.jpg.json"),
        ("beach.jpg", "beach.jpg.supplemental-metadata.json"),
        (
            "00100lrPORTRAIT_00100_BURST20171210_1.jpg",
            "00100lrPORTRAIT_00100_BURST20171210_1.jpg.supp.json",
        ),
        (f"{LONG[:47]}.jpg", f"{LONG[:46]}.json"),
        ("beach(1).jpg", "beach.jpg(1).json"),
        ("beach(1).jpg", "beach.jpg.supplemental-metadata(1).json"),
        ("beach-edited.jpg", "beach.jpg.json"),
        ("beach-bearbeitet(2).jpg", "beach.jpg.supplemental-metadata(2).json"),
        ("IMG_2101.MP4", "IMG_2101.HEIC.json"),
        ("IMG_2101-edited.jpg", "IMG_2101.HEIC.json"),
        ("beach.jpg", "beach.jpg.suppl.json"),
        ("beach.jpg", "beach.jpg.s.json"),
        ("beach(3).jpg", "beach.jpg.supplemental-me(3).json"),
        ("beach(1)-edited.jpg", "beach.jpg(1).json"),
        (f"{LONG[:43]}-edi.jpg", f"{LONG[:43]}.jp.json"),
        ("beach.jpg", "beach.xmp"),
        ("beach.jpg", "beach.jpg.xmp"),
        ("beach.CR2", "beach.XMP"),
    ],
)
def test_a_file_finds_its_side_file(tmp_path: Path, name: str, side: str) -> None:
    """By the rules of Takeout, and of those who write XMP; another's is not taken."""
    file = tmp_path / name
    (tmp_path / side).write_text("{}", encoding="utf-8")
    (tmp_path / "other.jpg.json").write_text("{}", encoding="utf-8")
    assert find_side_file(file) == tmp_path / side


def test_a_name_of_the_greatest_length_is_looked_up_like_others(tmp_path: Path) -> None:
    """Names that would be longer than a name may be are not there; shorter ones are found."""
    file = tmp_path / f"{'n' * 251}.jpg"  # 255 bytes
    file.touch()
    assert find_side_file(file) is None
    (tmp_path / f"{'n' * 46}.json").write_text("{}", encoding="utf-8")
    assert find_side_file(file) == tmp_path / f"{'n' * 46}.json"


def test_a_file_without_one_has_none(tmp_path: Path) -> None:
    """Not even a file that is its own."""
    (tmp_path / "beach(1).jpg.json").mkdir()
    takeout(tmp_path / "sea.jpg.json")
    assert find_side_file(tmp_path / "beach.jpg") is None
    assert find_side_file(tmp_path / "sea.jpg.json") is None


def test_takeout_says_when_and_where(tmp_path: Path) -> None:
    """Seconds since 1970, degrees, and the words of its owner."""
    path = takeout(
        tmp_path / "a.json",
        title="beach.jpg",
        description=" Anna in the waves ",
        geoData={"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        geoDataExif={"latitude": 54.1, "longitude": 13.7, "altitude": 3.5},
        creationTime={"timestamp": "1700000000"},
    )
    side = read_side_file(path)
    assert side is not None
    assert (side.captured, side.by) == (TAKEN, "Google Takeout")
    assert side.place == Place(54.1, 13.7, 3.5)
    assert (side.title, side.description) == ("beach.jpg", "Anna in the waves")
    assert not side.uploaded


def test_xmp_beside_a_picture_says_the_same(tmp_path: Path) -> None:
    """As within one."""
    path = tmp_path / "a.xmp"
    path.write_bytes(xmp(photoshop__DateCreated="2016-07-01T16:00:00+02:00"))
    side = read_side_file(path)
    assert side is not None
    assert (side.captured, side.by) == (TAKEN, "XMP side file")


@pytest.mark.parametrize("content", ["[1, 2]", '{"name": "a chat"}', "null"])
def test_other_json_is_no_side_file(tmp_path: Path, content: str) -> None:
    """It has no time at which a photo was taken."""
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    assert read_side_file(path) is None


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", "{"), ("a.xmp", "<x"), ("a.json", "\xff")]
)
def test_a_damaged_one_says_so(tmp_path: Path, name: str, content: str) -> None:
    """By its name, and what to do."""
    path = tmp_path / name
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(MediaDecodeError, match=rf"side file '{name}'.*remove it"):
        read_side_file(path)


@pytest.mark.parametrize("stamp", ["0", "", None, "99999999999999999999", {"a": 1}])
def test_times_that_cannot_be_are_none(tmp_path: Path, stamp: Any) -> None:
    """The rest of the side file counts all the same."""
    path = takeout(tmp_path / "a.json", photoTakenTime={"timestamp": stamp}, description="sea")
    side = read_side_file(path)
    assert side is not None
    assert (side.captured, side.by, side.description) == (None, None, "sea")


def test_a_side_file_goes_before_the_file_but_not_its_upload(tmp_path: Path) -> None:
    """People correct times in their library; the time of an upload is no better than any."""
    own = Capture(datetime(2015, 1, 2, tzinfo=timezone.utc), "EXIF", Place(1, 2))
    corrected = read_side_file(takeout(tmp_path / "a.json"))
    assert capture_with(corrected, own) == Capture(TAKEN, "Google Takeout", Place(1, 2))
    same = {"timestamp": str(int(TAKEN.timestamp()) + 20)}
    uploaded = read_side_file(takeout(tmp_path / "b.json", creationTime=same))
    assert capture_with(uploaded, own) == own
    assert capture_with(uploaded, Capture()).at == TAKEN
    assert capture_with(None, own) == own


def test_another_number_is_another_file(tmp_path: Path) -> None:
    """A copy that has no side file does not take that of its original."""
    takeout(tmp_path / "beach.jpg.json")
    takeout(tmp_path / "beach.jpg(2).json")
    assert find_side_file(tmp_path / "beach(1).jpg") is None
    assert find_side_file(tmp_path / "beach(2).jpg") == tmp_path / "beach.jpg(2).json"


def test_a_walk_reads_what_stands_beside_files(tmp_path: Path) -> None:
    """A percept was taken when and where its side file says, whose words it has."""
    picture = tmp_path / "beach.jpg"
    picture.write_bytes(photo(taken="2010:01:01 10:00:00"))
    place = {"latitude": 54.1, "longitude": 13.7, "altitude": 0.0}
    takeout(tmp_path / "beach.jpg.supplemental-metad.json", description="Anna", geoData=place)
    account = sources.Account()
    [seen] = sources.walk(tmp_path, account=account)
    assert (seen.captured, seen.captured_by) == (TAKEN, "Google Takeout")
    assert (seen.place, seen.description) == (Place(54.1, 13.7), "Anna")
    assert seen == next(sources.open(picture))  # it is the same picture all the same
    assert {line.became: line.count for line in account.lines} == {
        "read": 1,
        "side files, read with the files beside them": 1,
    }
    [named] = sources.walk(picture)
    assert named.description == "Anna"


def test_what_belongs_to_a_photo_library_is_told_apart(tmp_path: Path) -> None:
    """Albums, side files without a file, other JSON, and damaged ones: each told once."""
    (tmp_path / "a.jpg").write_bytes(photo())
    (tmp_path / "a.jpg.json").write_text("{")
    (tmp_path / "b.jpg").write_bytes(photo(colour="red"))
    (tmp_path / "b.jpg.json").write_text('{"name": "a chat"}')
    takeout(tmp_path / "lost.jpg.json")
    album = {"title": "Sea", "access": "protected", "date": {"timestamp": "1"}}
    (tmp_path / "metadata.json").write_text(json.dumps(album))
    (tmp_path / "Metadaten.json").write_text(json.dumps({"albumData": {"title": "Meer"}}))
    (tmp_path / "package.json").write_text('{"name": "x", "version": "1"}')
    told: list[tuple[str, str]] = []
    account = sources.Account()
    walk = sources.walk(
        tmp_path, account=account, on_skip=lambda path, why: told.append((path.name, why))
    )
    assert [type(each) for each in walk] == [Image, Image]
    said = dict(told)
    assert len(told) == len(said) == account.files - 2
    assert said.pop("a.jpg.json").startswith("a side file of a.jpg that cannot be read")
    assert said == {
        "b.jpg.json": "unknown kind",
        "lost.jpg.json": "side files without a file beside them",
        "metadata.json": "notes of Google Takeout on albums",
        "Metadaten.json": "notes of Google Takeout on albums",
        "package.json": "unknown kind",
    }


def test_a_side_file_does_not_lead_out_of_the_roots(tmp_path: Path) -> None:
    """The picture is read; what its link leads to is not."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(photo())
    takeout(tmp_path / "secret.json", description="secret")
    (tmp_path / "in" / "a.jpg.json").symlink_to(tmp_path / "secret.json")
    for path in (tmp_path / "in", tmp_path / "in" / "a.jpg"):
        read = sources.walk(path, roots=[tmp_path / "in"], on_failure=lambda path, error: None)
        assert [each.description for each in read] == [""]
