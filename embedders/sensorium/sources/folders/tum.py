"""Folders of TUM RGB-D: lists of pictures and depth maps, an accelerometer, and the true poses."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sensorium.errors import PerceptShapeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.columns import kind_of, words_of
from sensorium.sources.folders.absent import Absent
from sensorium.sources.folders.layout import Contents, Part, entries_of, inside
from sensorium.sources.folders.lists import (
    beginning,
    count_of,
    count_rows,
    first_row,
    is_list,
    is_number,
    listed,
    named_by_time,
)
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.pictures import Focal, Pictures
from sensorium.sources.folders.poses import NUMBERS, Poses
from sensorium.sources.folders.sensor_tables import by_device
from sensorium.sources.folders.tables import MotionTable

LISTS = ("rgb.txt", "depth.txt")
MOST_LOOKED_AT = 100  # text files of a folder
DEPTH_UNIT = (1 / 5000, "1/5000 m (TUM RGB-D)")
DEFAULT_SIZE, DEFAULT_FX = (640, 480), 525.0
CALIBRATION = "calibration.txt"  # of ETH3D, which has the same lists: fx fy cx cy


class TumFolder:
    """The layout of the TUM RGB-D benchmark, and of the data sets that took it over.

    `rgb.txt` and `depth.txt` list times in seconds since 1970 and file names; depth maps have 5000
    counts a metre, and 0 where nothing was measured; `accelerometer.txt` has m/s^2;
    `groundtruth.txt` has `timestamp tx ty tz qx qy qz qw`. Source: "File Formats" and "Intrinsic
    Camera Calibration of the Kinect" of the benchmark, which recommends a focal length of 525
    pixels for its maps of 640 x 480.
    """

    name = "tum"
    title = "TUM RGB-D"

    def matches(self, path: Path) -> bool:
        """Return whether one of the two lists is there, and is a list."""
        return any(is_list(path / name) or _is_empty(path / name) for name in LISTS)

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return a part for each list, and one for the accelerometer.

        Raises:
            PerceptError: A table of motion cannot be read.
        """
        texts = [each for each in entries_of(path) if each.suffix.lower() == ".txt"]
        poses, parts, tables, used = _poses(path), list[Part](), list[MotionTable](), set[str]()
        lists = [text for text in texts[:MOST_LOOKED_AT] if is_list(text)]
        # Other data sets have a depth.txt, too, beside lists of other names, in millimetres
        of_tum = any(each.name == LISTS[0] for each in lists) or all(
            each.name in LISTS for each in lists
        )
        for text in texts[:MOST_LOOKED_AT]:
            inside(path, text)
            if is_list(text) or (text.name in LISTS and _is_empty(text)):
                parts.append(_pictures(path, text, poses, of_tum=of_tum))
            elif _sensor(text) is not None:
                tables.append(MotionTable(text, limits, choice))
            elif text.name not in ("groundtruth.txt", CALIBRATION):
                continue
            used.add(text.name)
        parts += _without_list(path, lists, poses, of_tum=of_tum)
        for name, group in by_device(tables).items():
            has_gyro = any("gyro" in table.samples for table in group)
            units: dict[str, str | float] = {"accel": "m/s^2", "gyro": "rad/s"}
            units |= {} if has_gyro else {"gyro": "none"}
            parts.append(Motion(name, group, units, path, poses))
        return Contents(parts, [text.name for text in texts if text.name not in used])


def _without_list(
    folder: Path, lists: list[Path], poses: Poses | None, *, of_tum: bool
) -> list[Part]:
    """Return the parts of folders whose list is lost; the names of their pictures may be times."""
    parts: list[Part] = []
    known = {(folder / first_row(each)[1]).parent for each in lists}
    for table in (folder / name for name in LISTS):
        pictures = folder / table.stem
        if table.is_file() or pictures in known or not pictures.is_dir():
            continue
        part = _pictures(folder, table, poses, of_tum=of_tum)
        if next(named_by_time(inside(folder, pictures)), None) is None:
            parts.append(Absent(part.name, part.modality, pictures, table))
            continue
        part.entries = partial(named_by_time, pictures)
        part.rows, part.clock = partial(count_of, part.entries), "the name of the picture"
        parts.append(part)
    return parts


def _is_empty(path: Path) -> bool:
    """Return whether there is a list that names nothing: its header says what it would."""
    return not first_row(path) and "timestamp filename" in " ".join(beginning(path).split())


def _sensor(path: Path) -> str | None:
    """Return the sensor of a table of numbers, by the words of its name."""
    kind = kind_of(words_of(path.stem))
    cells = first_row(path)
    numeric = len(cells) > len("xyz") and all(map(is_number, cells))
    return kind if kind in ("accel", "gyro") and numeric else None


def _pictures(folder: Path, path: Path, poses: Poses | None, *, of_tum: bool) -> Pictures:
    is_depth = "depth" in words_of(path.stem)
    of_tum = path.name == LISTS[1] and of_tum
    return Pictures(
        path.stem,
        partial(listed, path, folder, folder, 1),
        partial(count_rows, path),
        modality="depth" if is_depth else "image",
        units={"unit": DEPTH_UNIT} if of_tum else {},
        focal=_focal(folder, of_tum) if is_depth else None,
        clock=path.name,
        poses=poses,
    )


def _focal(folder: Path, of_tum: bool) -> Focal:
    """Return what tells the focal length: the folder's calibration, or the benchmark's default."""
    cells = first_row(folder / CALIBRATION)

    def focal(size: tuple[int, int]) -> tuple[float, str] | None:
        if len(cells) > 1 and is_number(cells[0]):
            return float(cells[0]), f"{cells[0]} of {CALIBRATION}"
        if of_tum and size == DEFAULT_SIZE:
            return DEFAULT_FX, f"{DEFAULT_FX:g}, as TUM RGB-D recommends for 640 x 480"
        return None

    return focal


def _poses(folder: Path) -> Poses | None:
    path = folder / "groundtruth.txt"
    cells = first_row(path)
    if not cells:
        return None
    if len(cells) < 1 + NUMBERS:
        raise PerceptShapeError(
            f"{str(path)!r} with {len(cells)} numbers in a row",
            "timestamp tx ty tz qx qy qz qw",
            "correct it, or take it out of the folder",
        )
    return Poses(inside(folder, path), 1, scalar_first=False)
