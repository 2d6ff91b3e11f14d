"""Rules for folders on the command line: `--map`, and `sensorium.toml` beside the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import typer
from tests.support.command_line import run, run_json

from sensorium.cli.rules import parse_rules
from sensorium.memory import Memory
from sensorium.percepts import Depth

RULE = "depth/*.png=depth,unit=1/5000,fx=525"
TOML = '[[files]]\nmatch = "depth/*.png"\nas = "depth"\nunit = "1/1000"\nfx = 525\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A picture and a depth map of 1 m at 1/5000, which needs a rule."""
    (tmp_path / "run" / "depth").mkdir(parents=True)
    PIL.Image.fromarray(np.full((4, 6), 5000, np.uint16)).save(tmp_path / "run" / "depth" / "1.png")
    PIL.Image.new("RGB", (4, 3), "red").save(tmp_path / "run" / "1.png")
    return tmp_path / "run"


def metres(home: Path) -> float:
    """Metres of the one depth map that is remembered."""
    with Memory.open(home, owner="me") as memory:
        [record] = memory.timeline(limit=10, with_modalities=["depth"])
        [percept] = memory.percepts(record)
    assert isinstance(percept, Depth)
    return float(percept.metres().max())


def test_an_option_says_what_files_are(folder: Path, home: Path) -> None:
    """The planted metre is read, and said; without the rule the file is refused."""
    assert "16 bits" in run("look", folder, code=1).stdout
    [image, depth] = run_json("look", folder, "--map", RULE)["files"]
    assert (image["modality"], depth["metres"]["median"]) == ("image", 1.0)
    done = run("remember", folder, "--map", RULE).stdout.splitlines()
    assert done[0].startswith("1.png: depth, unit 0.0002, fx 525.0")
    assert metres(home) == pytest.approx(1)


def test_a_file_beside_the_data_does_too(folder: Path, home: Path) -> None:
    """Options go before it: a rule of its own, or the unit of all."""
    (folder / "sensorium.toml").write_text(TOML)
    [depth] = run_json("look", folder / "depth", "--map", RULE)["files"]
    assert depth["metres"]["median"] == 1.0
    (image, depth) = run_json("look", folder)["files"]
    assert (image["modality"], depth["metres"]["median"]) == ("image", 5.0)
    (folder / "depth" / "sensorium.toml").write_text(TOML)
    [depth] = run_json("look", folder / "depth" / "1.png")["files"]  # also for a file alone
    assert depth["metres"]["median"] == 5.0
    run("remember", folder, "--unit", "1/2500")
    assert metres(home) == pytest.approx(2)


def test_files_can_be_passed_over(folder: Path) -> None:
    """The reason names the rule."""
    done = run_json("remember", folder, "--map", "depth/**=skip")
    assert (done["new"], done["failures"]) == (1, [])
    assert [each["why"] for each in done["skipped"]] == ["by the rule 'depth/**' of --map"]


@pytest.mark.parametrize(
    ("rule", "code", "said"),
    [
        ("depth/*.png=depth,units=mm,fx=1", 1, "with units"),
        ("deep/*.png=depth,unit=mm,fx=1", 1, "for no file"),
        ("depth/*.png=dept", 1, "one of"),
        ("depth/[.png=depth", 1, "no open bracket"),
        ("depth/*.png", 2, "--map"),
        ("depth/*.png=depth,unit=", 2, "--map"),
        ("=depth,unit=mm", 2, "--map"),
    ],
)
def test_wrong_rules_are_refused(rule: str, code: int, said: str, folder: Path) -> None:
    """Before anything is remembered, with what to correct."""
    refused = run("remember", folder, "--map", rule, code=code)
    assert said in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (RULE, {"match": "depth/*.png", "as": "depth", "unit": "1/5000", "fx": 525.0}),
        ("*=depth,invalid=-1,65535", {"match": "*", "as": "depth", "invalid": "-1,65535"}),
        (
            "*=depth,dataset=0,trust=true",
            {"match": "*", "as": "depth", "dataset": "0", "trust": True},
        ),
        (
            "*.csv=accel=g,columns.accel=x,y,2,columns.time=t",
            {"match": "*.csv", "accel": "g", "columns": {"accel": ["x", "y", 2], "time": "t"}},
        ),
        ("A.csv=imu,with=G.csv,M.csv", {"match": "A.csv", "as": "imu", "with": ["G.csv", "M.csv"]}),
    ],
)
def test_what_options_say(text: str, fields: dict[str, Any]) -> None:
    """The fields of a rule, with numbers as numbers."""
    assert parse_rules([text]) == [fields]


def test_a_value_beside_its_table_is_refused() -> None:
    """One name is not both."""
    with pytest.raises(typer.BadParameter, match="beside columns"):
        parse_rules(["*=imu,columns=x,columns.accel=x,y,z"])
