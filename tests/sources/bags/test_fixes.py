"""The receiver of a robot says where its percepts were, and a memory keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bags import (
    HUMBLE,
    KINDS,
    SECOND,
    START,
    Written,
    header,
    imu_messages,
    write_bag,
)

from sensorium import sources
from sensorium.memory import Memory
from sensorium.percepts import Place

NAN = float("nan")


def fix(second: float, latitude: float, longitude: float, *, status: int = 0) -> Written:
    """A sensor_msgs/NavSatFix of a time after the start."""
    stamp = START + round(second * SECOND)
    kept = HUMBLE.types["sensor_msgs/msg/NavSatStatus"](status, 1)
    message: Any = HUMBLE.types["sensor_msgs/msg/NavSatFix"](
        header(stamp, "gps"), kept, latitude, longitude, 519.0, np.zeros(9), 0
    )
    return Written("/fix", stamp, message)


def motion() -> list[Written]:
    """Eight seconds of motion."""
    row = np.tile([0.1, 0.2, 9.8, 0.0, 0.1, 0.2], (800, 1))
    return imu_messages(row)


@pytest.mark.parametrize("kind", KINDS)
def test_each_percept_has_the_nearest_fix(tmp_path: Path, kind: str) -> None:
    """Without being asked for; zeros, NaN and what has no fix say nothing."""
    fixes = [
        fix(0.1, 0.0, 0.0),
        fix(0.2, NAN, NAN),
        fix(0.3, 10.0, 10.0, status=-1),
        *(fix(second, 48.0 + second / 1000, 11.5) for second in (1.0, 2.0, 4.1, 6.1)),
    ]
    path = write_bag(tmp_path, sorted([*motion(), *fixes], key=lambda each: each.log_time), kind)
    found = list(sources.bag(path, stretch=2.0))
    latitudes = [percept.reading["fix"]["latitude"] for percept in found[:4]]
    assert latitudes == [48.001, 48.002, 48.0041, 48.0061]
    with Memory.open(":memory:", owner="rex") as memory:
        memory.remember_many(found[:1]).raise_first()
        assert memory.timeline().records[0].place == Place(48.001, 11.5, 519.0)


def test_far_from_a_fix_nothing_is_said(tmp_path: Path) -> None:
    """Three seconds after the last one there is no place, and the reading says why."""
    path = write_bag(tmp_path, [fix(0.0, 48.0, 11.5), *motion()])
    found = list(sources.bag(path, stretch=2.0))
    assert [percept.reading["fix"] is None for percept in found[:4]] == [False, False, True, True]
    assert "4.000 s away" in found[2].reading["fix_missing"]


def test_of_two_receivers_one_is_named(tmp_path: Path) -> None:
    """By default none of them is taken."""
    other = fix(0.0, 50.0, 8.0)._replace(topic="/other")
    path = write_bag(tmp_path, [fix(0.0, 48.0, 11.5), other, *motion()])
    assert "fix" not in next(sources.bag(path)).reading
    assert next(sources.bag(path, pose="/other")).reading["fix"]["latitude"] == 50.0
