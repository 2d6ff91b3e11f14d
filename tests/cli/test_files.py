"""Files as percepts: the units that only the caller knows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import MUG

from sensorium.cli.files import Units, read_file
from sensorium.errors import UnitError


def test_units_reach_the_percept(tmp_path: Path) -> None:
    """Numbers are read, and a percept gets only the units of its modality."""
    path = tmp_path / "walk.csv"
    with path.open("w", newline="") as file:
        rows: list[list[Any]] = [["ax", "ay", "az", "gx", "gy", "gz"], *[[0, 0, 1, 0, 0, 0]] * 100]
        csv.writer(file).writerows(rows)
    given = Units(accel="g", gyro="deg/s", rate=50, unit="mm", fx="525")
    assert read_file(path, given).duration == pytest.approx(2, abs=0.05)
    assert read_file(MUG, given, modality="depth").units["fx"] == 525.0
    with pytest.raises(UnitError, match="--gyro"):
        read_file(path, Units(accel="g"))
