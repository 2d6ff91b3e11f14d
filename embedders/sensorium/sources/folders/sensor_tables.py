"""Folders with a table for each sensor, in the words of any program."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sensorium.errors import EmptyPerceptError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.columns import (
    ACCEL,
    GRAVITY,
    GYRO,
    LINEAR,
    SENSORS,
    SPEED,
    TURNING,
    kind_of,
    kind_of_file,
    words_of,
)
from sensorium.percepts.motion.files import without_doubles
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.sources.folders.layout import Contents, entries_of, inside
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.tables import MotionTable, Shift, motion_table

SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".csv.gz")
MOST = 60  # tables that are looked at
ANY_ORDER = Choice(date_order="either")  # the day does not matter yet
ACCEL_KINDS = ("accel", "linear")
# Words of names that say which sensor it is, and in which way, but not whose
OF_SENSORS = ACCEL | GYRO | GRAVITY | LINEAR | TURNING | SPEED
OF_SENSORS |= {"total", "uncalibrated", "calibrated", "raw", "sensor", "data", "force", "g"}


class SensorTablesFolder:
    """A folder whose accelerometer and gyroscope are in tables of their own, on one clock.

    It is asked for only where no other layout is found. Several recordings beside each other, such
    as one table with both sensors for each walk, are not one recording.
    """

    name = "tables"
    title = "tables of sensors"

    def matches(self, path: Path) -> bool:
        """Return whether there is an accelerometer and a gyroscope, apart."""
        named = [each for each in tables_of(path) if _may_be_motion(each)]
        if not 1 < len(named) <= MOST:
            return False
        tables = [
            table
            for each in named
            if (table := motion_table(each, DEFAULT_LIMITS, ANY_ORDER)) is not None
        ]
        return any(_are_apart(group) for group in by_device(tables).values())

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return the part `"imu"`, or one for each device or walk that names tell apart."""
        parts = motions(sensors_of(path, limits, choice), path)
        return Contents(parts, unused(path, parts))


def motions(tables: Sequence[MotionTable], path: Path) -> list[Motion]:
    """Return the motion of each device, in the units that its tables say."""
    return [Motion(name, group, {}, path) for name, group in by_device(tables).items()]


def unused(path: Path, parts: Sequence[Motion], *others: Path) -> list[str]:
    """Return the names of what is in a folder and in none of its parts."""
    used = {source.uri for part in parts for source in part.sources}
    used |= {each.as_uri() for each in others}
    return [each.name for each in entries_of(path) if each.as_uri() not in used]


def by_device(tables: Sequence[MotionTable]) -> dict[str, list[MotionTable]]:
    """Return tables by the part that they belong to, of each sensor one.

    Names that say more than the sensor, `left_accelerometer` and `left_gyroscope`, say whose it is;
    where only one has both, or names differ in every file, all tables are one part, `"imu"`.
    """
    groups: dict[str, list[MotionTable]] = {}
    for table in tables:
        groups.setdefault(_owner(table.path), []).append(table)
    named = {name: distinct(group) for name, group in groups.items() if _accel_of(group)}
    if len(named) < 2 or not any(_are_apart(group) for group in named.values()):
        return {"imu": distinct(tables)} if tables else {}
    return {name or "imu": group for name, group in named.items()}


def _owner(path: Path) -> str:
    """Return what a name says beside the sensor."""
    name = path.name.partition(".")[0]
    return "-".join(word for word in words_of(name) if word not in OF_SENSORS)


def _accel_of(tables: Sequence[MotionTable]) -> list[MotionTable]:
    return [table for table in tables if table.samples.keys() & set(ACCEL_KINDS)]


def _are_apart(tables: Sequence[MotionTable]) -> bool:
    """Return whether there is one accelerometer and one gyroscope, in tables of their own."""
    accel = _accel_of(tables)
    gyro = [table for table in tables if "gyro" in table.samples]
    kinds = [kind for table in tables for kind in table.samples]
    apart = bool(accel) and len(gyro) == 1 and gyro[0] not in accel
    return apart and len(kinds) == len(set(kinds))


def tables_of(path: Path) -> list[Path]:
    """Return the files of a folder that may be tables, sorted."""
    with os.scandir(path) as entries:  # there may be very many photos
        names = [each.name for each in entries if each.name.lower().endswith(SUFFIXES)]
    tables = (path / name for name in sorted(names) if not name.startswith("."))
    return [each for each in tables if each.is_file()]


def sensors_of(
    path: Path, limits: Limits, choice: Choice, *, shift: Shift | None = None
) -> list[MotionTable]:
    """Return the tables of motion of a folder, of each sensor one.

    Args:
        path: The folder.
        limits: Largest sizes that are accepted.
        choice: How they are read, where the caller says it.
        shift: Brings their times onto the clock of the folder.
    Raises:
        PerceptError: A table whose name is that of a sensor of motion cannot be read.
    """
    named = [each for each in tables_of(path) if _may_be_motion(each)]
    found = [_read(inside(path, each), limits, choice, shift) for each in named[:MOST]]
    return [table for table in found if table is not None]


def _read(path: Path, limits: Limits, choice: Choice, shift: Shift | None) -> MotionTable | None:
    """Return a table of motion; `None` for another one, and for one that is empty.

    Raises:
        PerceptError: It cannot be read, and its name says a sensor of motion.
    """
    if kind_of_file(path.stem) not in SENSORS:
        return motion_table(path, limits, choice, shift)
    with suppress(EmptyPerceptError):
        table = MotionTable(path, limits, choice, shift=shift)
        return table if table.samples else None
    return None


def distinct(tables: Sequence[MotionTable]) -> list[MotionTable]:
    """Return tables without those that tell again what another one tells."""
    return [table for _, table in without_doubles([(table.path.name, table) for table in tables])]


def _may_be_motion(path: Path) -> bool:
    """Return whether a name says a sensor of motion, or none at all."""
    words = words_of(path.stem)
    return kind_of(words) is not None or not _is_other(words)


def _is_other(words: Sequence[str]) -> bool:
    """Return whether words name a sensor that is not of motion, such as a magnetometer."""
    return any(kind_of(["accel", word]) is None for word in words)
