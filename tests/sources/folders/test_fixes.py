"""The table of a phone's receiver says where pictures and motion were, and a memory keeps it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support import recorded_folders as folders
from tests.support.recorded_folders import START, write

from sensorium import sources
from sensorium.memory import Memory
from sensorium.percepts import Place

HEADER = "time,seconds_elapsed,bearingAccuracy,altitude,longitude,latitude"
G = 9.81


def located(folder: Path, *rows: tuple[float, str]) -> Path:
    """An export with three pictures, two seconds apart, and fixes at some seconds."""
    path = folders.sensor_logger(folder, np.zeros((400, 6)) + 0.1, np.tile([0, 0, G], (400, 1)))
    lines = [f"{START + round(second * 1e9)},{second},0.1,{rest}" for second, rest in rows]
    write(path / "Location.csv", [HEADER, *lines])
    return path


def test_each_picture_and_motion_has_the_nearest_fix(tmp_path: Path) -> None:
    """Rows without a fix are passed over."""
    rows = [(0.1, "519,11.5,48.1"), (1.0, ",,"), (1.9, "519,0,0"), (3.5, ",11.6,48.2")]
    found = list(sources.open(located(tmp_path, *rows)))
    images = [each for each in found if each.modality == "image"]
    assert [each.reading["fix"]["latitude"] for each in images] == [48.1, 48.2, 48.2]
    [motion] = [each for each in found if each.modality == "imu"]
    assert motion.reading["fix"]["file"] == "Location.csv"
    with Memory.open(":memory:", owner="rex") as memory:
        memory.remember_many(images).raise_first()
        places = [record.place for record in memory.timeline(newest_first=False)]
        assert places == [Place(48.1, 11.5, 519.0)] + [Place(48.2, 11.6)] * 2


@pytest.mark.parametrize("rows", [[], [(60.0, "519,11.5,48.1")]])
def test_without_a_fix_near_nothing_is_said(tmp_path: Path, rows: list[tuple[float, str]]) -> None:
    """An empty table, and one whose only fix is a minute later."""
    found = list(sources.open(located(tmp_path, *rows)))
    assert len(found) == 4
    assert not [each for each in found if "fix" in each.reading]
