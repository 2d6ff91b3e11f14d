"""Motion recordings in files: CSV with a header row, and NPZ."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptShapeError,
    SensoriumError,
    SourceTooLargeError,
    UnitError,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Array, Encoded

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")  # the order of every array of ours
ACCEL = "a|acc|accel|accelero|acceleration|accelerometer"
GYRO = "g|gyr|gyro|gyroscope|w|omega|angularvelocity|rotationrate"
TIME = re.compile(r"(?:t|time|timestamps?)(?:(?P<unit>ms|us|ns)|s|secs?|seconds)?")
AXIS = re.compile(rf"(?:(?P<accel>{ACCEL})|{GYRO})(?P<axis>[xyz])")
TICKS = {None: 1, "ms": 1e3, "us": 1e6, "ns": 1e9}  # per second, by the suffix of a time column
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
UNITS = {"g": "g", "ms2": "m/s^2", "mss": "m/s^2", "rads": "rad/s", "degs": "deg/s", "dps": "deg/s"}
LONGEST_HEADER = 2**16  # characters
LARGEST = 2**29  # bytes a file may unpack to, all its arrays together
SAMPLE_BYTES = 100  # memory that a sample of six numbers takes until it is resampled, as measured
ZIP_MAGIC = b"PK\x03\x04"  # an NPZ file is a zip archive


class Recording(NamedTuple):
    """What a motion file holds, in the units it was written in."""

    samples: Array  # (T, 6)
    times: Array | None  # (T,) seconds, or datetime64
    rate: float | None  # Hz


def read_recording(
    source: Encoded, limits: Limits, *, accel: str | None, gyro: str | None
) -> Recording:
    """Read a CSV or NPZ file.

    Args:
        source: The file; which of the two it is, its first bytes say.
        limits: `max_bytes` and half of `max_memory` also bound what a compressed NPZ may unpack to,
            where they are below `LARGEST`.
        accel: The unit the caller gives; a column that says another one is refused.
        gyro: Unit of the rotation rate as the caller states it, or `None`.
    Raises:
        MediaDecodeError: Unreadable, or a cell that is not a number (with its line).
        PerceptShapeError: Columns are missing, doubled or of different lengths.
        SourceTooLargeError: It unpacks to more than `LARGEST`, or than `limits` allow.
        UnitError: `ax (g)` while `accel` is `"m/s^2"`.
    """
    with source.open() as stream:
        packed = stream.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    names, recording = _read_npz(source, limits) if packed else _read_csv(source, limits)
    for name in names:
        given = accel if (_meaning(name) or "").startswith("a") else gyro
        bracket = re.search(r"[(\[]([^)\]]*)", name)
        stated = UNITS.get(_plain(bracket[1])) if bracket else None
        if stated and given and stated != given:
            raise UnitError(
                f'{source.name}, whose column {name!r} is not in "{given}"',
                f'"{stated}", as the column says',
                f'pass the unit "{stated}", or correct the column\'s name',
            )
    return recording


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
    return TICKS[found["unit"] if found else None]


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
                f"{source.name} with {_list_names([found[meaning], name])}, which mean the same",
                "one of them",
                "drop or rename the others",
            )
        found[meaning] = name
    return found


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(names)


def check_count(samples: int, name: str, limits: Limits) -> None:
    """Check that there is memory for a number of samples of motion.

    Raises:
        SourceTooLargeError: They take more than `limits.max_memory`.
    """
    limits.check_samples(samples, SAMPLE_BYTES, name, "split it into shorter recordings")


def _read_csv(source: Encoded, limits: Limits) -> tuple[list[str], Recording]:
    """Return the names of the six columns, and the recording."""
    try:
        with source.open() as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            header = text.readline(LONGEST_HEADER)
            delimiter = max(",;\t", key=header.count)
            names = next(csv.reader([header], delimiter=delimiter), [])
            found = _by_meaning(names, [*CHANNELS, "t"], source)
            missing = [wanted for wanted in CHANNELS if wanted not in found]
            if missing:
                raise PerceptShapeError(
                    f"{source.name} with the columns {_list_names(names)}",
                    f"ax ay az gx gy gz (or accel_x, gyro_x, ...); missing: {' '.join(missing)}",
                    "rename or add the columns, or pass an array of shape (T, 6)",
                )
            time = found.get("t")
            channels = [found[channel] for channel in CHANNELS]
            wanted = [names.index(name) for name in [*channels, *([time] if time else [])]]
            cells = _cells(csv.reader(text, delimiter=delimiter), wanted, source, limits)
            table = np.fromiter(cells, np.float64).reshape(-1, len(wanted))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(source, str(error)) from error
    if len(table) == 0:
        raise EmptyPerceptError(
            f"{source.name}, which has a header and no rows",
            "at least two samples",
            "leave this percept out",
        )
    return channels, Recording(table[:, :6], table[:, 6] / _ticks(time) if time else None, None)


def _cells(
    rows: Iterator[list[str]], wanted: Sequence[int], source: Encoded, limits: Limits
) -> Iterator[float]:
    size = np.dtype(np.float64).itemsize * len(wanted)  # bytes of a row
    for line, row in enumerate(rows, start=2):
        _check_unpacked((line - 1) * size, LARGEST, source)
        check_count(line - 1, source.name, limits)
        if not row:
            continue
        try:
            yield from [float(row[column]) for column in wanted]
        except (ValueError, IndexError) as error:
            raise _unreadable(source, f"line {line}: {error}") from error


def _check_unpacked(size: int, limit: int, source: Encoded) -> None:
    if size > limit:
        raise SourceTooLargeError(
            f"{source.name}, which unpacks to {size} bytes or more",
            f"at most {limit}",
            "split it into shorter recordings",
        )


def _read_npz(source: Encoded, limits: Limits) -> tuple[list[str], Recording]:
    """Return the names of the arrays of samples, and the recording; no other array is loaded."""
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
    return [found[meaning] for meaning in layout], Recording(
        samples, times, None if rate is None else float(rate.item())
    )


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
        f"{source.name} with the arrays {_shapes(arrays) if layout else _list_names(names)}",
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
