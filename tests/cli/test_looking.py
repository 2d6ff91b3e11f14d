"""`sensorium look`: what would be taken of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.support.command_line import DOG, MUG, run, run_json
from tests.support.films import film
from tests.support.motions import COLUMNS, planted
from tests.support.sounds import tone

from sensorium.cli.looking import line_of

UNITS = ("--accel", "m/s^2", "--gyro", "rad/s")


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    columns = [1_698_501_144 + np.arange(300) / 100, *planted(300).T]
    rows = "\n".join(",".join(f"{each:.12g}" for each in row) for row in np.stack(columns, 1))
    path = tmp_path / "left.csv"
    path.write_text(",".join(["epoch (s)", *COLUMNS]) + "\n" + rows)
    return path


def test_it_says_what_is_taken_of_motion(motion: Path, home: Path) -> None:
    """Columns, rate, the time and the size of the numbers; nothing is remembered."""
    [seen] = run_json("look", motion, *UNITS)["files"]
    assert seen["taken"] == {
        "accel": ["ax", "ay", "az"],
        "gyro": ["gx", "gy", "gz"],
        "time": "epoch (s) [s]",
    }
    assert (seen["at"][:10], seen["samples"], seen["gaps"]) == ("2023-10-28", 300, [])
    assert seen["rate"] == pytest.approx(100, abs=1e-3)
    norms = np.linalg.norm(planted(300)[:, :3], axis=1)
    assert seen["accel, m/s^2"]["median"] == pytest.approx(np.median(norms), abs=1e-3)
    text = run("look", motion, *UNITS).stdout
    assert "epoch (s) [s]" in text
    assert line_of(norms) in text
    assert not home.exists()


def test_it_says_how_far_a_depth_map_reaches() -> None:
    """In metres, with the share of holes; its time is that of its last change."""
    [seen] = run_json("look", MUG, "--as", "depth", "--unit", "mm", "--fx", "525")["files"]
    assert 0 < seen["metres"]["least"] <= seen["metres"]["median"] <= seen["metres"]["most"] < 10
    assert 0 <= seen["holes"] < 1
    assert seen["dated_by"] == "the file's modification time"


def test_a_picture_of_it_is_drawn(motion: Path, tmp_path: Path) -> None:
    """A plot of motion, into a new file; a file that is there stays."""
    target = tmp_path / "plot.png"
    run("look", motion, *UNITS, "--picture", target)
    with PIL.Image.open(target) as picture:
        assert picture.format == "PNG"
    content = target.read_bytes()
    run("look", motion, *UNITS, "--picture", target, code=1)
    assert target.read_bytes() == content
    run("look", motion, DOG, *UNITS, "--picture", tmp_path / "two.png", code=2)


def test_a_file_that_is_refused_does_not_stop_the_others(motion: Path) -> None:
    """Its error is said in its place, and the command fails."""
    first, second = run_json("look", motion, DOG, code=1)["files"]
    assert "--accel" in first["error"]
    assert second["modality"] == "image"


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    """Silence would look like a success."""
    assert run("look", tmp_path).stdout == f"no known file in {tmp_path}\n"
    assert run_json("look", tmp_path) == {"files": []}


def test_numbers_are_told_as_they_are_said(tmp_path: Path) -> None:
    """A picture of five frames a second is told to have 5.0, and no line ends with a semicolon."""
    path = tmp_path / "blink.gif"
    frames = [PIL.Image.new("L", (32, 32), grey) for grey in (0, 90, 180, 250, 10, 120)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=200)
    assert [seen["fps"] for seen in run_json("look", path)["files"]] == [5.0]
    letter = tmp_path / "letter.eml"
    letter.write_text("From: a@example.org\nSubject: ferry\n\nIt leaves at nine.\n")
    assert run("look", letter).stdout.splitlines()[1].endswith("1 text, no times")


def test_values_as_bars() -> None:
    """The least is the lowest, the most the highest; many are averaged."""
    assert line_of(np.array([])) == ""
    assert line_of(np.array([1.0, 1.0])) == "▁▁"
    assert line_of(np.arange(6000.0))[::59] == "▁█"


@pytest.mark.slow
def test_sound_tracks_are_counted_and_chosen(tmp_path: Path) -> None:
    """How many there are is said, and which is taken; `remember` takes the one that is said."""
    path = tmp_path / "two.mkv"
    path.write_bytes(film(tone(300, 2.0), tone(900, 2.0), seconds=2.0, container="matroska"))
    [seen] = run_json("look", path)["files"]
    assert (seen["sound_tracks"], seen["track"]) == (2, 0)
    [heard] = run_json("look", path, "--as", "audio", "--track", "1")["files"]
    assert (heard["sound_tracks"], heard["track"]) == (2, 1)
    [record] = run_json("remember", path, "--track", "1")["records"]
    media = run_json("show", record["id"])["media"]
    assert [each["units"] for each in media] == [{}, {"track": 1}]
    refused = run_json("remember", path, "--track", "2", code=1)["failures"]
    assert "which has 2" in refused[0]["error"]["came"]
