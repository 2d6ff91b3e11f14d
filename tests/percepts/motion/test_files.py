"""Motion from CSV and NPZ files: named columns, their units, their clock, and bombs."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.motions import COLUMNS, UNITS, csv_file, motion

from sensorium import errors
from sensorium.percepts.imu import IMU
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion import recording


@pytest.mark.parametrize(
    "names",
    [
        ["t", *COLUMNS],
        ["Time", "accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z"],
        ["timestamp (s)", "Acc.X [m/s^2]", "Acc.Y", "Acc.Z", "wx", "wy", "wz"],
        ["elapsed", *(f"{sensor}{axis}" for sensor in ("accelerometer", "GYR") for axis in "XYZ")],
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_columns_are_found_by_name(names: list[str], delimiter: str, tmp_path: Path) -> None:
    """Whatever their order, spelling and company."""
    samples, times = motion(), np.arange(200) / 50
    columns = [times, *samples.T, np.arange(200)]
    order = np.random.default_rng(1).permutation(8)
    shuffled = [[*names, "heart rate"][index] for index in order]
    path = csv_file(
        tmp_path / "a.csv", shuffled, [columns[index] for index in order], delimiter=delimiter
    )
    timed = names[0] != "elapsed"  # does not say time, so it is ignored
    imu = IMU(path, rate=None if timed else 50, **UNITS)
    np.testing.assert_allclose(imu.samples, samples, rtol=1e-6)
    np.testing.assert_allclose(imu.times, times, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "scale"), [("t_ms", 1e3), ("time_us", 1e6), ("Timestamp (ns)", 1e9)]
)
def test_csv_times_say_their_unit(name: str, scale: float, tmp_path: Path) -> None:
    """Milli-, micro- and nanoseconds become seconds."""
    names = [name, *COLUMNS]
    path = csv_file(tmp_path / "a.csv", names, [np.arange(200) / 50 * scale, *motion().T])
    assert IMU(path, **UNITS).rate == 50.0


@pytest.mark.parametrize(
    ("header", "right"),
    [
        ("ax (g),ay (g),az (g),gx (dps),gy (dps),gz (dps)", {"accel": "g", "gyro": "deg/s"}),
        ("ax [m/s^2],ay,az,gx [rad/s],gy,gz", UNITS),
    ],
)
def test_columns_that_say_their_unit_are_believed(header: str, right: dict[str, Any]) -> None:
    """An argument that contradicts them is refused."""
    data = (header + "\n" + "0.3,0.5,1.6,1,2,3\n" * 50).encode()
    IMU(data, rate=50, **right)
    for sensor, wrong in (("accel", {"g", "m/s^2"}), ("gyro", {"deg/s", "rad/s"})):
        (other,) = wrong - {right[sensor]}
        with pytest.raises(errors.UnitError, match="as the column says"):
            IMU(data, rate=50, **{**right, sensor: other})


def test_a_byte_order_mark_is_no_letter() -> None:
    """The first column of a CSV file written by a spreadsheet is found."""
    quoted = CSV.replace("ax", '"accel, x"')
    assert len(IMU(quoted.encode("utf-8-sig"), rate=50, **UNITS).samples) == 5


CSV = "ax,ay,az,gx,gy,gz\n" + "1,2,9,0,0,0\n" * 5


@pytest.mark.parametrize(
    ("error", "message", "content"),
    [
        (errors.PerceptShapeError, "missing: az gz", "ax,ay,gx,gy\n1,2,3,4\n"),
        (errors.PerceptShapeError, "mean the same", CSV.replace("gx", "acc_x,gx")),
        (errors.MediaDecodeError, "line 7", CSV + "1,2,x,4,5,6\n"),
        (errors.MediaDecodeError, "line 7", CSV + "1,2,3\n"),
        (errors.MediaDecodeError, "line 8", CSV + "\n1,2,?,4,5,6\n"),
        (errors.EmptyPerceptError, "no rows", CSV[:18]),
        (errors.PerceptTooShortError, "1 sample", CSV[:30]),
        (errors.MediaDecodeError, "line 7", CSV + "\xff"),
        (errors.MediaDecodeError, "no rows of numbers", "{}"),
    ],
)
def test_csv_mistakes_are_named(error: type[Exception], message: str, content: str) -> None:
    """With the columns or the line."""
    data = content.encode("latin-1")
    with pytest.raises(error, match=message):
        IMU(data, rate=50, **UNITS)


def test_a_file_and_a_caller_cannot_both_keep_time(tmp_path: Path) -> None:
    """Another rate beside a time column, or timestamps beside a file, is refused."""
    names = ["t", *COLUMNS]
    path = csv_file(tmp_path / "a.csv", names, [np.arange(200) / 50, *motion().T])
    with pytest.raises(errors.UnitError, match="its own times and rate=60"):
        IMU(path, rate=60, **UNITS)
    assert IMU(path, rate=50, **UNITS).rate == 50
    with pytest.raises(errors.UnitError, match="its own times and timestamps"):
        IMU(path, timestamps=np.arange(200) / 50, **UNITS)


@pytest.mark.parametrize(
    "arrays",
    [
        {"data": motion(), "fs": np.int16(50)},
        {"imu": motion(), "timestamps": np.arange(200) / 50},
        {"acc": motion()[:, :3], "gyro": motion()[:, 3:], "rate": 50.0, "label": np.array("walk")},
        {
            "t_ms": np.arange(200) * 20,
            **dict(zip(COLUMNS, motion().T, strict=True)),
        },
        {"data": motion(), "t": np.arange(200) * np.timedelta64(20, "ms") + np.datetime64("2026")},
        {"data": motion(), "fs": 50, "notes": np.array([{}])},
    ],
)
def test_npz_layouts(arrays: dict[str, Any], tmp_path: Path) -> None:
    """A table with its rate or times, two triples, or six columns."""
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays)
    imu = IMU(path, **UNITS)
    np.testing.assert_allclose(imu.samples, motion(), rtol=1e-5)
    assert imu.rate == 50.0


@pytest.mark.parametrize(
    "arrays",
    [
        {"data": motion().T},
        {"data": motion(), "t": np.arange(199) / 50},
        {"acc": motion()[:, :3], "gyro": motion()[:100, 3:]},
        {"acc": motion()[:, :3]},
        {"data": motion()[None]},
        {"accel": motion()[:, :2], "gyro": motion()[:, 2:]},
        {"data": motion(), "imu": motion()},
        {"data": motion(), "accel": motion()[:, :3], "gyro": motion()[:, 3:]},
        {"acc": motion()[:, :3], "accel": motion()[:, :3], "gyro": motion()[:, 3:]},
        {"data": motion(), "t": np.arange(200) / 50, "time_ms": np.arange(200) * 20},
        {"data": motion(), "t": np.array(["noon"] * 200)},
        {"data": motion(), "fs": np.array([50, 50])},
        dict(zip(COLUMNS, np.ones(6), strict=True)),
        dict(zip(COLUMNS, [*motion()[:, :5].T, np.zeros(9)], strict=True)),
    ],
)
def test_npz_shapes_must_agree(arrays: dict[str, Any], tmp_path: Path) -> None:
    """Another shape, or other lengths, are refused."""
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(errors.PerceptShapeError, match=r"a\.npz"):
        IMU(path, rate=50, **UNITS)


def test_damaged_npz_files_are_refused() -> None:
    """Truncated at every 97th byte, or with flipped bits, nothing but our errors comes out."""
    stream = io.BytesIO()
    np.savez_compressed(stream, data=motion(20), fs=50)
    whole = stream.getvalue()
    for length in range(1, len(whole) - 1, 97):
        with pytest.raises((errors.MediaDecodeError, errors.PerceptShapeError)):
            IMU(whole[:length], rate=50, **UNITS)
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        with suppress(errors.PerceptError):
            IMU(bytes(damaged), **UNITS)


def test_an_npz_bomb_is_refused_before_it_is_unpacked() -> None:
    """The limit is on what it unpacks to; pickles are never loaded."""
    stream = io.BytesIO()
    np.savez_compressed(stream, data=np.zeros((100_000, 6)), fs=50)
    with pytest.raises(errors.SourceTooLargeError, match="unpacks to 48"):
        IMU(stream.getvalue(), **UNITS, limits=Limits(max_bytes=100_000))
    stream = io.BytesIO()
    np.savez(stream, data=np.array([object()]))
    with pytest.raises(errors.MediaDecodeError, match="allow_pickle"):
        IMU(stream.getvalue(), **UNITS)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 6), }".ljust(
            117
        )
        archive.writestr("data.npy", b"\x93NUMPY\x01\x00v\x00" + header.encode() + b"\n")
    with pytest.raises(errors.MediaDecodeError, match="unreadable"):
        IMU(stream.getvalue(), **UNITS)


def test_a_bomb_of_several_members_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members count together, needed or not; and so does what a CSV file becomes."""
    stream = io.BytesIO()
    np.savez_compressed(stream, data=np.ones((1000, 6)) * 3, fs=50, other=np.zeros(6000))
    two = stream.getvalue()
    IMU(two, **UNITS, limits=Limits(max_bytes=100_000))
    with pytest.raises(errors.SourceTooLargeError, match="unpacks to 96"):
        IMU(two, **UNITS, limits=Limits(max_bytes=90_000))
    monkeypatch.setattr(recording, "LARGEST", 5 * 48 - 1)
    with pytest.raises(errors.SourceTooLargeError, match="at most 239"):
        IMU(two, **UNITS)
    with pytest.raises(errors.SourceTooLargeError, match="shorter recordings"):
        IMU(CSV.encode(), rate=50, **UNITS, limits=Limits(max_memory=499))
    IMU(CSV.encode(), rate=50, **UNITS, limits=Limits(max_memory=500))


def test_a_member_that_is_not_needed_is_not_read() -> None:
    """Damage in it does not show."""
    stream = io.BytesIO()
    np.savez(stream, data=motion(), fs=50, picture=np.full(100, 7, np.uint8))
    damaged = stream.getvalue().replace(b"\7" * 100, b"\6" * 100)
    assert damaged != stream.getvalue()
    assert IMU(damaged, **UNITS).rate == 50.0


def test_missing_files_and_directories(tmp_path: Path) -> None:
    """Are said to be that."""
    with pytest.raises(FileNotFoundError, match="nothing is"):
        IMU(tmp_path / "none.csv", **UNITS)
    with pytest.raises(errors.SourceNotFoundError, match="not a file"):
        IMU(tmp_path, **UNITS)
