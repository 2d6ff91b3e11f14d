"""Drives of KITTI: the inertial unit of the car, its cameras, and depth maps if there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from heapq import nsmallest
from pathlib import Path

import numpy as np

from sensorium.errors import MediaDecodeError, PerceptShapeError, SourceNotFoundError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.clocks import told
from sensorium.percepts.motion.tables import Choice
from sensorium.sources.folders.absent import Absent
from sensorium.sources.folders.layout import Contents, Part, entries_of, inside
from sensorium.sources.folders.lists import Entry, beginning, is_number, is_picture
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.pictures import Pictures
from sensorium.sources.folders.sampled import Block
from sensorium.sources.stamps import NANOSECONDS

TIMES, DATA, OXTS = "timestamps.txt", "data", "oxts"
SENSORS = (OXTS, *(f"image_{number:02d}" for number in range(10)))
NUMBERS = 30  # of a packet of the inertial unit
ACCEL, GYRO = slice(11, 14), slice(17, 20)  # ax ay az and wx wy wz among them, of the car
UNITS: dict[str, str | float] = {"accel": "m/s^2", "gyro": "rad/s"}
DEPTH_UNIT = (1 / 256, "1/256 m (KITTI depth)")
DEPTH = "proj_depth"  # of the depth completion benchmark, beside the cameras
LOOKED_AT = 3  # packets that tell what the files of a folder are
RATE = 10  # Hz, of the cameras
BLOCK = 256  # packets, each a file, that are read together
ZONE = "taken as UTC, as the files name no zone"


class KittiFolder:
    """A drive of KITTI raw (`..._sync` or `..._extract`), its folder oxts, or that of a camera.

    `timestamps.txt` has a time in each line, the folder `data` a file for each. A file of oxts has
    30 numbers, of which 12 to 14 are the acceleration along the car's axes in m/s^2, gravity
    included, and 18 to 20 the rotation about them in rad/s. The depth maps of the depth completion
    benchmark have 256 counts a metre, and 0 where nothing was measured. Source: "Vision meets
    robotics: The KITTI dataset" (Geiger et al., 2013), `dataformat.txt` of the raw data, and the
    readme of the depth development kit.
    """

    name = "kitti"
    title = "KITTI"

    def matches(self, path: Path) -> bool:
        """Return whether there are times in lines with a file for each, or depth maps of KITTI."""
        return bool(_sensors(path)) or bool(_depths(path))

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return the parts: `"imu"`, one for each camera, and those of depth maps."""
        parts: list[Part] = []
        used = {DEPTH} if _depths(path) else set()
        for folder in _sensors(path):
            inside(path, folder / DATA)
            if _is_oxts(folder):
                parts.append(Motion("imu", [Packets(folder)], UNITS, path))
            elif _has_pictures(folder / DATA):
                times = inside(path, folder / TIMES)
                entries = partial(_entries, times, folder / DATA, path)
                parts.append(
                    Pictures(folder.name, entries, partial(_lines, times), clock=_clock(times))
                )
            else:
                continue
            used.add(folder.name)
        for folder in _without_times(path):
            modality = "imu" if folder.name == OXTS else "image"
            parts.append(Absent(folder.name, modality, folder, folder / TIMES))
            used.add(folder.name)
        for folder in _depths(path):
            times = path / folder.name / TIMES
            entries = partial(_entries, times if times.is_file() else None, folder, path)
            name = "/".join(["depth", *folder.relative_to(path / DEPTH).parts])
            parts.append(
                Pictures(
                    name,
                    entries,
                    partial(_files, folder),
                    modality="depth",
                    units={"unit": DEPTH_UNIT},
                    clock=_clock(times),
                )
            )
        others = [] if _is_sensor(path) else [each.name for each in entries_of(path)]
        return Contents(parts, [name for name in others if name not in used])


class Packets:
    """The files of oxts, each one sample.

    Attributes:
        samples: Columns of the sensors in the blocks.
    """

    samples: Mapping[str, slice] = {"accel": slice(0, 3), "gyro": slice(3, 6)}

    def __init__(self, folder: Path) -> None:
        """Take the folder of the times and files."""
        self._folder = folder

    @property
    def uri(self) -> str:
        """Where the files are."""
        return self._folder.as_uri()

    @property
    def timed(self) -> str:
        """Where the times are from, in words."""
        return _clock(self._folder / TIMES)

    def describe(self, kind: str) -> str:
        """Return which numbers of a file are those of a sensor, in words."""
        return f"{'ax ay az' if kind == 'accel' else 'wx wy wz'} of {OXTS}/{DATA}"

    def unit(self, kind: str) -> None:
        """Return nothing: the files name no unit."""

    def count(self) -> int:
        """Return how many samples there are."""
        return _lines(self._folder / TIMES)

    def blocks(self) -> Iterator[Block]:
        """Yield times in nanoseconds, and samples.

        Raises:
            SourceNotFoundError: A file is not there.
            PerceptShapeError: A file has other numbers.
        """
        times: list[int] = []
        rows: list[list[float]] = []
        for time, path, where in _entries(self._folder / TIMES, self._folder / DATA, self._folder):
            times.append(time)
            rows.append(_packet(path, where))
            if len(rows) == BLOCK:
                yield np.array(times, np.int64), np.array(rows)
                times, rows = [], []
        if rows:
            yield np.array(times, np.int64), np.array(rows)


def _sensors(path: Path) -> list[Path]:
    """Return the folders with times and files: the folder itself, or some of those in it."""
    if _is_sensor(path):
        return [path]
    return [path / name for name in SENSORS if _is_sensor(path / name)]


def _without_times(path: Path) -> list[Path]:
    """Return the folders of sensors whose times are lost."""
    folders = [path / name for name in SENSORS]
    return [each for each in folders if (each / DATA).is_dir() and not _is_sensor(each)]


def _is_sensor(path: Path) -> bool:
    """Return whether a folder has times in the words of KITTI, and data."""
    line = beginning(path / TIMES).partition("\n")[0]
    return told([line, line]) is not None and (path / DATA).is_dir()


def _is_oxts(folder: Path) -> bool:
    first = nsmallest(LOOKED_AT, (folder / DATA).glob("*.txt"))
    return any(len(beginning(path).split()) == NUMBERS for path in first)


def _has_pictures(folder: Path) -> bool:
    return any(is_picture(path.name) for path in folder.iterdir())


def _depths(path: Path) -> list[Path]:
    """Return the folders of depth maps: proj_depth/groundtruth/image_02."""
    root = path / DEPTH
    if not root.is_dir():
        return []
    cameras = [camera for kind in entries_of(root) if kind.is_dir() for camera in entries_of(kind)]
    return [camera for camera in cameras if camera.is_dir()]


def _entries(times: Path | None, data: Path, folder: Path) -> Iterator[Entry]:
    """Yield files with their times: a file's number is the index of its line.

    Raises:
        MediaDecodeError: A line is no time.
    """
    files = {path.stem: path for path in sorted(data.iterdir()) if path.stem.isdigit()}
    if times is None:
        for stem, path in files.items():
            time = int(stem) * NANOSECONDS // RATE
            yield Entry(time, inside(folder, path), f"the folder {str(data)!r}")
        return
    width = len(next(iter(files), "0" * 10))
    suffix = next(iter(files.values())).suffix if files else ".txt"
    whole = data.parent == times.parent  # depth maps are there for some pictures only
    for index, time in _times(times):
        stem = f"{index:0{width}d}"
        if not whole and stem not in files:
            continue
        path = files.get(stem, data / f"{stem}{suffix}")
        yield Entry(time, inside(folder, path), f"line {index + 1} of {str(times)!r}")


def _times(path: Path) -> Iterator[tuple[int, int]]:
    """Yield the number of a file and its time in nanoseconds."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        for index, line in enumerate(stream):
            if not line.strip():
                continue  # nothing was recorded for this number
            clock = told([line.strip()] * 2)
            if clock is None or clock.at is None:
                raise MediaDecodeError(
                    f"line {index + 1} of {str(path)!r} with {line.strip()[:40]!r} for a time",
                    "a time such as 2011-09-26 13:02:25.964389445",
                    "correct the line",
                )
            yield index, _exact(line.strip())


def _exact(text: str) -> int:
    """Return the nanoseconds of a time, whose fraction floats would round."""
    head, _, fraction = text.partition(".")
    clock = told([head] * 2)
    assert clock is not None
    return round(clock.origin) * NANOSECONDS + int(fraction.ljust(9, "0")[:9] or 0)


def _packet(path: Path, where: str) -> list[float]:
    """Return acceleration x y z and rotation x y z of a file."""
    try:
        cells = path.read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError as error:
        raise SourceNotFoundError(
            f"{where}, to which {path.name!r} belongs, a file that is not there",
            "a file for each line",
            "fetch the rest of the recording, or leave the part out: parts=[...]",
        ) from error
    if len(cells) < NUMBERS or not all(map(is_number, cells[:NUMBERS])):
        raise PerceptShapeError(
            f"{str(path)!r} with {len(cells)} numbers",
            f"{NUMBERS}, as dataformat.txt of KITTI lists them",
            "fetch it again, or leave the part out: parts=[...]",
        )
    numbers = list(map(float, cells[:NUMBERS]))
    return [*numbers[ACCEL], *numbers[GYRO]]


def _clock(times: Path) -> str:
    return f"{times.parent.name}/{times.name}, {ZONE}"


def _lines(path: Path) -> int:
    return sum(1 for _ in _times(path))


def _files(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())
