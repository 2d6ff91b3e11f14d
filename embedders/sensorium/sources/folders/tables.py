"""Tables of motion, read some thousand rows at a time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import MediaDecodeError, PerceptError, UnitError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import AXES, Choice
from sensorium.percepts.motion.clocks import TICKS, told
from sensorium.percepts.motion.columns import SENSORS, kind_of_file
from sensorium.percepts.motion.tables import Sensors, read_sensors
from sensorium.percepts.source import Encoded, take
from sensorium.percepts.tables.letters import GZIP
from sensorium.percepts.tables.opening import open_text_table
from sensorium.percepts.tables.text_table import TextTable
from sensorium.sources.folders.lists import count_rows
from sensorium.sources.folders.sampled import Block
from sensorium.sources.stamps import NANOSECONDS

HEAD = 2**16  # bytes that tell what the columns are, and the unit of the times
LED = 2  # rows for the start and the rate, in a table that begins with these
HALF_DAY = 12 * 3600 * NANOSECONDS

Shift = Callable[[NDArray[np.int64]], NDArray[np.int64]]  # from one clock to another


class MotionTable:
    """A table whose columns are explained by its beginning, and whose rows are then streamed.

    Attributes:
        path: The file.
        sensors: What its beginning tells.
        samples: Columns of each sensor in the blocks.
    """

    def __init__(
        self,
        path: Path,
        limits: Limits,
        choice: Choice,
        *,
        shift: Shift | None = None,
    ) -> None:
        """Look at the beginning of a table.

        Args:
            path: The file.
            limits: Largest sizes that are accepted.
            choice: Which columns to take and how, where the layout or the caller says it.
            shift: Brings its times onto the clock of the folder.
        Raises:
            PerceptError: It is no table of motion.
        """
        self.path = path
        taken = take(path, modality="imu", limits=limits)
        assert isinstance(taken, Encoded)
        self._source = taken
        self._shift = shift
        beginning = _head(taken)
        try:
            self._choice, self.sensors = _explained(beginning, path, limits, choice)
        except PerceptError as error:
            came = error.came.replace(beginning.name, repr(str(path)))
            raise type(error)(came, error.needed, error.remedy) from error
        self.samples: Mapping[str, slice] = {
            kind: slice(AXES * index, AXES * (index + 1))
            for index, kind in enumerate(self.sensors.samples)
        }

    @property
    def uri(self) -> str:
        """Where it is."""
        return self.path.as_uri()

    @property
    def timed(self) -> str:
        """Where the times are from, in words."""
        return str(self.sensors.timed)

    def describe(self, kind: str) -> str:
        """Return the columns of a sensor and their file, in words."""
        return f"{' '.join(self.sensors.names[kind])} of {self.path.name}"

    def unit(self, kind: str) -> str | None:
        """Return the unit of a sensor, if the table says it."""
        return self.sensors.units[kind]

    def count(self) -> int:
        """Return how many rows there are, about."""
        return count_rows(self.path)

    def blocks(self) -> Iterator[Block]:
        """Yield times in nanoseconds and samples, NaN where there is none.

        Raises:
            UnitError: Nothing tells the times.
            MediaDecodeError: A cell is not a number.
        """
        sensors, clock = self.sensors, self.sensors.clock
        if clock is None:
            raise UnitError(
                f"the table {str(self.path)!r} without times",
                "a column of times in s, ms, us, ns or dates",
                "add one, or open the file alone with rate=",
            )
        table = open_text_table(self._source)
        places = [place for kind in self.samples for place in sensors.places[kind]]
        numeric = bool(sensors.time_units)
        ticked = places + list(sensors.time_places) if numeric else places
        dates = _Dates(table, sensors, self._choice.date_order)
        row = 0
        for block in table.numbers(ticked):
            count = len(block)
            if numeric:
                times = _nanoseconds(block[:, len(places) :], sensors.time_units)
            elif sensors.time_places:
                times = dates.take(count)
            else:
                times = _evenly(sensors, row, count)
            kept = slice(max(0, LED - row) if sensors.rate else 0, None)
            row += count
            if self._shift is not None:
                times = self._shift(times)
            yield times[kept], block[kept, : len(places)]


def _nanoseconds(ticks: NDArray[np.float64], units: Sequence[str]) -> NDArray[np.int64]:
    """Return times in nanoseconds, of which each column counts a part in its own unit."""
    times = np.zeros(len(ticks), np.int64)
    for column, unit in zip(ticks.T, units, strict=True):
        times += _whole(column * (NANOSECONDS / TICKS[unit]))
    return times


class _Dates:
    """The times of rows that are written as dates and times of day."""

    def __init__(self, table: TextTable, sensors: Sensors, order: str | None) -> None:
        self._columns = [table.texts(place) for place in sensors.time_places]
        self._path, self._order = table.name, order
        self._last: int | None = None

    def take(self, count: int) -> NDArray[np.int64]:
        """Return the times of the next rows."""
        cells = islice(zip(*self._columns, strict=True), count)
        words = [" ".join(row) for row in cells]
        clock = told(words if len(words) > 1 else words * 2, self._order, name=self._path)
        if clock is None:
            raise MediaDecodeError(
                f"{self._path} with {words[0]!r}, or one below it, for a time",
                "a date with a time of day in every row",
                "correct the cell, or take the row out",
            )
        times = _whole((clock.origin + clock.seconds[: len(words)]) * NANOSECONDS)
        while self._last is not None and times[0] < self._last - HALF_DAY:  # after midnight
            times += 2 * HALF_DAY
        self._last = int(times[-1])
        return times


def motion_table(
    path: Path, limits: Limits, choice: Choice, shift: Shift | None = None
) -> MotionTable | None:
    """Return a file as a table of motion; `None` if it holds no sensor of it.

    Args:
        path: The file.
        limits: Largest sizes that are accepted.
        choice: Which columns to take and how, where the layout or the caller says it.
        shift: Brings its times onto the clock of the folder.
    """
    try:
        table = MotionTable(path, limits, choice, shift=shift)
    except PerceptError:  # a table of something else, or none
        return None
    return table if table.samples else None


def _explained(
    beginning: Encoded, path: Path, limits: Limits, choice: Choice
) -> tuple[Choice, Sensors]:
    """Return which columns are taken, and what a table tells by its beginning."""
    table = open_text_table(beginning)
    taken = choice if choice.columns else _unnamed(table, path, choice)
    return taken, read_sensors(table, limits, taken, name=path.stem)


def _unnamed(table: TextTable, path: Path, choice: Choice) -> Choice:
    """Choose the columns of a table of a time and x y z without names, by the name of its file."""
    kind = kind_of_file(path.name.partition(".")[0])
    if table.names or table.width != 1 + AXES or kind not in SENSORS:
        return choice
    return replace(choice, columns={"time": 0, str(kind): [1, 2, 3]})


def _head(source: Encoded) -> Encoded:
    """Return the beginning of a table, up to the end of a line."""
    head = source.head(HEAD)
    if head.startswith(GZIP):
        try:
            with source.open() as raw:
                head = gzip.GzipFile(fileobj=raw).read(HEAD)
        except (EOFError, zlib.error, OSError) as error:
            raise MediaDecodeError(
                f"{source.name}, which is damaged ({error})", "a whole file", "fetch it again"
            ) from error
    if len(head) == HEAD:
        head = head[: head.rfind(b"\n") + 1] or head
    return Encoded(data=head)


def _evenly(sensors: Sensors, row: int, count: int) -> NDArray[np.int64]:
    """Return the times of rows below a start and a rate."""
    assert sensors.clock is not None
    assert sensors.rate is not None
    places = np.arange(row, row + count, dtype=np.int64) - LED
    start = round(sensors.clock.origin * NANOSECONDS)
    return start + _whole(places.astype(np.float64) * (NANOSECONDS / sensors.rate))


def _whole(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole nanoseconds; a time that is missing is that of the row before it."""
    told_ = np.isfinite(times)
    if not told_.all():
        before = np.maximum.accumulate(np.where(told_, np.arange(len(times)), -1))
        first = times[told_][0] if told_.any() else 0.0
        times = np.where(before < 0, first, times[before])
    return np.rint(times).astype(np.int64)
