"""Tables that are objects: DataFrames of pandas and polars, tables of pyarrow, NumPy's records.

They are known by what they offer; none of these libraries is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import SourceTypeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Array
from sensorium.percepts.tables.table import CELL, Column, Columns

NANOSECONDS = 1e-9


class DataFrame(Protocol):
    """A table with names, as pandas, polars and pyarrow have them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""

    def __getitem__(self, name: Any, /) -> Any:
        """Return a column."""


def is_frame(given: object) -> TypeGuard[DataFrame]:
    """Return whether an object is a table with names: a DataFrame, or records of NumPy."""
    if isinstance(given, np.ndarray):
        return given.dtype.names is not None and given.ndim == 1
    named = hasattr(given, "column_names") or hasattr(given, "columns")
    return named and hasattr(given, "shape") and hasattr(given, "__getitem__")


def read_frame(frame: Any, limits: Limits, name: str = "") -> Columns:
    """Take the columns of a table, its index first if it has names or times.

    Args:
        frame: The table. It is not changed.
        limits: `max_memory` bounds what the columns may take.
        name: Name of the source in messages, if it has one.
    Raises:
        SourceTypeError: Two columns have one name, or a column is no column.
        SourceTooLargeError: They take more than the limits allow.
    """
    told = list(_columns(frame))
    name = name or f"a {type(frame).__name__} of shape {tuple(frame.shape)}"
    names = [each for each, _ in told]
    if len(set(names)) < len(names):
        raise SourceTypeError(
            f"{name}, in which two columns have one name", "names that differ", "rename one"
        )
    limits.check_samples(len(frame) * len(told), CELL, name, "pass a part of it")
    made = [_column(cells, each, name) for each, cells in told]
    if len({len(numbers) for numbers, _, _ in made}) > 1:
        raise SourceTypeError(f"{name}, whose columns differ in length", "one length", "cut them")
    return Columns(
        name,
        names,
        [numbers for numbers, _, _ in made],
        [words for _, words, _ in made],
        [unit for _, _, unit in made],
    )


def seconds_of(array: Array) -> NDArray[np.float64]:
    """Return moments as seconds since 1970, and stretches of time as seconds; NaN for none."""
    of = "timedelta64[ns]" if array.dtype.kind == "m" else "datetime64[ns]"
    seconds = array.astype(of).astype(np.int64) * NANOSECONDS
    told: NDArray[np.float64] = np.where(np.isnat(array), np.nan, seconds)
    return told


def _columns(frame: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(frame, np.ndarray):
        yield from ((each, frame[each]) for each in frame.dtype.names or ())
        return
    index = getattr(frame, "index", None)
    if index is not None and not callable(index) and len(index) == len(frame):
        yield _called(getattr(index, "name", None)), index
    for each in getattr(frame, "column_names", None) or list(frame.columns):
        yield _called(each), frame[each]


def _called(name: object) -> str:
    """Return a column's name; one of several levels is their words."""
    if isinstance(name, tuple):
        return " ".join(str(part) for part in name if part not in (None, ""))
    return "" if name is None else str(name)


def _column(cells: Any, called: str, name: str) -> tuple[NDArray[np.float64], dict[int, str], str]:
    """Return a column as numbers, the words in it, and its unit if it is of times."""
    array = _array(cells)
    if array.ndim != 1:
        raise SourceTypeError(
            f"{name}, whose column {called!r} has shape {array.shape}", "one cell a row", "split it"
        )
    if array.dtype.kind in "mM":
        return seconds_of(array), {}, "s"
    if array.dtype.kind in "biuf":
        return array.astype(np.float64), {}, ""
    column = Column()
    for row, cell in enumerate(array.tolist()):
        column.add(_plain(cell), row)
    return np.frombuffer(column.numbers, np.float64), column.words, ""


def _array(cells: Any) -> Array:
    """Return the cells of a column. Times with a zone are in UTC, as datetime64 has no zones."""
    if str(getattr(cells, "dtype", "")).startswith("datetime64"):
        try:
            return np.asarray(cells, "datetime64[ns]")
        except (TypeError, ValueError):
            pass
    to_numpy = getattr(cells, "to_numpy", None)
    array = np.asarray(to_numpy() if to_numpy is not None else cells)
    return np.ma.filled(array.astype(np.float64), np.nan) if np.ma.isMaskedArray(array) else array


def _plain(cell: Any) -> Any:
    """Return a cell as JSON would hold it: moments as words, and whatever is missing as nothing."""
    moment = getattr(cell, "isoformat", None)
    if moment is not None:
        return (
            str(moment(sep=" ")) if hasattr(cell, "hour") and hasattr(cell, "year") else str(cell)
        )
    return cell if isinstance(cell, (int, float, str)) else None
