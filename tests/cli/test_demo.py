"""`sensorium demo`: real samples, questions across modalities, one of which has no answer."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sensorium.cli import app
from sensorium.cli.demo import moments
from sensorium.samples import FOLDER

ANSWERS = [  # the modality and the sample that come first, for each question
    ("audio", "sound_dog_bark.ogg"),
    ("image", "photo_helicopter.jpg"),
    ("imu", "imu_walking.npz"),
    ("image", "photo_piano.jpg"),
    ("audio", "sound_dog_bark.ogg"),
    ("text", "texts.json"),
    ("image", "photo_dog.jpg"),
    ("image", "photo_helicopter.jpg"),
    None,
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "memory"


@pytest.fixture(scope="module")
def record(place: Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["demo", "--memory", str(place), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_every_question_is_answered(record: dict[str, Any]) -> None:
    """The planted sample comes first; the question that nothing fits finds nothing."""
    first = [
        (hits[0]["modality"], hits[0]["record"]["source"]) if hits else None
        for hits in (answer["hits"] for answer in record["answers"])
    ]
    assert first == ANSWERS


def test_a_bark_and_the_sea_ask_for_both(record: dict[str, Any]) -> None:
    """Two sounds added up find the note of the one and the note of the other."""
    texts = [hit["record"]["text"] for hit in record["answers"][5]["hits"]]
    assert texts[:2] == ["a walk by the sea", "my dog likes to bark at the postman"]


def test_every_hit_says_how_sure_it_is(record: dict[str, Any]) -> None:
    """Confidences are calibrated, and sounds and motion say which stretch matched."""
    hits = [hit for answer in record["answers"] for hit in answer["hits"]]
    assert all(hit["calibrated"] and 0 <= hit["confidence"] <= 1 for hit in hits)
    assert all(hit["span"] for hit in hits if hit["modality"] in ("audio", "imu", "text"))


def test_the_text_shows_it_all(place: Path, record: dict[str, Any]) -> None:
    """Each question, its hits, and that this measures nothing, within 80 columns."""
    shown = CliRunner().invoke(app, ["demo", "--memory", str(place)], env={"COLUMNS": "80"}).stdout
    for answer in record["answers"]:
        assert answer["question"] in shown
    assert "0:02.0-0:02.9  sound_dog_bark.ogg" in shown
    assert "nothing, which is right" in shown
    assert "a demonstration, not a measurement" in shown
    assert max(len(line) for line in shown.splitlines()[1:-1]) <= 80


def test_a_kept_demo_can_be_asked_more(place: Path, record: dict[str, Any]) -> None:
    """The memory stays where it was asked for, and twice is once."""
    result = CliRunner().invoke(app, ["stats", "--memory", str(place), "--json"])
    assert json.loads(result.stdout)["records"] == record["samples"]


def test_every_sample_is_remembered_and_attributed() -> None:
    """All files but the two lists become memories, and each has its line in ATTRIBUTION.md."""
    files = {path.name for path in FOLDER.iterdir()} - {"ATTRIBUTION.md"}
    assert {moment.source for moment in moments()} == files
    attributed = (FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert [name for name in files if f"| {name} |" not in attributed] == []


@pytest.mark.slow
def test_the_page_shows_the_samples() -> None:
    """`--page` prints a link on this machine that signs in once, and ends at Ctrl-C."""
    command = [sys.executable, "-m", "sensorium.cli", "demo", "--page", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        link = ""
        while not link.startswith("Open http://127.0.0.1:"):
            link = running.stdout.readline()
            assert link, "it ended without a link"
        assert "/sign-in?key=" in link
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0


def test_a_page_is_no_json() -> None:
    """The two are refused together, in words."""
    result = CliRunner().invoke(app, ["demo", "--page", "--json"])
    assert result.exit_code == 2
    assert "--json" in result.output
