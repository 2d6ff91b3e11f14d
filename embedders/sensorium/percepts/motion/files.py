"""Motion recordings in files: tables in text, and NPZ."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TypeVar

import numpy as np

from sensorium.errors import (
    MediaDecodeError,
    PerceptShapeError,
    SensoriumError,
    SourceTooLargeError,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.clocks import TICKS
from sensorium.percepts.motion.columns import kind_of, words_of
from sensorium.percepts.motion.merging import merged
from sensorium.percepts.motion.recording import Recording, list_names
from sensorium.percepts.motion.tables import Choice, read_sensors, told_units
from sensorium.percepts.source import Array, Encoded
from sensorium.percepts.text_tables import open_table

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")  # the order of every array of ours
ACCEL = "a|acc|accel|accelero|acceleration|accelerometer"
GYRO = "g|gyr|gyro|gyroscope|w|omega|angularvelocity|rotationrate"
TIME = re.compile(r"(?:t|time|timestamps?)(?:(?P<unit>ms|us|ns)|s|secs?|seconds)?")
AXIS = re.compile(rf"(?:(?P<accel>{ACCEL})|{GYRO})(?P<axis>[xyz])")
WHOLE = {  # what an array of an NPZ file holds, by its name
    "data": re.compile("data|imu|samples"),
    "accel": re.compile(ACCEL),
    "gyro": re.compile(GYRO),
    "rate": re.compile("fs|rate|samplerate|samplingrate|hz"),
}
LAYOUTS: tuple[dict[str, tuple[int, ...]], ...] = (  # arrays of an NPZ file: their shape after T
    {"data": (6,)},
    {"accel": (3,), "gyro": (3,)},
    dict.fromkeys(CHANNELS, ()),
)
LARGEST = 2**29  # bytes a file may unpack to, all its arrays together
T = TypeVar("T")  # what a table is to the caller
ZIP_MAGIC = b"PK\x03\x04"  # an NPZ file is a zip archive
NPY_MAGIC = b"\x93NUMPY"
TABLES = frozenset((".csv", ".tsv", ".txt", ".dat"))  # ends of names of tables in an archive


def read_recording(
    sources: Sequence[Encoded], limits: Limits, choice: Choice, *, gyro: bool = True
) -> Recording:
    """Read motion from one file, or from the files of its sensors.

    A file is a table in text (also packed with gzip), a zip archive of such tables, an NPZ or an
    NPY file; its first bytes say which.

    Args:
        sources: The files.
        limits: `max_bytes` and half of `max_memory` also bound what a compressed file may unpack
            to, where they are below `LARGEST`.
        choice: Which columns of tables to take, where the caller says it.
        gyro: Whether there has to be a gyroscope.
    Raises:
        MediaDecodeError: Unreadable, or a cell that is not a number (with its line).
        PerceptShapeError: Columns are missing, doubled or of different lengths.
        SourceTooLargeError: It unpacks to more than `LARGEST`, or than `limits` allow.
        UnitError: A column is in a unit that is not known, or sensors have no clock in common.
    """
    if len(sources) == 1:
        head = sources[0].head(len(NPY_MAGIC))
        if head == NPY_MAGIC:
            return _read_npy(sources[0], limits)
        if head.startswith(ZIP_MAGIC) and _is_npz(sources[0]):
            return _read_npz(sources[0], limits)
    files = [each for source in sources for each in _tables(source, limits)]
    tables = [
        read_sensors(table, limits, choice, name=name) for name, table in without_doubles(files)
    ]
    name = " and ".join(source.name for source in sources)
    return merged([table for table in tables if table.samples or table.lacking], name, gyro=gyro)


def units_of_files(sources: Sequence[Encoded], limits: Limits) -> dict[str, str]:
    """Return the units that files of motion say themselves; of one that is no table, none."""
    told: dict[str, str] = {}
    for source in sources:
        try:
            for name, table in _tables(source, limits):
                told |= told_units(table, name=name)
        except SensoriumError:  # whoever reads it whole is told
            continue
    return told


def _tables(source: Encoded, limits: Limits) -> Iterator[tuple[str | None, Encoded]]:
    """Yield a file that is a table, or the tables in a zip archive with their names."""
    if source.head(len(ZIP_MAGIC)) != ZIP_MAGIC:
        yield None, source
        return
    try:
        with source.open() as raw, zipfile.ZipFile(raw) as archive:
            members = [
                each
                for each in archive.infolist()
                if PurePath(each.filename).suffix.lower() in TABLES
            ]
            size = sum(each.file_size for each in members)
            _check_unpacked(size, min(limits.max_bytes, limits.max_memory // 2, LARGEST), source)
            for member in members:
                content = Encoded(data=archive.read(member))
                try:
                    open_table(content)
                except MediaDecodeError:  # what describes the recording, such as its device
                    continue
                yield member.filename, content
    except SensoriumError:
        raise
    except Exception as error:  # zip and deflate raise anything
        raise _unreadable(source, str(error)) from error


def without_doubles(files: Sequence[tuple[str | None, T]]) -> Iterator[tuple[str | None, T]]:
    """Yield tables with their names, but those that tell again what another one tells.

    Sensor Logger writes its sensors also without calibration, and the total of the acceleration
    beside its parts with and without gravity.
    """
    words = [words_of(PurePath(name).stem) if name else [] for name, _ in files]
    total = any("total" in each and kind_of(each) == "accel" for each in words)
    for each, file in zip(words, files, strict=True):
        calibrated = [word for word in each if word != "uncalibrated"]
        if calibrated != each and calibrated in words:
            continue
        if total and "total" not in each and kind_of(each) in ("accel", "linear", "gravity"):
            continue
        yield file


def _is_npz(source: Encoded) -> bool:
    """Return whether a zip archive holds arrays, or nothing that is a table in text."""
    try:
        with source.open() as raw, zipfile.ZipFile(raw) as archive:
            suffixes = {PurePath(name).suffix.lower() for name in archive.namelist()}
    except Exception:  # the reader of arrays says what is wrong with it
        return True
    return ".npy" in suffixes or not suffixes & TABLES


def _read_npy(source: Encoded, limits: Limits) -> Recording:
    """Read one array of samples, `(T, 6)`, or `(T, 7)` with seconds before them."""
    _check_unpacked(source.size, min(limits.max_memory // 2, LARGEST), source)
    try:
        with source.open() as raw:
            array = np.load(raw, allow_pickle=False)
    except Exception as error:
        raise _unreadable(source, str(error)) from error
    if array.ndim == 2 and array.shape[1] == 7 and array.dtype.kind in "iuf":
        return Recording(array[:, 1:], array[:, 0].astype(np.float64), None)
    return Recording(array, None, None)


def _meaning(name: str) -> str | None:
    """Return what a column or array holds, by its name: `"Accel_X (m/s^2)"` is `"ax"`."""
    bare = _plain(re.split(r"[(\[]", name)[0])
    axis = AXIS.fullmatch(bare)
    if axis is not None:
        return ("a" if axis["accel"] else "g") + axis["axis"]
    if TIME.fullmatch(_plain(name)):
        return "t"
    return next((whole for whole, pattern in WHOLE.items() if pattern.fullmatch(bare)), None)


def _ticks(name: str) -> float:
    """Return the ticks per second of a time column."""
    found = TIME.fullmatch(_plain(name))
    return TICKS[(found and found["unit"]) or "s"]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _by_meaning(names: Sequence[str], wanted: Sequence[str], source: Encoded) -> dict[str, str]:
    """Return the name of each wanted meaning that is found; two names of one are an error."""
    found: dict[str, str] = {}
    for name in names:
        meaning = _meaning(name)
        if meaning is None or meaning not in wanted:
            continue
        if meaning in found:
            raise PerceptShapeError(
                f"{source.name} with {list_names([found[meaning], name])}, which mean the same",
                "one of them",
                "drop or rename the others",
            )
        found[meaning] = name
    return found


def _check_unpacked(size: int, limit: int, source: Encoded) -> None:
    if size > limit:
        raise SourceTooLargeError(
            f"{source.name}, which unpacks to {size} bytes or more",
            f"at most {limit}",
            "split it into shorter recordings",
        )


def _read_npz(source: Encoded, limits: Limits) -> Recording:
    """Read the arrays of samples and times; no other array is loaded."""
    try:
        with source.open() as raw, np.load(raw, allow_pickle=False) as file:
            size = sum(entry.file_size for entry in file.zip.infolist())
            _check_unpacked(size, min(limits.max_bytes, limits.max_memory // 2, LARGEST), source)
            found = _by_meaning(file.files, [*WHOLE, *CHANNELS, "t"], source)
            layouts = [layout for layout in LAYOUTS if layout.keys() <= found.keys()]
            layout = layouts[0] if len(layouts) == 1 else {}
            needed = [*layout, *({"t", "rate"} & found.keys())]
            arrays = {meaning: file[found[meaning]] for meaning in needed}
            names = file.files
    except SensoriumError:
        raise
    except Exception as error:  # the parsers (zip, deflate, npy header) raise anything,
        # MemoryError among it where a header makes numbers up
        raise _unreadable(source, str(error)) from error
    _check_arrays(arrays, layout, names, source)
    times, rate = arrays.get("t"), arrays.get("rate")
    if times is not None and times.dtype.kind != "M":
        times = times.astype(np.float64) / _ticks(found["t"])
    parts = [arrays[meaning].reshape(len(arrays[meaning]), -1) for meaning in layout]
    samples = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1, dtype=np.float64)
    return Recording(samples, times, None if rate is None else float(rate.item()))


def _check_arrays(
    arrays: Mapping[str, Array],
    layout: Mapping[str, tuple[int, ...]],
    names: Sequence[str],
    source: Encoded,
) -> None:
    """Check that the arrays of an NPZ file are numbers in one of `LAYOUTS`, of one length."""
    count = next((array.shape[:1] for array in arrays.values()), ()) or (0,)  # T
    shapes = {meaning: count + tail for meaning, tail in {**layout, "t": ()}.items()}
    for meaning, array in arrays.items():
        right = array.size == 1 if meaning == "rate" else array.shape == shapes[meaning]
        if not right or array.dtype.kind not in ("iufM" if meaning == "t" else "iuf"):
            break
    else:
        if layout:
            return
    raise PerceptShapeError(
        f"{source.name} with the arrays {_shapes(arrays) if layout else list_names(names)}",
        "one of data (T, 6), accel (T, 3) and gyro (T, 3), or six columns (T,); t (T,) or a rate",
        "bring them to one length T, and leave one of them",
    )


def _shapes(arrays: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in arrays.items())


def _unreadable(source: Encoded, why: str) -> MediaDecodeError:
    return MediaDecodeError(
        f"{source.name}, unreadable as imu ({why})",
        "a CSV file with a header row, or an NPZ file of plain numbers",
        "repair it, or pass an array of shape (T, 6)",
    )
