"""Tables whose rows say the sensor that they are of, with one planted motion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support.motions import UNITS, planted

from sensorium import errors
from sensorium.percepts import percept_from_dict
from sensorium.percepts.imu import IMU

MOTION = planted(200)
SECONDS = np.arange(200) / 100
G = np.array([0.0, 0.0, 9.80665])


def rows(form: str, *sensors: tuple[str, int]) -> list[str]:
    """Write a row for each sensor of each moment: {s} its label, {t} the time, {x} {y} {z}."""
    return [
        form.format(s=label, t=f"{t:.2f}", ms=round(t * 1000), x=row[i], y=row[i + 1], z=row[i + 2])
        for t, row in zip(SECONDS.tolist(), MOTION.tolist(), strict=True)
        for label, i in sensors
    ]


BOTH = (("Accelerometer", 0), ("gyroscope", 3))
TABLES: dict[str, tuple[str, list[str]]] = {
    "sensor first": ("sensor,t,x,y,z", rows("{s},{t},{x},{y},{z}", *BOTH)),
    "other sensors between": (
        "time_ms;name;X;Y;Z",
        rows("{ms};{s};{x};{y};{z}", ("ACC", 0), ("MAG", 1), ("GYR", 3), ("battery status", 2)),
    ),
    "Android's types": (
        "timestamp,sensor type,x,y,z",
        rows("{t},{s},{x},{y},{z}", ("1", 0), ("2", 1), ("4", 3), ("35", 2)),
    ),
    "three numbers in a cell": (
        "sensor,time,values",
        rows(
            '{s},{t},"[{x}, {y}, {z}]"',
            ("android.sensor.accelerometer", 0),
            ("android.sensor.gyroscope", 3),
        ),
    ),
    "an axis a row": (
        "time,channel,value",
        [
            f"{t:.2f},{label},{row[i]}"
            for t, row in zip(SECONDS, MOTION, strict=True)
            for i, label in enumerate(("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"))
        ],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_parted_by_their_labels(name: str) -> None:
    """The planted motion comes out of rows of which each is of one sensor."""
    header, lines = TABLES[name]
    read = IMU("\n".join([header, *lines]).encode(), **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


def test_a_table_of_one_sensor_is_not_taken_for_another(tmp_path: Any) -> None:
    """The name of the file does not go before the labels."""
    path = tmp_path / "accelerometer.csv"
    path.write_text("\n".join(["sensor,t,x,y,z", *rows("{s},{t},{x},{y},{z}", *BOTH)]))
    np.testing.assert_allclose(IMU(path, **UNITS).samples, MOTION, atol=1e-5)


def test_rows_without_names_are_read_by_the_places_that_are_said() -> None:
    """Without names, `columns` says the places, and a wrong name is refused."""
    lines = rows("{s},{ms},{x},{y},{z}", *BOTH)
    said = {"sensor": 0, "time": 1, "accel": [2, 3, 4], "gyro": [2, 3, 4]}
    with pytest.raises(errors.PerceptShapeError, match="columns="):
        IMU("\n".join(lines).encode(), **UNITS)
    read = IMU("\n".join(lines).encode(), columns=said, **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
    assert percept_from_dict(read.to_dict()) == read
    with pytest.raises(errors.PerceptShapeError, match="'kind'"):
        IMU("\n".join(lines).encode(), columns={**said, "sensor": "kind"}, **UNITS)


def test_classes_called_by_letters_are_no_sensors() -> None:
    """Labels A and G may be of anything."""
    header, lines = "class,t,x,y,z", rows("{s},{t},{x},{y},{z}", ("A", 0), ("G", 3))
    with pytest.raises(errors.PerceptShapeError, match="no column"):
        IMU("\n".join([header, *lines]).encode(), **UNITS)


def test_axes_at_other_times_are_refused() -> None:
    """Rows of one axis each are put together only where all three have one time."""
    _, lines = TABLES["an axis a row"]
    for spoilt in (lines[:-1], ["0.005" + lines[0][4:], *lines[1:]]):
        with pytest.raises(errors.PerceptShapeError, match="pivot"):
            IMU("\n".join(["time,channel,value", *spoilt]).encode(), **UNITS)
