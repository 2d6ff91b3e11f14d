"""Motion recordings in files: CSV with a header row, and NPZ."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptShapeError,
    SensoriumError,
    SourceTooLargeError,
)
from sensorium.percepts.source import Array, Encoded, Limits

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")  # the order of every array of ours
ACCEL = r"(?:a|acc|accel|accelero|acceleration|accelerometer)"
GYRO = r"(?:g|gyr|gyro|gyroscope|w|omega|angularvelocity|rotationrate)"
TIME = re.compile(r"(?:t|time|timestamps?)(?:(?P<unit>ms|us|ns)|s|secs?|seconds)?")
AXIS = re.compile(rf"(?:(?P<accel>{ACCEL})|{GYRO})(?P<axis>[xyz])")
TICKS = {None: 1, "ms": 1e3, "us": 1e6, "ns": 1e9}  # per second, by the suffix of a time column
RATES = ("fs", "rate", "samplerate", "samplingrate", "hz")
TABLES = ("data", "imu", "samples")
LONGEST_HEADER = 2**16  # characters
ZIP_MAGIC = b"PK\x03\x04"  # an NPZ file is a zip archive


class Recording(NamedTuple):
    """What a motion file holds, in the units it was written in."""

    samples: NDArray[np.float64]  # (T, 6)
    times: NDArray[np.float64] | None  # (T,) seconds
    rate: float | None  # Hz


def read_recording(source: Encoded, limits: Limits) -> Recording:
    """Read a CSV or NPZ file.

    Args:
        source: The file; which of the two it is, its first bytes say.
        limits: `max_bytes` also bounds what a compressed NPZ may unpack to.
    Raises:
        MediaDecodeError: Unreadable, or a cell that is not a number (with its line).
        PerceptShapeError: Columns are missing, doubled or of different lengths.
        SourceTooLargeError: An NPZ that unpacks to more than `limits.max_bytes`.
    """
    with source.open() as stream:
        packed = stream.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    return _read_npz(source, limits) if packed else _read_csv(source)


def _channel(name: str) -> str | None:
    """Return which of `CHANNELS` a column holds: `"Accel_X (m/s^2)"` is `"ax"`."""
    found = AXIS.fullmatch(_plain(re.split(r"[(\[]", name)[0]))
    return None if found is None else ("a" if found["accel"] else "g") + found["axis"]


def _ticks(name: str) -> float | None:
    """Return the ticks per second of a time column, or `None` if it is not one."""
    found = TIME.fullmatch(_plain(name))
    return None if found is None else TICKS[found["unit"]]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _find_columns(names: Sequence[str], source: Encoded) -> tuple[list[str], str | None]:
    """Return the names of the six channels in order, and of the time column if there is one."""
    channels = [[name for name in names if _channel(name) == wanted] for wanted in CHANNELS]
    times = [name for name in names if _ticks(name) is not None]
    if not all(channels):
        missing = [wanted for wanted, found in zip(CHANNELS, channels, strict=True) if not found]
        raise PerceptShapeError(
            f"{source.name} with the columns {_listed(names)}",
            f"ax ay az gx gy gz (or accel_x, gyro_x, ...); missing: {' '.join(missing)}",
            "rename or add the columns, or pass an array of shape (T, 6)",
        )
    for found in [*channels, times]:
        if len(found) > 1:
            raise PerceptShapeError(
                f"{source.name} with the columns {_listed(found)}, which mean the same",
                "one of them",
                "drop or rename the others",
            )
    return [found[0] for found in channels], times[0] if times else None


def _listed(names: Sequence[str]) -> str:
    shown = [name[:30] for name in names[:20]]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")


def _read_csv(source: Encoded) -> Recording:
    try:
        with source.open() as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            header = text.readline(LONGEST_HEADER)
            delimiter = max(",;\t", key=header.count)
            names = next(csv.reader([header], delimiter=delimiter), [])
            channels, time = _find_columns(names, source)
            wanted = [names.index(name) for name in [*channels, *([time] if time else [])]]
            cells = _cells(csv.reader(text, delimiter=delimiter), wanted, source)
            table = np.fromiter(cells, np.float64).reshape(-1, len(wanted))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(source, str(error)) from error
    if len(table) == 0:
        raise EmptyPerceptError(
            f"{source.name}, which has a header and no rows",
            "at least two samples",
            "leave this percept out",
        )
    ticks = _ticks(time) if time else None
    return Recording(table[:, :6], table[:, 6] / ticks if ticks else None, None)


def _cells(rows: Iterator[list[str]], wanted: Sequence[int], source: Encoded) -> Iterator[float]:
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        try:
            yield from [float(row[column]) for column in wanted]
        except (ValueError, IndexError) as error:
            raise _unreadable(source, f"line {line}: {error}") from error


def _read_npz(source: Encoded, limits: Limits) -> Recording:
    try:
        with source.open() as raw:
            size = sum(entry.file_size for entry in zipfile.ZipFile(raw).infolist())
            if size > limits.max_bytes:
                raise SourceTooLargeError(
                    f"{source.name}, which unpacks to {size} bytes",
                    f"at most {limits.max_bytes}",
                    "shorten it, or raise the limit with limits=Limits(max_bytes=...)",
                )
            raw.seek(0)
            with np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
    except SensoriumError:
        raise
    except (
        *(ValueError, LookupError, EOFError, OSError, RuntimeError, MemoryError),
        *(zipfile.BadZipFile, zlib.error, SyntaxError, TypeError, OverflowError),
    ) as error:  # what the three parsers (zip, deflate, npy header) raise on damage
        raise _unreadable(source, str(error)) from error
    return _assemble({_plain(name): array for name, array in arrays.items()}, source)


def _assemble(arrays: Mapping[str, Array], source: Encoded) -> Recording:
    """Make a recording of named arrays: a table, two triples, or six columns."""
    numeric = {name: array for name, array in arrays.items() if array.dtype.kind in "iuf"}
    tables = [array for name, array in numeric.items() if name in TABLES]
    accels = [array for name, array in numeric.items() if re.fullmatch(ACCEL, name)]
    gyros = [array for name, array in numeric.items() if re.fullmatch(GYRO, name)]
    times = next((name for name in numeric if _ticks(name) is not None), None)
    if tables:
        parts = tables[:1]
    elif accels and gyros:
        parts = [accels[0], gyros[0]]
    else:
        columns, times = _find_columns(list(numeric), source)
        parts = [numeric[name][:, None] for name in columns if numeric[name].ndim == 1]
    stamps = None if times is None else numeric[times].astype(np.float64) / (_ticks(times) or 1)
    shapes = [part.shape for part in parts]
    if sum(shape[1] for shape in shapes if len(shape) == 2) != len(CHANNELS) or (
        len({shape[0] for shape in shapes} | ({stamps.size} if stamps is not None else set())) > 1
    ):
        raise PerceptShapeError(
            f"{source.name} with arrays of the shapes {_shapes(numeric)}",
            "data (T, 6), or accel (T, 3) and gyro (T, 3), or six columns (T,), and t (T,)",
            "bring them to one length T",
        )
    rate = next((float(a.item()) for n, a in numeric.items() if n in RATES and a.size == 1), None)
    return Recording(np.concatenate(parts, axis=1, dtype=np.float64), stamps, rate)


def _shapes(arrays: Mapping[str, Array]) -> str:
    return ", ".join(f"{name[:30]} {array.shape}" for name, array in list(arrays.items())[:20])


def _unreadable(source: Encoded, why: str) -> MediaDecodeError:
    return MediaDecodeError(
        f"{source.name}, unreadable as imu ({why})",
        "a CSV file with a header row, or an NPZ file of plain numbers",
        "repair it, or pass an array of shape (T, 6)",
    )
