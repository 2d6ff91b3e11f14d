"""Files that are numbered by the lines of a list of times, as in the drives of KITTI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from sensorium.errors import MediaDecodeError, PerceptShapeError, SourceNotFoundError
from sensorium.percepts.motion.clocks import told
from sensorium.sources.folders.layout import inside
from sensorium.sources.folders.lists import Entry, is_number
from sensorium.sources.folders.sampled import Block
from sensorium.sources.stamps import NANOSECONDS

TIMES, DATA, OXTS = "timestamps.txt", "data", "oxts"
NUMBERS = 30  # of a packet of the inertial unit
ACCEL, GYRO = slice(11, 14), slice(17, 20)  # ax ay az and wx wy wz among them, of the car
RATE = 10  # Hz, of the cameras
BLOCK = 256  # packets, each a file, that are read together
ZONE = "taken as UTC, as the files name no zone"


class Packets:
    """The files of oxts, each one sample.

    Attributes:
        samples: Columns of the sensors in the blocks.
    """

    samples: Mapping[str, slice] = {"accel": slice(0, 3), "gyro": slice(3, 6)}

    def __init__(self, folder: Path) -> None:
        """Take the folder of the times and files."""
        self._folder = folder

    @property
    def uri(self) -> str:
        """Where the files are."""
        return self._folder.as_uri()

    @property
    def timed(self) -> str:
        """Where the times are from, in words."""
        return clock_of(self._folder / TIMES)

    def describe(self, kind: str) -> str:
        """Return which numbers of a file are those of a sensor, in words."""
        return f"{'ax ay az' if kind == 'accel' else 'wx wy wz'} of {OXTS}/{DATA}"

    def unit(self, kind: str) -> None:
        """Return nothing: the files name no unit."""

    def count(self) -> int:
        """Return how many samples there are."""
        return count_times(self._folder / TIMES)

    def blocks(self) -> Iterator[Block]:
        """Yield times in nanoseconds, and samples.

        Raises:
            SourceNotFoundError: A file is not there.
            PerceptShapeError: A file has other numbers.
        """
        times: list[int] = []
        rows: list[list[float]] = []
        for time, path, where in numbered_files(
            self._folder / TIMES, self._folder / DATA, self._folder
        ):
            times.append(time)
            rows.append(_packet(path, where))
            if len(rows) == BLOCK:
                yield np.array(times, np.int64), np.array(rows)
                times, rows = [], []
        if rows:
            yield np.array(times, np.int64), np.array(rows)


def numbered_files(times: Path | None, data: Path, folder: Path) -> Iterator[Entry]:
    """Yield files with their times: a file's number is the index of its line.

    Raises:
        MediaDecodeError: A line is no time.
    """
    files = {path.stem: path for path in sorted(data.iterdir()) if path.stem.isdigit()}
    if times is None:
        for stem, path in files.items():
            time = int(stem) * NANOSECONDS // RATE
            yield Entry(time, inside(folder, path), f"the folder {str(data)!r}")
        return
    width = len(next(iter(files), "0" * 10))
    suffix = next(iter(files.values())).suffix if files else ".txt"
    whole = data.parent == times.parent  # depth maps are there for some pictures only
    for index, time in _times(times):
        stem = f"{index:0{width}d}"
        if not whole and stem not in files:
            continue
        path = files.get(stem, data / f"{stem}{suffix}")
        yield Entry(time, inside(folder, path), f"line {index + 1} of {str(times)!r}")


def _times(path: Path) -> Iterator[tuple[int, int]]:
    """Yield the number of a file and its time in nanoseconds."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        for index, line in enumerate(stream):
            if not line.strip():
                continue  # nothing was recorded for this number
            clock = told([line.strip()] * 2)
            if clock is None or clock.at is None:
                raise MediaDecodeError(
                    f"line {index + 1} of {str(path)!r} with {line.strip()[:40]!r} for a time",
                    "a time such as 2011-09-26 13:02:25.964389445",
                    "correct the line",
                )
            yield index, _exact(line.strip())


def _exact(text: str) -> int:
    """Return the nanoseconds of a time, whose fraction floats would round."""
    head, _, fraction = text.partition(".")
    clock = told([head] * 2)
    assert clock is not None
    return round(clock.origin) * NANOSECONDS + int(fraction.ljust(9, "0")[:9] or 0)


def _packet(path: Path, where: str) -> list[float]:
    """Return acceleration x y z and rotation x y z of a file."""
    try:
        cells = path.read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError as error:
        raise SourceNotFoundError(
            f"{where}, to which {path.name!r} belongs, a file that is not there",
            "a file for each line",
            "fetch the rest of the recording, or leave the part out: parts=[...]",
        ) from error
    if len(cells) < NUMBERS or not all(map(is_number, cells[:NUMBERS])):
        raise PerceptShapeError(
            f"{str(path)!r} with {len(cells)} numbers",
            f"{NUMBERS}, as dataformat.txt of KITTI lists them",
            "fetch it again, or leave the part out: parts=[...]",
        )
    numbers = list(map(float, cells[:NUMBERS]))
    return [*numbers[ACCEL], *numbers[GYRO]]


def clock_of(times: Path) -> str:
    """Return where the times of a list are from, in words."""
    return f"{times.parent.name}/{times.name}, {ZONE}"


def count_times(path: Path) -> int:
    """Return how many times a list has."""
    return sum(1 for _ in _times(path))
