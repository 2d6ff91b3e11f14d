"""Motion in arrays: NPY, and NPZ, whose names are read as those of columns are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from sensorium.errors import MediaDecodeError, PerceptShapeError, SensoriumError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.clocks import counted
from sensorium.percepts.motion.columns import SENSORS, explain, kind_of, words_of
from sensorium.percepts.motion.recording import Recording, check_unpacked, list_names
from sensorium.percepts.source import Array, Encoded
from sensorium.percepts.tables.frames import is_frame, read_frame, seconds_of
from sensorium.percepts.tables.table import Columns

WHOLE = frozenset(("data", "imu", "samples"))  # names of an array (T, 6)
RATE = frozenset(("fs", "rate", "samplerate", "samplingrate", "hz"))  # names of a rate in Hz
AXES = 3


def read_npy(source: Encoded, limits: Limits) -> Recording | Columns:
    """Read one array of samples, `(T, 6)`, or `(T, 7)` with seconds before them; or its records.

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
    if array.ndim == 2 and array.shape[1] == 7 and array.dtype.kind in "iuf":
        return Recording(array[:, 1:], array[:, 0].astype(np.float64), None)
    return Recording(array, None, None)


def read_npz(source: Encoded, limits: Limits) -> tuple[Recording | Columns, float | None]:
    """Read the arrays of samples and times, and the rate; no other array is loaded.

    Returns:
        The samples, where one array holds them all; or the columns that the others make.
    Raises:
        MediaDecodeError: It is damaged.
        PerceptShapeError: The arrays are no motion, or do not go together.
        SourceTooLargeError: It unpacks to more than the limits allow.
    """
    try:
        with source.open() as raw, np.load(raw, allow_pickle=False) as file:
            size = sum(entry.file_size for entry in file.zip.infolist())
            check_unpacked(size, limits, source.name, packed=True)
            names = file.files
            arrays = {name: file[name] for name in _needed(names, source)}
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
    return Recording(
        arrays[whole], _times(times[0], arrays[times[0]]) if times else None, rate
    ), rate


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
        many = [f"{name}[{axis}]" for axis in range(AXES)] if array.ndim == 2 else [name]
        names += many
        columns += list(numbers.reshape(len(array), -1).T)
        units += ["s" if dated else ""] * len(many)
    return Columns(source.name, names, columns, [{} for _ in names], units)


def _times(name: str, array: Array) -> Array:
    """Return the times beside samples in seconds, or as datetime64."""
    if array.dtype.kind == "M":
        return array
    ticks = array.astype(np.float64)
    clock = counted(ticks, explain([name])[0].unit)
    return ticks if clock is None else clock.seconds


def _shapes(arrays: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in arrays.items())
