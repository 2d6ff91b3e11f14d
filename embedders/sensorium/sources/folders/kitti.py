"""Drives of KITTI: the inertial unit of the car, its cameras, and depth maps if there are any."""

from __future__ import annotations

from functools import partial
from heapq import nsmallest
from pathlib import Path

from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.clocks import told
from sensorium.sources.folders.absent import Absent
from sensorium.sources.folders.layout import Contents, Part, entries_of, inside
from sensorium.sources.folders.lists import beginning, is_picture
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.packets import (
    DATA,
    NUMBERS,
    OXTS,
    TIMES,
    Packets,
    clock_of,
    count_times,
    numbered_files,
)
from sensorium.sources.folders.pictures import Pictures

SENSORS = (OXTS, *(f"image_{number:02d}" for number in range(10)))
UNITS: dict[str, str | float] = {"accel": "m/s^2", "gyro": "rad/s"}
DEPTH_UNIT = (1 / 256, "1/256 m (KITTI depth)")
DEPTH = "proj_depth"  # of the depth completion benchmark, beside the cameras
LOOKED_AT = 3  # packets that tell what the files of a folder are


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
                entries = partial(numbered_files, times, folder / DATA, path)
                parts.append(
                    Pictures(
                        folder.name, entries, partial(count_times, times), clock=clock_of(times)
                    )
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
            entries = partial(numbered_files, times if times.is_file() else None, folder, path)
            name = "/".join(["depth", *folder.relative_to(path / DEPTH).parts])
            parts.append(
                Pictures(
                    name,
                    entries,
                    partial(_files, folder),
                    modality="depth",
                    units={"unit": DEPTH_UNIT},
                    clock=clock_of(times),
                )
            )
        others = [] if _is_sensor(path) else [each.name for each in entries_of(path)]
        return Contents(parts, [name for name in others if name not in used])


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


def _files(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())
