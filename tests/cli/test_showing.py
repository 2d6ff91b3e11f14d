"""`sensorium show` and `save`: a record, and copies of its signals."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.command_line import BARK, DOG, MEDIA, remembered, run, run_json
from tests.support.films import BOAT


def test_a_record_is_shown_and_its_signal_saved(tmp_path: Path) -> None:
    """All fields, where its file lies, and a copy of it, byte for byte; never over another."""
    name = remembered(DOG, "--text", "with Rex", "--meta", "room=garden")
    shown = run_json("show", name[:8])
    [medium] = [each for each in shown["media"] if each["modality"] == "image"]
    assert Path(medium["path"]).read_bytes() == DOG.read_bytes()
    assert medium["path"] in run("show", name).stdout
    assert "room=garden" in run("show", name).stdout
    run("save", name, tmp_path / "copy.jpg")
    assert (tmp_path / "copy.jpg").read_bytes() == DOG.read_bytes()
    assert "exists already" in run("save", name, tmp_path / "copy.jpg", code=1).stderr
    assert run_json("save", name, tmp_path)["files"] == [str(tmp_path / DOG.name)]
    words = remembered("--text", "buy milk")
    assert run_json("save", words, tmp_path, code=1)["error"]["type"] == "MediaNotFoundError"


def test_where_a_record_was_and_came_from_is_shown() -> None:
    """The place in the form that --place takes, and the file; words are not said to be lost."""
    name = remembered(DOG, "--text", "with Rex")
    run("update", name, "--place", "-33.8568,151.2153,12")
    shown = dict(line.split(maxsplit=1) for line in run("show", name).stdout.splitlines())
    assert shown["place"] == "-33.8568,151.2153,12"
    assert shown["from"] == DOG.as_uri()
    assert shown["text"] == "with Rex"
    words = run("show", remembered("--text", "buy milk")).stdout
    assert "not kept" not in words


def test_several_signals_need_a_folder(tmp_path: Path) -> None:
    """A record of a photo and its sound is saved as two files, by their names."""
    name, _ = (each["id"] for each in run_json("remember", "--together", DOG, BARK)["records"])
    assert "a folder" in run("save", name, tmp_path / "both", code=1).stderr
    run("save", name, f"{tmp_path / 'both'}/")
    assert {path.name for path in (tmp_path / "both").iterdir()} == {DOG.name, BARK.name}


def test_a_name_that_ends_with_a_slash_is_a_folder(tmp_path: Path) -> None:
    """It is made if it is not there, so that a photo does not become a file called like it."""
    name = remembered(DOG)
    folder = tmp_path / "new" / "photos"
    assert run_json("save", name, f"{folder}/")["files"] == [str(folder / DOG.name)]
    assert (folder / DOG.name).read_bytes() == DOG.read_bytes()
    assert "which is a file" in run("save", name, f"{folder / DOG.name}/", code=1).stderr


def test_signals_of_one_name_are_saved_apart(tmp_path: Path) -> None:
    """A second file of the same name is called after its record."""
    paths = []
    for folder, photo in (("a", DOG), ("b", MEDIA / "photo_piano.jpg")):
        (tmp_path / folder).mkdir()
        paths.append(shutil.copy(photo, tmp_path / folder / "photo.jpg"))
    name, _ = (record["id"] for record in run_json("remember", "--together", *paths)["records"])
    (tmp_path / "both").mkdir()
    files = [Path(file) for file in run_json("save", name, tmp_path / "both")["files"]]
    assert [file.name for file in files] == ["photo.jpg", f"{name[:8]}-2.jpg"]
    assert [file.read_bytes() for file in files] == [Path(path).read_bytes() for path in paths]


@pytest.mark.slow
def test_the_sound_of_a_video_is_no_file_of_its_own(tmp_path: Path) -> None:
    """The video is saved once, and `show` says that the sound is in it."""
    film = tmp_path / "boat.mp4"
    film.write_bytes(BOAT)
    name = remembered(film)
    assert {each["modality"] for each in run_json("show", name)["media"]} == {"video", "audio"}
    assert "audio     of the video, 4.0 s" in run("show", name).stdout
    run("save", name, tmp_path / "copy.mp4")
    assert (tmp_path / "copy.mp4").read_bytes() == BOAT
    silent = run_json("remember", film, "--no-sound", "--id", "silent")["records"][0]["id"]
    assert {each["modality"] for each in run_json("show", silent)["media"]} == {"video"}
