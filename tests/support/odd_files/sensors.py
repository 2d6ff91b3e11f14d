"""Motion, depth and heat, with units in the files and without."""

from __future__ import annotations

import io
import json

import numpy as np

from sensorium.samples import FOLDER
from tests.support.flir_files import NEAR, file_of
from tests.support.motions import planted
from tests.support.odd_files.odd import OWN, Odd, failed, read, skipped, utc

EPOCH = 1_698_501_144  # seconds since 1970
START = utc(2023, 10, 28, 13, 52, 24)
NAMES = [f"{sensor} {axis}" for sensor in ("accelerometer", "gyroscope") for axis in "xyz"]
UNITS = ("m/s^2", "rad/s")


def table(*, units: bool) -> bytes:
    """Three seconds of motion as CSV, whose header says the units or not."""
    kinds = [UNITS[index // 3] for index in range(6)]
    names = [f"{name} ({unit})" if units else name for name, unit in zip(NAMES, kinds, strict=True)]
    rows = np.column_stack([EPOCH + np.arange(300) / 100, planted(300)])
    lines = [",".join(["epoch (s)", *names]), *(",".join(f"{v:.12g}" for v in row) for row in rows)]
    return "\n".join(lines).encode()


def array(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def rows_of_json() -> bytes:
    rows = np.column_stack([EPOCH + np.arange(300) / 100, planted(300) * 1.01])
    names = ["epoch (s)", *(f"{n} ({UNITS[i // 3]})" for i, n in enumerate(NAMES))]
    return "\n".join(
        json.dumps(dict(zip(names, map(float, row), strict=True))) for row in rows
    ).encode()


def files() -> list[Odd]:
    return [
        read("sensors/walk.csv", table(units=True), "imu", at=START, by=OWN),
        skipped("sensors/walk.jsonl", rows_of_json(), "it may be a table of motion"),
        failed("sensors/no units.csv", table(units=False), "UnitError"),
        failed("sensors/walking.npz", (FOLDER / "imu_walking.npz").read_bytes(), "UnitError"),
        failed("sensors/mug.png", (FOLDER / "depth_mug.png").read_bytes(), "UnitError"),
        read("sensors/FLIR0001.jpg", file_of(NEAR), "image"),
        read("sensors/cars.jpg", (FOLDER / "thermal_cars_from_above.jpg").read_bytes(), "image"),
    ]
