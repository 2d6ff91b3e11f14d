"""Motion in arrays: NPY, and NPZ, whose names are read as those of columns are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.errors import MediaDecodeError, PerceptShapeError, SensoriumError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.clocks import TICKS, counted
from sensorium.percepts.motion.columns import SENSORS, explain, kind_of, words_of
from sensorium.percepts.motion.recording import Recording, check_unpacked, list_names
from sensorium.percepts.source import Array, Encoded
from sensorium.percepts.tables.frames import is_frame, read_frame, seconds_of
from sensorium.percepts.tables.table import Columns

WHOLE = frozenset(("data", "imu", "samples"))  # names of an array (T, 6)
RATE = frozenset(("fs", "rate", "samplerate", "samplingrate", "hz"))  # names of a rate in Hz
AXES = 3
WIDTHS = (3, 6, 7)  # columns of an array of motion: no gyroscope; both; times before them
MOST_COLUMNS = 64  # of an array that are told apart


def read_npy(source: Encoded, limits: Limits, choice: Choice) -> Recording | Columns:
    """Read one array of samples, `(T, 6)`, or `(T, 7)` with seconds before them; or its records.

    An array with a row for each axis is turned, which its reading says. One of another width, or
    of which the caller names columns, is a table.

    Raises:
        MediaDecodeError: It is damaged.
        SourceTooLargeError: It takes more memory than the limits allow.
    """
    check_unpacked(source.size, limits, source.name)
    try:
        with source.open() as raw:
            array = np.load(raw, allow_pickle=False)
    except Exception as error:
        raise unreadable(source.name, str(error)) from error
    if is_frame(array):
        return read_frame(array, limits, source.name)
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        return Recording(array, None, None)
    reading: dict[str, Any] = {}
    if array.shape[0] in WIDTHS and array.shape[1] > max(WIDTHS):
        reading["layout"] = f"{array.shape}, a row for each column of motion"
        array = array.T
    if choice.columns or (array.shape[1] not in WIDTHS and array.shape[1] >= AXES):
        return _columns({"": array}, source)
    first = array.shape[1] - 2 * AXES if array.shape[1] > AXES else 0
    columns = {
        kind: list(range(start, start + AXES))
        for kind, start in (("accel", first), ("gyro", first + AXES))
        if start < array.shape[1]
    }
    times, unit = None, choice.time_unit or "s"
    if first:
        times = array[:, 0].astype(np.float64) / TICKS[unit]
    return Recording(array[:, first:], times, None, reading=reading, columns=columns)


def read_npz(
    source: Encoded, limits: Limits, choice: Choice
) -> tuple[Recording | Columns, float | None]:
    """Read the arrays of samples and times, and the rate; no other array is loaded.

    Returns:
        The samples, where one array holds them all; or the columns that the others make.
    Raises:
        MediaDecodeError: It is damaged.
        PerceptShapeError: The arrays do not go together.
        SourceTooLargeError: It unpacks to more than the limits allow.
    """
    try:
        with source.open() as raw, np.load(raw, allow_pickle=False) as file:
            size = sum(entry.file_size for entry in file.zip.infolist())
            check_unpacked(size, limits, source.name, packed=True)
            names = file.files
            arrays = {name: file[name] for name in _needed(names, source)}
            if choice.columns or not arrays:
                return _flat(file, source), _rate(file)
    except SensoriumError:
        raise
    except Exception as error:  # the parsers (zip, deflate, npy header) raise anything,
        # MemoryError among it where a header makes numbers up
        raise unreadable(source.name, str(error)) from error
    rates = [arrays.pop(name) for name in list(arrays) if _plain(name) in RATE]
    _check_arrays(arrays, rates, names, source)
    rate = float(rates[0].item()) if rates else None
    whole = next((name for name in arrays if _plain(name) in WHOLE), None)
    if whole is None:
        return _columns(arrays, source), rate
    times = [name for name in arrays if name != whole]
    columns = {"accel": [f"{whole}[{axis}]" for axis in range(AXES)]}
    columns["gyro"] = [f"{whole}[{axis}]" for axis in range(AXES, 2 * AXES)]
    found = _times(times[0], arrays[times[0]], choice) if times else None
    return Recording(arrays[whole], found, rate, columns=columns), rate


def unreadable(name: str, why: str) -> MediaDecodeError:
    """Build the error for a file that is damaged, or holds no motion."""
    return MediaDecodeError(
        f"{name}, unreadable as imu ({why})",
        "a CSV file with a header row, or an NPZ file of plain numbers",
        "repair it, or pass an array of shape (T, 6)",
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.split(r"[(\[]", name)[0].lower())


def _needed(names: Sequence[str], source: Encoded) -> list[str]:
    """Return the names of the arrays to load: of samples in one layout, of times, and of a rate."""
    kinds = {name: kind_of(words_of(name)) for name in names}
    whole = [name for name in names if _plain(name) in WHOLE]
    parts = [name for name in names if kinds[name] in SENSORS and name not in whole]
    times = [name for name in names if kinds[name] == "time"]
    rates = [name for name in names if _plain(name) in RATE]
    for same in (whole, times if whole else [], rates):
        if len(same) > 1:
            raise PerceptShapeError(
                f"{source.name} with {list_names(same)}, which mean the same",
                "one of them",
                "drop or rename the others",
            )
    taken = [] if whole and parts else [*whole, *parts]
    return [*taken, *times, *rates] if taken else rates


def _check_arrays(
    arrays: Mapping[str, Array], rates: Sequence[Array], names: Sequence[str], source: Encoded
) -> None:
    """Check that arrays are numbers of one length: `(T, 6)`, `(T, 3)` or `(T,)`."""
    count = next((array.shape[:1] for array in arrays.values()), ()) or (0,)  # T
    wrong = not arrays or any(rate.size != 1 or rate.dtype.kind not in "iuf" for rate in rates)
    for name, array in arrays.items():
        of_times = kind_of(words_of(name)) == "time"
        tail: tuple[int, ...] = (AXES,) if explain([name])[0].axis is None else ()
        tail = (2 * AXES,) if _plain(name) in WHOLE else () if of_times else tail
        numeric = array.dtype.kind in ("iufM" if of_times else "iuf")
        wrong = wrong or array.shape != count + tail or not numeric
    if wrong:
        raise PerceptShapeError(
            f"{source.name} with the arrays {_shapes(arrays) if arrays else list_names(names)}",
            "one of data (T, 6), accel (T, 3) and gyro (T, 3), or six columns (T,); t (T,) or a "
            "rate",
            "bring them to one length T, and leave one of them",
        )


def _columns(arrays: Mapping[str, Array], source: Encoded) -> Columns:
    """Return arrays as columns: those of times in seconds, and one for each axis."""
    names: list[str] = []
    columns: list[Array] = []
    units: list[str] = []
    for name, array in arrays.items():
        dated = array.dtype.kind == "M"
        numbers = seconds_of(array) if dated else array.astype(np.float64)
        many = [f"{name}[{axis}]" for axis in range(array.shape[1])] if array.ndim == 2 else [name]
        names += many
        columns += list(numbers.reshape(len(array), -1).T)
        units += ["s" if dated else ""] * len(many)
    named = names if list(arrays) != [""] else []
    return Columns(source.name, named, columns, [{} for _ in names], units if named else [])


def _flat(file: Mapping[str, Array], source: Encoded) -> Columns:
    """Return the arrays of numbers of a file whose length is that of most columns."""
    arrays = {name: file[name] for name in file}
    arrays = {
        name: array
        for name, array in arrays.items()
        if (array.ndim in (1, 2) and array.dtype.kind in "iufM" and array.shape[-1] <= MOST_COLUMNS)
        or (array.ndim == 1 and array.dtype.kind in "iuf")
    }
    columns = Counter[int]()
    for array in arrays.values():
        columns[len(array)] += array.shape[1] if array.ndim == 2 else 1
    most = columns.most_common(1)[0][0] if columns else 0
    return _columns({name: each for name, each in arrays.items() if len(each) == most}, source)


def _rate(file: Mapping[str, Array]) -> float | None:
    """Return the one number that an array called a rate holds."""
    rates = [file[name] for name in file if _plain(name) in RATE]
    return float(rates[0].item()) if len(rates) == 1 and rates[0].size == 1 else None


def _times(name: str, array: Array, choice: Choice) -> Array:
    """Return the times beside samples in seconds, or as datetime64."""
    if array.dtype.kind == "M":
        return array
    ticks = array.astype(np.float64)
    clock = counted(ticks, choice.time_unit or explain([name])[0].unit)
    return ticks if clock is None else clock.seconds


def _shapes(arrays: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in arrays.items())
