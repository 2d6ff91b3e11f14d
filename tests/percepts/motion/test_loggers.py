"""How loggers of phones, watches, boards and robots name and time their rows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.motions import UNITS, G, planted

from sensorium import errors
from sensorium.percepts.imu import IMU

MOTION = planted(300)
ALONE = MOTION * [1, 1, 1, 0, 0, 0]
SECONDS = np.arange(300) / 100
EPOCH = 1_698_501_144  # seconds since 1970
START = datetime.fromtimestamp(EPOCH, timezone.utc)
NAMES = "ax,ay,az,gx,gy,gz"
ONLY: dict[str, Any] = {"accel": "m/s^2", "gyro": "none"}
Form = tuple[str, list[str], dict[str, Any]]


def cells(*numbers: float) -> str:
    return ",".join(f"{each:.15g}" for each in numbers)


def moment(seconds: float, form: str = "%Y-%m-%d %H:%M:%S.%f") -> str:
    return (START + timedelta(seconds=seconds)).strftime(form)


def split(seconds: float) -> tuple[int, int]:
    whole = int(seconds)
    return EPOCH + whole, round((seconds - whole) * 1e9)


PAIRS = list(zip(SECONDS.tolist(), MOTION.tolist(), strict=True))
BOTH: dict[str, Form] = {
    "a header for each sensor in comments": (
        "gnss_log.txt",
        [
            "# Accel,utcTimeMillis,elapsedRealtimeNanos,AccelXMps2,AccelYMps2,AccelZMps2,Accuracy",
            "# Gyro,utcTimeMillis,elapsedRealtimeNanos,GyroXRadPerSec,GyroYRadPerSec,"
            "GyroZRadPerSec,Accuracy",
            *(
                f"{name},{(EPOCH + t) * 1000:.0f},{t * 1e9 + 5e11:.0f},{cells(*row[part])},3"
                for t, row in PAIRS
                for name, part in (("Accel", slice(3)), ("Gyro", slice(3, 6)))
            ),
        ],
        {},
    ),
    "measurements of sensors in one list": (
        "device_imu.csv",
        [
            "MessageType,utcTimeMillis,MeasurementX,MeasurementY,MeasurementZ,BiasX,BiasY,BiasZ",
            *(
                f"{name},{(EPOCH + t) * 1000:.0f},{cells(*row[part])},0,0,0"
                for t, row in PAIRS
                for name, part in (("UncalAccel", slice(3)), ("UncalGyro", slice(3, 6)))
            ),
        ],
        UNITS,
    ),
    "seconds and nanoseconds in two columns": (
        "imu.csv",
        [
            "header.stamp.secs,header.stamp.nsecs,angular_velocity.x,angular_velocity.y,"
            "angular_velocity.z,linear_acceleration.x,linear_acceleration.y,linear_acceleration.z",
            *(f"{cells(*split(t))},{cells(*row[3:], *row[:3])}" for t, row in PAIRS),
        ],
        UNITS,
    ),
    "seconds and nanoseconds in records": (
        "imu.jsonl",
        [
            json.dumps(
                {
                    "stamp": dict(zip(("sec", "nanosec"), split(t), strict=True)),
                    "angular_velocity": dict(zip("xyz", row[3:], strict=True)),
                    "linear_acceleration": dict(zip("xyz", row[:3], strict=True)),
                }
            )
            for t, row in PAIRS
        ],
        UNITS,
    ),
    "YAML, one message after the other": (
        "imu.yaml.txt",
        [
            line
            for t, row in PAIRS
            for line in (
                "header:",
                "  stamp:",
                f"    sec: {split(t)[0]}",
                f"    nanosec: {split(t)[1]}",
                "  frame_id: imu_0",
                "orientation:",
                *(f"  {axis}: 0.5" for axis in "xyzw"),
                "orientation_covariance:",
                "- 0.0",
                "- 0.1",
                "angular_velocity:",
                *(f"  {axis}: {each!r}" for axis, each in zip("xyz", row[3:], strict=True)),
                "linear_acceleration:",
                *(f"  {axis}: {each!r}" for axis, each in zip("xyz", row[:3], strict=True)),
                "---",
            )
        ],
        UNITS,
    ),
    "records of a time of one word, and vectors": (
        "ms_imu.json",
        [
            json.dumps(
                [
                    {"utime": (EPOCH + t) * 1e6, "linear_accel": row[:3], "rotation_rate": row[3:]}
                    for t, row in PAIRS
                ]
            )
        ],
        UNITS,
    ),
    "packets of one sample": (
        "watch.json",
        [
            json.dumps(
                [
                    {
                        "timestamp": (EPOCH + t) * 1000,
                        "ArrayAcc": [dict(zip("xyz", row[:3], strict=True))],
                        "ArrayGyro": [dict(zip("xyz", row[3:], strict=True))],
                    }
                    for t, row in PAIRS
                ]
            )
        ],
        UNITS,
    ),
    "seconds, and milliseconds that begin again with each": (
        "watch.csv",
        [
            f"timestamp,timestamp_ms,{NAMES}",
            *(
                f"{EPOCH + round(t * 100) // 100},{round(t * 100) % 100 * 10},{cells(*row)}"
                for t, row in PAIRS
            ),
        ],
        UNITS,
    ),
    "sensors told apart by their units": (
        "export.csv",
        [
            "Timestamp (ms),X (m/s²),Y (m/s²),Z (m/s²),X (rad/s),Y (rad/s),Z (rad/s)",
            *(cells((EPOCH + t) * 1000, *row) for t, row in PAIRS),
        ],
        {},
    ),
    "milliseconds beside a date written as in names of files": (
        "android.csv",
        [
            f"{NAMES.replace(',', ';')};Time since start in ms;YYYY-MO-DD HH-MI-SS_SSS",
            *(
                f"{cells(*row).replace(',', ';')};{t * 1000:.0f};"
                f"{moment(t, '%Y-%m-%d %H-%M-%S_%f')[:-3]}"
                for t, row in PAIRS
            ),
        ],
        UNITS,
    ),
    "seconds since the start of the phone beside a date": (
        "ios.csv",
        [
            f"loggingTime(txt),motionTimestamp_sinceReboot(s),{NAMES}",
            *(f"{moment(t)[:-3]} +0000,{cells(t + 7e4, *row)}" for t, row in PAIRS),
        ],
        UNITS,
    ),
    "seconds beside times since 1970": (
        "watch.csv",
        [
            f"elapsed (s),epoch,{NAMES}",
            *(f"{cells(t, EPOCH * 1000 + t * 1000, *row)}" for t, row in PAIRS),
        ],
        UNITS,
    ),
}
ACCEL: dict[str, Form] = {
    "axes by numbers": (
        "raw.txt",
        [
            "%Sample Rate = 100 Hz",
            "Sample Index, EXG Channel 0, EXG Channel 1, Accel Channel 0, Accel Channel 1, "
            "Accel Channel 2, Timestamp",
            *(
                f"{i % 201}, 1.5, {t}, {cells(*row[:3])}, {EPOCH + t:.3f}"
                for i, (t, row) in enumerate(PAIRS)
            ),
        ],
        ONLY,
    ),
    "axes by a word that nobody knows": (
        "acc_walking_chest.csv",
        [
            "id,attr_time,attr_x,attr_y,attr_z",
            *(
                f"{i},{(EPOCH + t) * 1000:.0f},{cells(*row[:3])}"
                for i, (t, row) in enumerate(PAIRS)
            ),
        ],
        ONLY,
    ),
    "no names, but that of the file": (
        "accelerometer.csv",
        [f"{EPOCH + t:.2f},{cells(*row[:3])}" for t, row in PAIRS],
        ONLY,
    ),
    "nanoseconds since another year beside a date": (
        "H10_ACC.txt",
        [
            "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]",
            *(
                f"{moment(t, '%Y-%m-%dT%H:%M:%S.%f')[:-3]};{750_000_000_000_000_000 + t * 1e9:.0f};"
                + ";".join(f"{each / G * 1000:.6f}" for each in row[:3])
                for t, row in PAIRS
            ),
        ],
        {"gyro": "none"},
    ),
}


@pytest.mark.parametrize("form", [*BOTH, *ACCEL])
def test_rows_of_loggers_are_read_with_their_times(form: str, tmp_path: Path) -> None:
    """The planted samples, their clock, and the moment of the first row."""
    name, lines, units = {**BOTH, **ACCEL}[form]
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    read = IMU(path, **units)
    np.testing.assert_allclose(read.samples, MOTION if form in BOTH else ALONE, atol=1e-4)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6 if "nano" in form else 1e-4)
    assert read.at is not None
    assert abs(read.at - START) < timedelta(milliseconds=1)


def test_a_letter_in_the_name_of_a_file_names_no_sensor(tmp_path: Path) -> None:
    """`A_walk.csv` may hold positions; `a.csv` says what it holds."""
    lines = ["t,x,y,z", *(f"{cells(t, *row[:3])}" for t, row in PAIRS)]
    for name in ("A_walk.csv", "g force 3.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines))
        with pytest.raises(errors.PerceptShapeError, match="no column is understood"):
            IMU(path, **ONLY)
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    np.testing.assert_allclose(IMU(path, **ONLY).samples, ALONE, atol=1e-5)


def test_a_date_that_may_be_read_in_two_ways_is_asked_for_beside_a_clock() -> None:
    """It would say when it was; with a time of the caller it does not matter."""
    lines = [f"date,t,{NAMES}", *(f"03/04/2026 10:00:00,{cells(t, *row)}" for t, row in PAIRS)]
    content = "\n".join(lines).encode()
    with pytest.raises(errors.TimeError, match="two ways") as caught:
        IMU(content, **UNITS)
    days = {IMU(content, **UNITS, **way).at for way in caught.value.ways}
    assert days == {
        datetime(2026, month, day, 10, tzinfo=timezone.utc) for month, day in ((4, 3), (3, 4))
    }
    assert IMU(content, at=START, **UNITS).at == START


def test_three_sensors_with_numbers_are_no_axes() -> None:
    """Four of them, or numbers from 1 on, may be anything."""
    for numbers in ((0, 1, 2, 3), (1, 2, 3)):
        header = ",".join(f"acc_{number}" for number in numbers)
        lines = [f"t,{header}", *(cells(t, *row[: len(numbers)]) for t, row in PAIRS)]
        with pytest.raises(errors.PerceptShapeError, match="no column is understood"):
            IMU("\n".join(lines).encode(), **ONLY)


def test_packets_of_samples_are_rows(tmp_path: Path) -> None:
    """A record of four samples is four rows of one time; no sample is lost."""
    records = [
        {
            "imu6": {
                "Timestamp": first * 10,
                "ArrayAcc": [
                    dict(zip("xyz", row[:3], strict=True)) for _, row in PAIRS[first:][:4]
                ],
                "ArrayGyro": [
                    dict(zip("xyz", row[3:], strict=True)) for _, row in PAIRS[first:][:4]
                ],
            }
        }
        for first in range(0, 300, 4)
    ]
    content = json.dumps({"data": records}).encode()
    read = IMU(content, rate=100, clock="rate", **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)


def test_two_clocks_in_two_units_are_not_added() -> None:
    """Whole seconds beside milliseconds that go on are two clocks of one recording."""
    lines = [f"t,t_ms,{NAMES}", *(cells(t // 1, t * 1000, *row) for t, row in PAIRS)]
    read = IMU("\n".join(lines).encode(), **UNITS)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


@pytest.mark.parametrize(
    "header", ["angular_acceleration_{}", "rotational acceleration {}", "pos_{}", "mag_{}"]
)
def test_what_is_no_force_is_no_acceleration(header: str, tmp_path: Path) -> None:
    """Neither beside an acceleration nor in a file whose name says one."""
    others = ",".join(header.format(axis) for axis in "xyz")
    path = tmp_path / "accel.csv"
    path.write_text("\n".join([f"t,{others}", *(cells(t, *row[:3]) for t, row in PAIRS)]))
    with pytest.raises(errors.PerceptShapeError, match="no column is understood"):
        IMU(path, **ONLY)
    force = ",".join(f"linear_acceleration_{axis}" for axis in "xyz")
    lines = [f"t,{force},{others}", *(cells(t, *row) for t, row in PAIRS)]
    read = IMU("\n".join(lines).encode(), **ONLY)
    np.testing.assert_allclose(read.samples, ALONE, atol=1e-5)


def test_counts_without_signs_get_them() -> None:
    """Steps from 0 to 65535 and back are steps over 0; what is centred between is left as it is."""
    counts = np.rint(MOTION * 1000)
    scale: dict[str, Any] = {"accel": 0.001, "gyro": 0.001, "rate": 100}
    read = IMU(counts % 65536, **scale)
    np.testing.assert_allclose(read.samples, counts / 1000, atol=1e-4)
    assert "negative" in read.reading["accel counts"]
    offset = counts + 20_000
    right = IMU(offset, **scale, trust=True)
    np.testing.assert_allclose(right.samples, offset / 1000, rtol=1e-6)
    assert "accel counts" not in right.reading
