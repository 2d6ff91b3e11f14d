"""Motion recordings in files and DataFrames: which of the readers takes them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TypeVar

from sensorium.errors import MediaDecodeError, SensoriumError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.arrays import read_npy, read_npz, unreadable
from sensorium.percepts.motion.choice import Choice, told_units
from sensorium.percepts.motion.columns import kind_of, words_of
from sensorium.percepts.motion.fixes import first_fix
from sensorium.percepts.motion.labels import part
from sensorium.percepts.motion.merging import merged
from sensorium.percepts.motion.recording import Recording, check_unpacked
from sensorium.percepts.motion.tables import read_sensors
from sensorium.percepts.pose import FIX
from sensorium.percepts.source import Encoded, Source
from sensorium.percepts.tables.opening import open_tables
from sensorium.percepts.tables.table import Columns, Table

T = TypeVar("T")  # what a table is to the caller
ZIP_MAGIC = b"PK\x03\x04"  # an NPZ file is a zip archive
NPY_MAGIC = b"\x93NUMPY"
UNCALIBRATED = ("uncalibrated", "uncal")
# Ends of names of tables in an archive
TABLES = frozenset((".csv", ".tsv", ".txt", ".dat", ".json", ".jsonl", ".ndjson"))


@dataclass(frozen=True)
class Frame:
    """A table that was no file: a DataFrame, whose columns were taken."""

    table: Columns

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        return self.table.name


def read_recording(
    sources: Sequence[Encoded | Frame], limits: Limits, choice: Choice, *, gyro: bool = True
) -> Recording:
    """Read motion from one file or DataFrame, or from those of its sensors.

    A file is a table in text or JSON (also packed with gzip), a zip archive of such tables, an NPZ
    or an NPY file; its first bytes say which.

    Args:
        sources: The files.
        limits: `max_bytes` and half of `max_memory` also bound what a compressed file may unpack
            to.
        choice: Which columns of tables to take, where the caller says it.
        gyro: Whether there has to be a gyroscope.
    Raises:
        MediaDecodeError: Unreadable, or a cell that is not a number (with its line).
        PerceptShapeError: Columns are missing, doubled or of different lengths.
        SourceTooLargeError: It unpacks to more than the limits allow.
        UnitError: A column is in a unit that is not known, or sensors have no clock in common.
    """
    rate: float | None = None
    found: list[tuple[str | None, Table]] = []
    for source in sources:
        read: Recording | Columns | None = None
        if isinstance(source, Encoded):
            head = source.head(len(NPY_MAGIC))
            if head == NPY_MAGIC:
                read = read_npy(source, limits, choice)
            elif head.startswith(ZIP_MAGIC) and _is_npz(source):
                read, rate = read_npz(source, limits, choice)
        if isinstance(read, Recording) and len(sources) == 1:
            return read
        if isinstance(read, Recording):
            raise unreadable(source.name, "its array has no names, beside other files")
        found += [(_named(source), read)] if read is not None else _tables(source, limits)
    parts = [each for name, table in found for each in part(name, table, limits, choice.labels)]
    choice = replace(choice, several=len(parts) > 1)
    tables = [
        read_sensors(table, limits, choice, name=name or "")
        for name, table in without_doubles(parts)
    ]
    whole = " and ".join(source.name for source in sources)
    understood = [each for each in tables if each.samples or each.lacking] or tables
    paths = [source.path if isinstance(source, Encoded) else None for source in sources]
    fixes = (fix for _, table in without_doubles(parts) if (fix := first_fix(table)))
    made = merged(understood, whole, gyro=gyro, by_rate=choice.by_rate, paths=paths)
    if (fix := next(fixes, None)) is not None:
        made = replace(made, reading={**made.reading, FIX: fix})
    return made if made.times is not None or rate is None else replace(made, rate=rate)


def units_of_files(sources: Sequence[Encoded], limits: Limits) -> dict[str, str]:
    """Return the units that files of motion say themselves; of one that is no table, none."""
    told: dict[str, str] = {}
    for source in sources:
        try:
            for name, table in _tables(source, limits):
                told |= told_units(table, name=name or "")
        except SensoriumError:  # whoever reads it whole is told
            continue
    return told


def holds_tables(source: Source, limits: Limits) -> bool:
    """Return whether a file has a table or an array in it; what they hold is not looked at."""
    try:
        return isinstance(source, Encoded) and (
            source.head(len(NPY_MAGIC)) == NPY_MAGIC or any(_tables(source, limits))
        )
    except SensoriumError:
        return False


def _named(source: Encoded | Frame) -> str | None:
    """Return what the name of a file says, without its ends: `"Accelerometer"`."""
    return stem(source.path.name) if isinstance(source, Encoded) and source.path else None


def stem(name: str) -> str:
    """Return the name of a file without its folders and ends, of which there may be two."""
    path = PurePath(name)
    return path.with_suffix("").stem if path.suffix.lower() == ".gz" else path.stem


def _tables(source: Encoded | Frame, limits: Limits) -> Iterator[tuple[str | None, Table]]:
    """Yield the tables of a file, or those in a zip archive, with their names."""
    if isinstance(source, Frame):
        yield None, source.table
        return
    if source.head(len(ZIP_MAGIC)) != ZIP_MAGIC:
        for name, table in open_tables(source, limits):
            yield name or _named(source), table
        return
    try:
        with source.open() as raw, zipfile.ZipFile(raw) as archive:
            members = [
                each
                for each in archive.infolist()
                if PurePath(each.filename).suffix.lower() in TABLES
            ]
            size = sum(each.file_size for each in members)
            check_unpacked(size, limits, source.name, packed=True)
            for member in members:
                content = Encoded(data=archive.read(member))
                try:
                    opened = open_tables(content, limits)
                except MediaDecodeError:  # what describes the recording, such as its device
                    continue
                for name, table in opened:
                    yield name or stem(member.filename), table
    except SensoriumError:
        raise
    except Exception as error:  # zip and deflate raise anything
        raise unreadable(source.name, str(error)) from error


def without_doubles(tables: Sequence[tuple[str | None, T]]) -> Iterator[tuple[str | None, T]]:
    """Yield tables with their names, but those that tell again what another one tells.

    Sensor Logger writes its sensors also without calibration, and the total of the acceleration
    beside its parts with and without gravity.
    """
    words = [words_of(name) if name else [] for name, _ in tables]
    total = any("total" in each and kind_of(each) == "accel" for each in words)
    for each, table in zip(words, tables, strict=True):
        calibrated = [word for word in each if word not in UNCALIBRATED]
        if calibrated != each and calibrated in words:
            continue
        if total and "total" not in each and kind_of(each) in ("accel", "linear", "gravity"):
            continue
        yield table


def _is_npz(source: Encoded) -> bool:
    """Return whether a zip archive holds arrays, or nothing that is a table in text."""
    try:
        with source.open() as raw, zipfile.ZipFile(raw) as archive:
            suffixes = {PurePath(name).suffix.lower() for name in archive.namelist()}
    except Exception:  # the reader of arrays says what is wrong with it
        return True
    return ".npy" in suffixes or not suffixes & TABLES
