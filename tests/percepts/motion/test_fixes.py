"""Columns of a receiver beside the motion say where it was recorded, and a memory keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.memory import Memory
from sensorium.percepts import IMU, Place

MOTION = "time,ax,ay,az,gx,gy,gz"


def log(folder: Path, names: str, cells: list[str]) -> IMU:
    """A log of motion whose rows end with some cells; the last ones are repeated."""
    rows = [
        f"{number / 100},0.1,0.2,9.81,0.01,0.02,0.03,{cells[min(number // 50, len(cells) - 1)]}"
        for number in range(300)
    ]
    path = folder / "log.csv"
    path.write_text("\n".join([f"{MOTION},{names}", *rows]), encoding="utf-8")
    return IMU(path, accel="m/s^2", gyro="rad/s")


@pytest.mark.parametrize(
    ("names", "cells", "place"),
    [
        ("latitude,longitude,altitude", [",,", "48.1,11.5,519"], Place(48.1, 11.5, 519.0)),
        ("Lat,Lon", ["0,0", "nan,nan", "-33.9,18.4"], Place(-33.9, 18.4)),
        ("gps_lat [deg],gps_lng [deg]", ["48.1,11.5"], Place(48.1, 11.5)),
        ("lat,lon", ["481000000,115000000"], None),
        ("lat_acc,lon_acc", ["0.2,0.3"], None),
        ("lat,lon,lat2_lat", ["1,2,3"], None),
    ],
)
def test_the_first_fix_is_the_place(
    tmp_path: Path, names: str, cells: list[str], place: Place | None
) -> None:
    """Rows without a fix are passed over; other columns, and two of a kind, say nothing."""
    motion = log(tmp_path, names, cells)
    with Memory.open(":memory:", owner="rex") as memory:
        memory.remember(motion, id="log")
        assert memory.get("log").place == place
        if place is not None:
            assert memory.count(near=(place, "10 m")) == 1
