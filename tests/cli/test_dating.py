"""Files are dated by what they say, what stands beside them, or when they were modified."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.support.captures import SYDNEY, photo, xmp
from tests.support.command_line import run, run_json

TAKEN = "2021-08-03T17:42:10+00:00"
MODIFIED = "2019-07-14T10:00:00+00:00"
TAKEOUT = "2016-07-01T14:00:00+00:00"
EXIF: dict[str, Any] = {"taken": "2021:08:03 19:42:10", "offset": "+02:00"}


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    when = datetime.fromisoformat(MODIFIED).timestamp()
    os.utime(path, (when, when))
    return path


def takeout(path: Path, **fields: Any) -> Path:
    stamp = str(int(datetime.fromisoformat(TAKEOUT).timestamp()))
    said = {"title": path.stem, "photoTakenTime": {"timestamp": stamp}, **fields}
    return write(path, json.dumps(said).encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photo that says when it was taken, one that does not, and one that Takeout describes."""
    photos = tmp_path / "photos"
    write(photos / "a.jpg", photo(**EXIF, gps=SYDNEY))
    write(photos / "b.jpg", photo(colour="red"))
    write(photos / "c.jpg", photo(**EXIF, colour="navy"))
    takeout(
        photos / "c.jpg.json",
        description="Anna in the waves",
        geoData={"latitude": 54.1, "longitude": 13.7, "altitude": 0.0},
    )
    return photos


def ats() -> dict[str, str]:
    """The time of each record, by the name of its file."""
    records = run_json("timeline", "--limit", "50")["records"]
    return {Path(record["media"][-1]["uri"]).name: record["at"] for record in records}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "times", "said"),
    [
        (
            (),
            (TAKEN, MODIFIED, TAKEOUT),
            "1 dated by EXIF, 1 by the file's modification time, 1 by Google Takeout",
        ),
        (("--at", "modified"), (MODIFIED,) * 3, "3 dated by the file's modification time"),
        (
            ("--at", "captured"),
            (TAKEN, None, TAKEOUT),
            "1 dated by EXIF, 1 by now, 1 by Google Takeout",
        ),
        (("--at", "now"), (None,) * 3, "3 dated by now"),
        (("--at", "2020-02-02T02:02Z"), ("2020-02-02T02:02:00+00:00",) * 3, ""),
    ],
)
def test_what_dates_a_file_can_be_chosen(
    folder: Path, way: tuple[str, ...], times: tuple[str | None, ...], said: str
) -> None:
    """By default the file and what stands beside it, else its modification time."""
    begun = datetime.now(timezone.utc)
    lines = run("remember", folder, *way).stdout.splitlines()
    assert lines == ["3 new: 3 image", said][: len(lines)]
    assert ("dated" in lines[-1]) == bool(said)
    for name, expected in zip(("a.jpg", "b.jpg", "c.jpg"), times, strict=True):
        at = ats()[name]
        assert at == expected if expected else datetime.fromisoformat(at) >= begun


def test_importing_again_after_a_copy_finds_all_known(folder: Path, tmp_path: Path) -> None:
    """New names and new modification times make no second record; a stated time does."""
    run("remember", folder, "--at", "modified")
    before = ats()
    copy = tmp_path / "copy"
    for name in ("a.jpg", "b.jpg"):
        os.utime(write(copy / f"IMG_2001_{name}", (folder / name).read_bytes()), (1.7e9, 1.7e9))
    done = run_json("remember", copy)
    assert (done["new"], done["known"]) == (0, 2)
    assert {(each["at"], each["dated_by"]) for each in done["records"]} == {(None, None)}
    assert ats() == before
    assert run_json("remember", copy, "--at", TAKEN)["new"] == 2


def test_json_says_what_dated_each_record(folder: Path) -> None:
    """And which side files were heeded; none of them is skipped."""
    done = run_json("remember", folder)
    said = {Path(each["file"]).name: (each["at"], each["dated_by"]) for each in done["records"]}
    assert said == {
        "a.jpg": (TAKEN, "EXIF"),
        "b.jpg": (MODIFIED, "the file's modification time"),
        "c.jpg": (TAKEOUT, "Google Takeout"),
    }
    assert done["skipped"] == []
    assert [Path(each["of"]).name for each in done["side_files"]] == ["c.jpg"]


def test_what_people_wrote_beside_a_photo_is_its_text(folder: Path) -> None:
    """With its place; the words of the command come first."""
    [record] = run_json("remember", folder / "c.jpg", "--text", "holiday")["records"]
    found = run_json("show", record["id"])
    assert found["text"] == "holiday\nAnna in the waves"
    assert found["place"] == {"latitude": 54.1, "longitude": 13.7, "altitude": None}


def test_a_damaged_side_file_is_told_and_its_photo_kept(folder: Path) -> None:
    """By what the photo says itself."""
    write(folder / "a.jpg.json", b'{"title": ')
    write(folder / "b.xmp", xmp(photoshop__DateCreated="2018-01-02T03:04:05Z"))
    done = run("remember", folder)
    assert "1 a side file of a.jpg that cannot be read" in done.stdout
    assert ats()["a.jpg"] == TAKEN
    assert ats()["b.jpg"] == "2018-01-02T03:04:05+00:00"
    assert "b.xmp" not in done.output


def test_files_together_are_of_the_first_time(folder: Path) -> None:
    """One record, of the place and the words that any of them has."""
    [record] = {each["id"] for each in run_json("remember", folder, "--together")["records"]}
    found = run_json("show", record)
    assert (found["at"], found["text"]) == (TAKEOUT, "Anna in the waves")
    assert found["place"]["latitude"] == 54.1


def test_a_modification_time_that_cannot_be_is_not_taken(tmp_path: Path) -> None:
    """Archives without times give zeros."""
    path = write(tmp_path / "a.jpg", photo())
    os.utime(path, (0, 0))
    assert run("remember", path).stdout.endswith("1 dated by now\n")


def test_look_says_when_and_where(folder: Path) -> None:
    """As it would be remembered, and by what."""
    seen = run_json("look", folder / "a.jpg", folder / "c.jpg")["files"]
    assert [(each["at"], each["dated_by"]) for each in seen] == [
        (TAKEN, "EXIF"),
        (TAKEOUT, "Google Takeout"),
    ]
    assert seen[0]["place"] == {"latitude": -33.8568, "longitude": 151.2153}
    assert seen[1]["words"] == "Anna in the waves"
    text = run("look", folder / "a.jpg").stdout
    assert f"at            {TAKEN}\n  dated by      EXIF\n" in text


def test_other_words_are_no_times(folder: Path) -> None:
    """The message names what can be said."""
    assert "yesterdayish" in run("remember", folder, "--at", "yesterdayish", code=2).stderr


def test_what_people_wrote_in_a_picture_is_its_text_and_tags(tmp_path: Path) -> None:
    """After the words and tags of the command; or not, if they are not wanted."""
    words = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
     xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description dc:description="Rex runs">
     <dc:subject><rdf:Bag><rdf:li>dog</rdf:li><rdf:li>garden</rdf:li></rdf:Bag></dc:subject>
     </rdf:Description></rdf:RDF></x:xmpmeta>"""
    path = write(tmp_path / "a.jpg", photo(xmp=words))
    [record] = run_json("remember", path, "--tag", "pets", "--tag", "dog")["records"]
    found = run_json("show", record["id"])
    assert (found["text"], found["tags"]) == ("Rex runs", ["pets", "dog", "garden"])
    assert run_json("remember", path)["known"] == 1
    [other] = run_json("remember", path, "--no-captions")["records"]
    found = run_json("show", other["id"])
    assert (found["text"], found["tags"]) == ("", [])
