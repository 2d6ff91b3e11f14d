"""Motion in JSON, in every form that phones and programs write, with one planted motion."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest
from tests.support.motions import COLUMNS, UNITS, planted

from sensorium import errors
from sensorium.percepts.imu import IMU
from sensorium.percepts.limits import Limits

MOTION = planted(300)
SECONDS = np.arange(300) / 100
START = 1_698_501_144_000_000_000  # nanoseconds since 1970
ROWS: list[list[float]] = np.column_stack([SECONDS, MOTION]).tolist()
NAMES = ["t", *COLUMNS]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
NESTED = [
    {
        "time": row[0],
        "accelerometer": dict(zip("xyz", row[1:4], strict=True)),
        "gyroscope": dict(zip("xyz", row[4:], strict=True)),
    }
    for row in ROWS
]
COLUMNAR: dict[str, Any] = {name: [row[i] for row in ROWS] for i, name in enumerate(NAMES)}
SENSOR_LOGGER = [
    {"sensor": "Metadata", "version": "3", "device name": "phone"},
    *(
        {
            "sensor": sensor,
            "time": str(START + round(row[0] * 1e9)),
            "seconds_elapsed": str(row[0]),
            **{axis: str(row[place + i]) for i, axis in enumerate("xyz")},
        }
        for row in ROWS
        for sensor, place in (("Gyroscope", 4), ("TotalAcceleration", 1), ("Magnetometer", 1))
    ),
]
FORMS = {
    "records": json.dumps(RECORDS),
    "records, indented": json.dumps(RECORDS, indent=2),
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "columns": json.dumps(COLUMNAR),
    "columns below a name": json.dumps(
        {"device": "watch", "tags": ["a", "b"], "columns": COLUMNAR}
    ),
    "records below a name": json.dumps({"rate": 100, "data": RECORDS}),
    "nested": json.dumps(NESTED),
    "nested lines": "\n".join(map(json.dumps, NESTED)) + "\n",
    "vectors": json.dumps([{"t": r[0], "acc": r[1:4], "gyr": r[4:]} for r in ROWS]),
    "columns of vectors": json.dumps(
        {"t": SECONDS.tolist(), "acc": MOTION[:, :3].tolist(), "gyro": MOTION[:, 3:].tolist()}
    ),
    "sensors apart": json.dumps(
        {
            sensor: {
                "t": SECONDS.tolist(),
                **{a: MOTION[:, i + k].tolist() for k, a in enumerate("xyz")},
            }
            for sensor, i in (("accelerometer", 0), ("gyroscope", 3))
        }
    ),
    "records of sensors apart": json.dumps(
        {
            sensor: [{"t": r[0], "x": r[i], "y": r[i + 1], "z": r[i + 2]} for r in rows]
            for sensor, i, rows in (
                ("accelerometer", 1, ROWS),
                ("gyroscope", 4, [*ROWS, [9.0] * 7]),
            )
        }
    ),
    "names, then rows": json.dumps([NAMES, *ROWS]),
    "names and rows": json.dumps({"columns": NAMES, "index": list(range(300)), "data": ROWS}),
    "rows by place": json.dumps({str(i): record for i, record in enumerate(RECORDS)}),
    "cells by place": json.dumps(
        {name: {str(i): cell for i, cell in enumerate(each)} for name, each in COLUMNAR.items()}
    ),
    "cells by time": json.dumps(
        {
            name: {str(START // 10**6 + 10 * i): cell for i, cell in enumerate(COLUMNAR[name])}
            for name in COLUMNS
        }
    ),
    "Sensor Logger": json.dumps(SENSOR_LOGGER),
    "empty cells": json.dumps([{**RECORDS[0], "label": None}, *RECORDS[1:]]),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_the_same(form: str, packed: bool) -> None:
    """The planted motion comes out of every form, packed or not."""
    content = FORMS[form].encode()
    read = IMU(gzip.compress(content) if packed else content, **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


def test_a_gap_of_null_is_a_gap() -> None:
    """Rows without a number are left out, and their time stays empty."""
    records = [dict(each) for each in RECORDS]
    for record in records[100:150]:
        record["gy"] = None  # type: ignore[assignment]  # as JSON has it
    read = IMU(json.dumps(records).encode(), **UNITS)
    assert len(read.samples) == 250
    assert len(read.gaps) == 1


def test_rows_without_names_are_named_by_their_places() -> None:
    """Lists of numbers need `columns`."""
    content = json.dumps(ROWS).encode()
    with pytest.raises(errors.PerceptShapeError, match="columns="):
        IMU(content, **UNITS)
    read = IMU(content, columns={"time": 0, "accel": [1, 2, 3], "gyro": [4, 5, 6]}, **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (FORMS["records"][:-200], "value 29"),
        (FORMS["lines"][:-20], "value 300"),
        (FORMS["records"].replace('"ax"', "ax", 1), "value 1"),
        (json.dumps([*RECORDS, 5]), "in place of a row"),
        (json.dumps([*RECORDS[:9], {**RECORDS[9], "ax": "fast"}]), "'fast' is no number"),
        (json.dumps({**COLUMNAR, "ax": [1.0, 2.0]}), "different lengths"),
        (json.dumps({"a": "b"}), "no rows"),
        ("[]", "no rows"),
        ("[" * 100_000, "JSON"),
        (FORMS["records"] + FORMS["records"], "behind the list"),
        ('[{"a.b": 1, "a": {"b": 2}}, {}]', "two cells"),
    ],
)
def test_damage_is_named(content: str, message: str) -> None:
    """The error says what is wrong with the JSON, and where."""
    with pytest.raises(errors.MediaDecodeError, match=message):
        IMU(content.encode(), rate=100, **UNITS)


def test_memory_is_bounded() -> None:
    """By the size of one value, and of all columns."""
    small = Limits(max_memory=200_000)
    with pytest.raises(errors.SourceTooLargeError):
        IMU(FORMS["columns"].encode(), **UNITS, limits=small)
    many = "\n".join(map(json.dumps, RECORDS * 10))
    with pytest.raises(errors.SourceTooLargeError):
        IMU(many.encode(), **UNITS, limits=small)
