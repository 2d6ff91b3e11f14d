"""Folders as data sets and recording apps write them, with planted values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

SECOND = 1_000_000_000  # nanoseconds
START = 1_700_000_000 * SECOND  # 14 November 2023
BEGIN = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


def even(count: int, rate: float, start: int = START) -> list[int]:
    """Return times in nanoseconds at an even rate."""
    return [start + round(index * SECOND / rate) for index in range(count)]


def seconds(time: int) -> str:
    """Write a time in seconds with microseconds, as TUM RGB-D does."""
    return f"{time // SECOND}.{time % SECOND // 1000:06d}"


def write(path: Path, lines: list[str]) -> Path:
    """Write lines, and the folders above."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def picture(path: Path, values: NDArray[Any]) -> Path:
    """Write a picture: grey or colour of 8 bits, or grey of 16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(values).save(path)
    return path


def grey(shade: int) -> NDArray[np.uint8]:
    return np.full((12, 16), shade, np.uint8)


def table(path: Path, header: str, times: list[str], values: NDArray[Any]) -> Path:
    """Write a CSV of times and numbers below a header, or none."""
    rows = [
        ",".join([time, *(f"{value:.9g}" for value in row)])
        for time, row in zip(times, values, strict=True)
    ]
    return write(path, [header, *rows] if header else rows)


def tum(folder: Path, metres: NDArray[np.float64], accel: NDArray[np.float64]) -> Path:
    """Write a TUM RGB-D recording: ten pictures and maps at 10 Hz, an accelerometer at 100 Hz."""
    times = even(10, 10)
    for index, time in enumerate(times):
        picture(folder / "rgb" / f"{seconds(time)}.png", np.stack([grey(index + 1)] * 3, -1))
        counts = np.rint(metres * 5000 + index).astype(np.uint16)
        picture(folder / "depth" / f"{seconds(time)}.png", counts)
    for name, what in (("rgb", "color images"), ("depth", "depth maps")):
        head = [f"# {what}", "# file: 'recorded.bag'", "# timestamp filename"]
        write(folder / f"{name}.txt", head + [f"{t} {name}/{t}.png" for t in map(seconds, times)])
    head = ["# accelerometer data", "# file: 'recorded.bag'", "# timestamp ax ay az"]
    rows = [
        " ".join([seconds(time), *(f"{value:.9f}" for value in row)])
        for time, row in zip(even(len(accel), 100), accel, strict=True)
    ]
    write(folder / "accelerometer.txt", head + rows)
    poses = [f"{seconds(t)} {i}.5 2.0 -1.0 0.0 0.0 0.6 0.8" for i, t in enumerate(even(10, 10))]
    head = ["# ground truth trajectory", "# timestamp tx ty tz qx qy qz qw"]
    write(folder / "groundtruth.txt", head + poses)
    return folder


EUROC_HEADER = (
    "#timestamp [ns],w_RS_S_x [rad s^-1],w_RS_S_y [rad s^-1],w_RS_S_z [rad s^-1],"
    "a_RS_S_x [m s^-2],a_RS_S_y [m s^-2],a_RS_S_z [m s^-2]"
)


def euroc(folder: Path, samples: NDArray[np.float64], *, header: str = EUROC_HEADER) -> Path:
    """Write an EuRoC recording: motion at 200 Hz with the gyroscope first, pictures at 20 Hz."""
    times = even(len(samples), 200)
    root = folder / "mav0"
    table(root / "imu0" / "data.csv", header, list(map(str, times)), samples[:, [3, 4, 5, 0, 1, 2]])
    write(root / "imu0" / "sensor.yaml", ["sensor_type: imu", "rate_hz: 200"])
    frames = even(30, 20)
    for index, time in enumerate(frames):
        picture(root / "cam0" / "data" / f"{time}.png", grey(index + 1))
    write(
        root / "cam0" / "data.csv",
        ["#timestamp [ns],filename", *(f"{time},{time}.png" for time in frames)],
    )
    return folder


def kitti(folder: Path, samples: NDArray[np.float64]) -> Path:
    """Write a drive of KITTI: packets and pictures at 10 Hz, each packet a file of 30 numbers."""
    for index, row in enumerate(samples):
        numbers = np.arange(30) + 0.25
        numbers[11:14], numbers[17:20] = row[:3], row[3:]
        line = " ".join(f"{value:.9f}" for value in numbers)
        write(folder / "oxts" / "data" / f"{index:010d}.txt", [line])
        picture(folder / "image_02" / "data" / f"{index:010d}.png", np.stack([grey(index)] * 3, -1))
    moments = [BEGIN + timedelta(milliseconds=100 * index) for index in range(len(samples))]
    lines = [f"{moment:%Y-%m-%d %H:%M:%S.%f}389" for moment in moments]
    for name in ("oxts", "image_02"):
        write(folder / name / "timestamps.txt", lines)
    return folder


def empatica(folder: Path, counts: NDArray[np.int64]) -> Path:
    """Write a session of an E4: an accelerometer at 32 Hz in 1/64 g, and other sensors."""
    start = f"{START / SECOND:.6f}"
    rows = [",".join(map(str, row)) for row in counts]
    write(folder / "ACC.csv", [", ".join([start] * 3), "32.000000, 32.000000, 32.000000", *rows])
    for name in ("BVP", "EDA", "HR", "TEMP"):
        write(folder / f"{name}.csv", [start, "4.000000", "0.1", "0.2"])
    write(folder / "info.txt", ["ACC.csv", "Data from 3-axis accelerometer in the range [-2g, 2g]"])
    return folder


def sensor_logger(folder: Path, samples: NDArray[np.float64], gravity: NDArray[np.float64]) -> Path:
    """Write an export of Sensor Logger at 100 Hz: acceleration without gravity, and gravity."""
    header = "time,seconds_elapsed,z,y,x"
    times = even(len(samples), 100)
    elapsed = (np.arange(len(samples)) / 100)[:, None]
    parts = {
        "Accelerometer": samples[:, :3] - gravity,
        "Gravity": gravity,
        "TotalAcceleration": samples[:, :3],
        "Gyroscope": samples[:, 3:],
        "Magnetometer": samples[:, :3] * 7,
    }
    for name, values in parts.items():
        whole = np.hstack([elapsed, values[:, ::-1]])
        table(folder / f"{name}.csv", header, list(map(str, times)), whole)
    write(
        folder / "Metadata.csv",
        [
            "version,device name,recording epoch time,recording timezone,platform,standardisation",
            f"3,phone,{START // 1_000_000},Europe/Berlin,android,true",
        ],
    )
    for index in range(3):
        name = f"{START // 1_000_000 + 2000 * index}.jpg"
        picture(folder / "Camera" / name, np.stack([grey(40 * index)] * 3, -1))
    return folder


def phyphox(folder: Path, samples: NDArray[np.float64]) -> Path:
    """Write an export of phyphox at 100 Hz, paused for 10 s at half of the experiment's time."""
    names = {"Accelerometer": "Acceleration {} (m/s^2)", "Gyroscope": "Gyroscope {} (rad/s)"}
    times = [f"{index / 100:.9E}" for index in range(len(samples))]
    for place, (name, column) in enumerate(names.items()):
        header = ",".join(f'"{each}"' for each in ["Time (s)", *map(column.format, "xyz")])
        table(folder / f"{name}.csv", header, times, samples[:, 3 * place : 3 * place + 3])
    half, begin = len(samples) / 200, START / SECOND
    events = [
        ("START", 0, begin),
        ("PAUSE", half, begin + half),
        ("START", half, begin + half + 10),
    ]
    write(
        folder / "meta" / "time.csv",
        [
            '"event","experiment time","system time","system time text"',
            *(f'"{event}",{t:.9E},{at:.9f},"a text, with a comma"' for event, t, at in events),
        ],
    )
    write(folder / "meta" / "device.csv", ['"property","value"', '"deviceModel","phone"'])
    return folder
