"""Folders with a table for each sensor, in the words of any program."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sensorium.errors import EmptyPerceptError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.columns import SENSORS, kind_of, words_of
from sensorium.percepts.motion.files import without_doubles
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.sources.folders.layout import Contents, entries_of, inside
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.tables import MotionTable, Shift, is_motion

SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".csv.gz")
MOST = 60  # tables that are looked at
ACCEL = ("accel", "linear")


class SensorTablesFolder:
    """A folder whose accelerometer and gyroscope are in tables of their own, on one clock.

    It is asked for only where no other layout is found. Several recordings beside each other, such
    as one table with both sensors for each walk, are not one recording.
    """

    name = "tables"
    title = "tables of sensors"

    def matches(self, path: Path) -> bool:
        """Return whether there is one accelerometer and one gyroscope, apart."""
        named = [each for each in tables_of(path) if _may_be_motion(each)]
        if not 1 < len(named) <= MOST:
            return False
        tables = [table for each in named if (table := is_motion(each, DEFAULT_LIMITS)) is not None]
        tables = distinct(tables)
        accel = [table for table in tables if table.samples.keys() & set(ACCEL)]
        gyro = [table for table in tables if "gyro" in table.samples]
        kinds = [kind for table in tables for kind in table.samples]
        apart = bool(accel) and len(gyro) == 1 and gyro[0] not in accel
        return apart and len(kinds) == len(set(kinds))

    def contents(self, path: Path, limits: Limits) -> Contents:
        """Return the part `"imu"`."""
        tables = sensors_of(path, limits)
        used = {table.path for table in tables}
        others = [each.name for each in entries_of(path) if each not in used]
        return Contents([Motion("imu", tables, {}, path)], others)


def tables_of(path: Path) -> list[Path]:
    """Return the files of a folder that may be tables, sorted."""
    return [
        each for each in entries_of(path) if each.name.lower().endswith(SUFFIXES) and each.is_file()
    ]


def sensors_of(path: Path, limits: Limits, *, shift: Shift | None = None) -> list[MotionTable]:
    """Return the tables of motion of a folder, of each sensor one.

    Args:
        path: The folder.
        limits: Largest sizes that are accepted.
        shift: Brings their times onto the clock of the folder.
    Raises:
        PerceptError: A table whose name is that of a sensor of motion cannot be read.
    """
    named = [each for each in tables_of(path) if _may_be_motion(each)]
    found = [_read(inside(path, each), limits) for each in named[:MOST]]
    chosen = distinct([table for table in found if table is not None])
    return [MotionTable(table.path, limits, shift=shift) for table in chosen]


def _read(path: Path, limits: Limits) -> MotionTable | None:
    """Return a table of motion; `None` for another one, and for one that is empty.

    Raises:
        PerceptError: It cannot be read, and its name says a sensor of motion.
    """
    if kind_of(words_of(path.stem)) not in SENSORS:
        return is_motion(path, limits)
    with suppress(EmptyPerceptError):
        return MotionTable(path, limits)
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
