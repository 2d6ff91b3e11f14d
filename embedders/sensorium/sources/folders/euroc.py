"""Folders of EuRoC and others in the ASL format: mav0 with a folder for each sensor."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.sources.folders.absent import Absent
from sensorium.sources.folders.layout import Contents, Part, entries_of, inside
from sensorium.sources.folders.lists import (
    beginning,
    count_of,
    count_rows,
    first_row,
    is_list,
    is_number,
    is_picture,
    listed,
    named_by_time,
)
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.pictures import Pictures
from sensorium.sources.folders.poses import NUMBERS, Poses
from sensorium.sources.folders.tables import MotionTable
from sensorium.sources.stamps import NANOSECONDS

ROOT, DATA, LIST, SENSOR = "mav0", "data", "data.csv", "sensor.yaml"
HEADER = "#timestamp"  # how a table begins
MOST_SENSORS = 100  # folders that are looked at
COLUMNS = {"time": 0, "gyro": [1, 2, 3], "accel": [4, 5, 6]}  # the gyroscope comes first
WIDTH = 7
UNITS: dict[str, str | float] = {"accel": "m/s^2", "gyro": "rad/s"}


class EurocFolder:
    """The ASL format: of EuRoC MAV, and of TUM-VI's export.

    Each sensor has a folder with `data.csv`: nanoseconds, and then the name of a picture in `data`
    (of 8 bits, or 16 in TUM-VI), or the gyroscope in rad/s and the accelerometer in m/s^2, or a
    position and a quaternion w x y z. Source: "The EuRoC micro aerial vehicle datasets" (Burri et
    al., 2016) with the data set's page, and the page of the TUM Visual-Inertial Dataset.
    """

    name = "euroc"
    title = "EuRoC (ASL)"

    def matches(self, path: Path) -> bool:
        """Return whether it is the recording, its folder mav0, or the folder of one sensor."""
        return bool(_sensors(path))

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return a part for each sensor whose table is one of motion or pictures.

        Raises:
            PerceptError: A table cannot be read.
        """
        parts: list[Part] = []
        poses: list[Poses] = []
        sensors = _sensors(path)
        for folder in sensors:
            if _is_pose(folder / LIST):
                poses.append(Poses(inside(path, folder / LIST), NANOSECONDS, scalar_first=True))
        pose = poses[0] if poses else None
        used = {pose.path.parent} if pose else set()
        for folder in sensors:
            table = inside(path, folder / LIST)
            if _lists_pictures(table):
                parts.append(
                    Pictures(
                        folder.name,
                        partial(listed, table, path, folder / DATA, NANOSECONDS),
                        partial(count_rows, table),
                        clock=f"{folder.name}/{LIST}",
                        poses=pose,
                    )
                )
                used.add(folder)
                continue
            motion = None if _is_pose(table) else _motion(table, limits, choice)
            if motion is not None:
                parts.append(Motion(folder.name, [motion], UNITS, path, pose))
                used.add(folder)
        root = path if path in sensors else sensors[0].parent
        for folder in [] if path in sensors else _cameras_without_list(root, sensors):
            names = partial(named_by_time, inside(path, folder / DATA))
            clock = "the name of the picture"
            parts.append(
                Pictures(folder.name, names, partial(count_of, names), clock=clock, poses=pose)
            )
            used.add(folder)
        if path in sensors:
            return Contents(parts)
        for folder in _without_table(root, [*sensors, *used]):
            modality = "image" if (folder / DATA).is_dir() else "imu"
            parts.append(Absent(folder.name, modality, folder, folder / LIST))
            used.add(folder)
        return Contents(parts, [each.name for each in entries_of(root) if each not in used])


def _sensors(path: Path) -> list[Path]:
    """Return the folders of the sensors."""
    if _is_sensor(path):
        return [path]
    root = path / ROOT if (path / ROOT).is_dir() else path
    folders: list[Path] = []
    with_table = (each for each in root.iterdir() if not each.name.startswith("."))
    for number, each in enumerate(with_table):
        if number >= MOST_SENSORS:
            break
        if each.is_dir() and _is_sensor(each):
            folders.append(each)
    return sorted(folders)


def _cameras_without_list(root: Path, sensors: list[Path]) -> list[Path]:
    """Return the folders beside those of the sensors whose pictures are named by their times."""
    others = [each for each in entries_of(root) if each not in sensors and (each / DATA).is_dir()]
    return [each for each in others if next(named_by_time(each / DATA), None) is not None]


def _without_table(root: Path, known: list[Path]) -> list[Path]:
    """Return the folders of sensors, by their descriptions, whose tables are lost."""
    others = [each for each in entries_of(root) if each not in known]
    return [each for each in others if (each / SENSOR).is_file()]


def _is_sensor(path: Path) -> bool:
    """Return whether a folder has a table that begins as those of the format do."""
    table = path / LIST
    if not table.is_file():
        return False
    return beginning(table).replace(" ", "").startswith(HEADER) or (path / SENSOR).is_file()


def _header(table: Path) -> str:
    return beginning(table).partition("\n")[0].lower()


def _lists_pictures(table: Path) -> bool:
    cells = first_row(table)
    return is_list(table) or "filename" in _header(table) or (bool(cells) and is_picture(cells[-1]))


def _is_pose(table: Path) -> bool:
    """Return whether a table has a position and a quaternion in its first columns."""
    names = _header(table).split(",")
    return len(names) > NUMBERS and "p_" in names[1] and "q_" in names[4]


def _motion(table: Path, limits: Limits, choice: Choice) -> MotionTable | None:
    """Return a table of motion; one without names has the columns of the format."""
    cells = first_row(table)
    if not cells:
        return None
    named = not beginning(table).lstrip().startswith(cells[0])
    choice = choice if named else Choice(COLUMNS, "ns")
    if not named and (len(cells) < WIDTH or not all(map(is_number, cells))):
        return None
    found = MotionTable(table, limits, choice)
    return found if found.samples else None
