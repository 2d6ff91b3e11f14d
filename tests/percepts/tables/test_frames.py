"""DataFrames are taken as they are, by what they offer; the libraries are not imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray
from tests.support.motions import COLUMNS, UNITS, planted

from sensorium import errors
from sensorium.percepts import percept_from_dict
from sensorium.percepts.imu import IMU

MOTION = planted(300)
SECONDS = np.arange(300) / 100
MOMENT = datetime(2023, 10, 28, 13, 52, 24, tzinfo=timezone.utc)
MOMENTS = np.datetime64("2023-10-28T13:52:24") + np.arange(300) * np.timedelta64(10, "ms")


@dataclass
class Index:
    """The index of a `Frame`, as pandas has it."""

    array: NDArray[Any]
    name: str | None = None

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    def __len__(self) -> int:
        return len(self.array)

    def to_numpy(self) -> NDArray[Any]:
        return self.array


class Frame:
    """A stand-in for a DataFrame: what is used of pandas' and of polars'."""

    def __init__(self, cells: dict[Any, NDArray[Any]], index: Index | None = None) -> None:
        self.cells, self.columns = cells, list(cells)
        if index is not None:
            self.index = index

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), len(self.cells)

    def __len__(self) -> int:
        return len(next(iter(self.cells.values())))

    def __getitem__(self, name: Any) -> Index:
        return Index(self.cells[name])


def cells(names: Sequence[Any] = COLUMNS) -> dict[Any, NDArray[Any]]:
    return dict(zip(names, MOTION.T, strict=True))


PLACES = Index(np.arange(300))
FRAMES: dict[str, Any] = {
    "times beside": Frame({"t": SECONDS, **cells()}, PLACES),
    "without an index": Frame({"t": SECONDS, **cells()}),
    "indexed by moments": Frame(cells(), Index(MOMENTS)),
    "indexed by seconds": Frame(cells(), Index(SECONDS, "t")),
    "moments in a column": Frame({"epoch (ms)": MOMENTS, **cells()}, PLACES),
    "names of two levels": Frame(
        {("time", ""): SECONDS, **cells([(s, a) for s in ("accel", "gyro") for a in "xyz"])}
    ),
    "pyarrow": pyarrow.table({"t": SECONDS, **cells()}),
    "moments of pyarrow": pyarrow.table({"time": MOMENTS, **cells()}),
    "records of NumPy": np.array(
        [tuple(row) for row in np.column_stack([SECONDS, MOTION])],
        [(name, float) for name in ("t", *COLUMNS)],
    ),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_are_understood_by_their_words(frame: str) -> None:
    """The samples are kept, and so are the times, which moments give a date."""
    imu = IMU(FRAMES[frame], **UNITS)
    np.testing.assert_allclose(imu.samples, MOTION, atol=1e-5)
    np.testing.assert_allclose(imu.times, SECONDS, atol=1e-6)
    assert imu.at == (MOMENT if "moments" in frame else None)
    again = percept_from_dict(imu.to_dict())
    assert again == imu


def test_units_are_checked_and_columns_chosen() -> None:
    """A DataFrame is held to the units in its names, and takes `columns` like a file."""
    scaled = MOTION / 9.80665
    names = ["Acc x (g)", "Acc y (g)", "Acc z (g)", "wx", "wy", "wz"]
    frame = Frame({"t": SECONDS, **dict(zip(names, scaled.T, strict=True))})
    assert IMU(frame, gyro="rad/s").reading["accel unit"] == "g"
    with pytest.raises(errors.UnitError, match='"g", as the column says'):
        IMU(frame, **UNITS)
    bare = Frame({"when": SECONDS, **cells(list("abcdef"))})
    chosen = {"accel": ["a", "b", "c"], "gyro": ["d", "e", "f"], "time": "when"}
    np.testing.assert_allclose(IMU(bare, columns=chosen, **UNITS).samples, MOTION, atol=1e-5)


def test_two_frames_are_brought_together() -> None:
    """Two tables of other libraries make one motion."""
    accel = Frame({"t": SECONDS, **dict(zip(("ax", "ay", "az"), MOTION.T[:3], strict=True))})
    gyro = pyarrow.table({"t": SECONDS, **dict(zip(("gx", "gy", "gz"), MOTION.T[3:], strict=True))})
    np.testing.assert_allclose(IMU([accel, gyro], **UNITS).samples, MOTION, atol=1e-5)


def test_places_of_rows_are_no_times() -> None:
    """An index that counts rows is no clock."""
    with pytest.raises(errors.UnitError, match="neither a rate nor timestamps"):
        IMU(Frame(cells(), PLACES), **UNITS)
    assert IMU(Frame(cells(), PLACES), rate=100, **UNITS).rate == 100


def test_what_is_missing_or_no_column_is_named() -> None:
    """A row with a hole is left out; words, matrices and equal names are refused."""
    holes = {**cells(), "t": SECONDS}
    holes["ax"] = np.where(np.arange(300) == 9, np.nan, holes["ax"])
    assert len(IMU(Frame(holes), **UNITS).samples) == 299
    words = {**cells(), "t": SECONDS, "ax": np.array(["fast"] * 300, object)}
    with pytest.raises(errors.MediaDecodeError, match="'fast' is no number"):
        IMU(Frame(words), **UNITS)
    with pytest.raises(errors.SourceTypeError, match="shape"):
        IMU(Frame({"t": SECONDS, "ax": MOTION}), **UNITS)
    twice = Frame({"a": SECONDS, ("a",): SECONDS})
    with pytest.raises(errors.SourceTypeError, match="one name"):
        IMU(twice, **UNITS)


def test_no_library_of_tables_is_imported() -> None:
    """`sensorium.percepts.imu` loads neither pandas, polars, pyarrow nor scipy."""
    code = (
        "import sys, sensorium.percepts.imu\n"
        "assert not {'pandas', 'polars', 'pyarrow', 'scipy'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
