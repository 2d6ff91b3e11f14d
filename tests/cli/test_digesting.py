"""`sensorium digest`: what would go is said, and it goes only after a yes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import run, run_json
from tests.support.streamed import START

from sensorium.cli import app
from sensorium.encoders import normalise
from sensorium.memory import Memory, Moment
from sensorium.percepts import Image

FRAMES = 30


@pytest.fixture
def camera(home: Path) -> Path:
    """A memory with frames of a camera, and a note."""
    draw = np.random.default_rng(0)
    with Memory.open(home, owner="me") as memory:
        rows = normalise(1 + 0.1 * draw.normal(size=(FRAMES, memory.encoder.space.dimension)))
        memory.remember_many(
            Moment(
                (Image(draw.integers(0, 256, (4, 4, 3), np.uint8)),),
                vectors={"image": row[None]},
                at=START.replace(minute=number),
                source="camera",
                origin="sensor",
            )
            for number, row in enumerate(rows)
        ).raise_first()
        memory.remember(text="buy milk", at=START, origin="person")
    return home


def left(home: Path) -> int:
    with Memory.open(home, owner="me") as memory:
        return memory.count()


def test_a_dry_run_says_what_would_go(camera: Path) -> None:
    """The same numbers as words and as JSON, and nothing is changed."""
    said = run("digest", "--keep", "4", "--dry-run").stdout
    assert f"would drop {FRAMES - 4} of {FRAMES} frames" in said
    assert "4 stay that are the telling moments" in said
    assert "1 stay that are no frames" in said
    told = run_json("digest", "--keep", "4", "--dry-run")
    assert (told["kept"], told["dropped"], told["dry_run"]) == (4, FRAMES - 4, True)
    assert left(camera) == FRAMES + 1


def test_nothing_goes_without_a_yes(camera: Path) -> None:
    """Where nobody can answer, the error says how much would go."""
    refused = run("digest", "--older-than", "30d", code=1).stderr
    assert f"of {FRAMES} frames of 'me'" in refused
    assert left(camera) == FRAMES + 1
    done = run_json("digest", "--older-than", "30d", "--keep", "0.1", "--yes")
    assert done["dropped"] == FRAMES - 3
    assert left(camera) == 3 + 1
    assert run_json("digest", "--older-than", "30d", "--keep", "0.1")["dropped"] == 0


@pytest.mark.parametrize(("reply", "count"), [(b"yes\n", 5), (b"no\n", FRAMES + 1)])
def test_only_yes_drops(
    typist: int, reply: bytes, count: int, camera: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked in a terminal, only a yes drops them."""
    os.write(typist, reply)
    with pytest.raises(SystemExit) as ended:
        app(["digest", "--keep", "4"])
    capsys.readouterr()
    assert bool(ended.value.code) == (reply != b"yes\n")
    assert left(camera) == count


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--older-than", "-3d"], "positive length of time"),
        (["--keep", "nan"], "a share between 0 and 1"),
        (["--keep", "0"], "keeps nothing"),
        (["--most-bytes", "1 kB"], "nothing was dropped"),
        (["--origin", "person"], "what persons said"),
    ],
)
def test_what_makes_no_sense_is_refused(camera: Path, wrong: list[str], said: str) -> None:
    """With a remedy, and nothing goes."""
    assert said in " ".join(run("digest", "--yes", *wrong, code=1).stderr.split())
    assert left(camera) == FRAMES + 1
