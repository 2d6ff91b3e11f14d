"""How often motion in wrong units is refused, and motion as it is: hits and false alarms.

`python benchmarks/alarms.py BasicMotions_TRAIN.ts BasicMotions_TEST.ts S06R02E0.csv`; the table is
in docs/percepts.md. The files are data sets that the packages aeon and sktime bring along, in
`datasets/data`; the recordings that come with Sensorium are always among them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import UnitError
from sensorium.percepts import IMU
from sensorium.samples import sample, sample_names

G, DEG = 9.80665, math.pi / 180
WINDOW = 128  # samples of a stretch
EVERY = 64  # samples from one stretch to the next
COUNTS, COUNTS_TURN = 16384 / G, 131 / DEG  # a MEMS sensor at 2 g and 250 deg/s, 16 bits
MARK, MARKED = -999.0, slice(40, 60)
Rows: TypeAlias = NDArray[np.float64]  # (T, 6), m/s^2 and rad/s
STATED: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}


class Stretches(NamedTuple):
    """Stretches of one set of recordings."""

    name: str
    rows: list[Rows]
    rate: float
    turns: bool = True  # whether there is a gyroscope


class Mistake(NamedTuple):
    """A way of getting it wrong."""

    name: str
    spoil: Callable[[Rows], Rows]
    needs_gyro: bool = True
    units: Mapping[str, Any] = STATED


def marked(rows: Rows) -> Rows:
    """Put a mark for "no reading" into some rows."""
    spoiled = rows.copy()
    spoiled[MARKED] = MARK
    return spoiled


def gravity_as_gyro(scale: float) -> Callable[[Rows], Rows]:
    """Return what puts the direction of gravity, of a fixed length, where rotation should be."""

    def spoil(rows: Rows) -> Rows:
        down = rows[:, :3].mean(axis=0)
        down = down + np.cumsum(rows[:, 3:], axis=0) * 0.02
        return np.c_[rows[:, :3], scale * down / np.linalg.norm(down, axis=1, keepdims=True)]

    return spoil


RIGHT = Mistake("none: as it is", lambda rows: rows, needs_gyro=False)
MISTAKES = (
    RIGHT,
    Mistake("gyroscope first", lambda rows: rows[:, [3, 4, 5, 0, 1, 2]]),
    Mistake("g taken for m/s²", lambda rows: rows / [G, G, G, 1, 1, 1], needs_gyro=False),
    Mistake("m/s² taken for g", lambda rows: rows, units={"accel": "g", "gyro": "rad/s"}),
    Mistake("counts of the accelerometer", lambda rows: rows * [*[COUNTS] * 3, 1, 1, 1], False),
    Mistake("counts of both", lambda rows: rows * [*[COUNTS] * 3, *[COUNTS_TURN] * 3]),
    Mistake("gravity in g as gyroscope", gravity_as_gyro(1.0)),
    Mistake("gravity in m/s² as gyroscope", gravity_as_gyro(G)),
    Mistake("-999 in 20 rows", marked, needs_gyro=False),
    Mistake("degrees taken for radians", lambda rows: rows * [1, 1, 1, *[1 / DEG] * 3]),
)


def shipped() -> Stretches:
    """Return the recordings that come with the package: a phone, with gravity."""
    found = [each for each in map(sample, sample_names("imu")) if isinstance(each, IMU)]
    rows = [part for each in found for part in cut(each.samples.astype(np.float64))]
    return Stretches("shipped", rows, found[0].rate)


def read(path: Path) -> Stretches:
    """Read one of the files named above."""
    name = path.stem.split("_")[0]
    if path.suffix == ".ts":
        return Stretches(name, list(series(path)), 10.0)
    table = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(1, 10))
    rows = []
    for place in np.split(table, 3, axis=1):  # ankle, leg, trunk, in thousandths of g
        rows += cut(np.c_[place * G / 1000, np.zeros_like(place)])
    return Stretches("Daphnet", rows, 64.0, turns=False)


def series(path: Path) -> Iterator[Rows]:
    """Yield the series of a file in the format of sktime: dimensions apart by colons."""
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith(("#", "@")):
            *dimensions, _ = line.split(":")
            yield np.array([np.array(each.split(","), np.float64) for each in dimensions]).T


def cut(rows: Rows) -> list[Rows]:
    """Cut a recording into stretches that overlap by half."""
    return [rows[start : start + WINDOW] for start in range(0, len(rows) - WINDOW + 1, EVERY)]


def refused(mistake: Mistake, stretches: Stretches) -> str:
    """Return how many stretches are refused, of how many."""
    if mistake.needs_gyro and not stretches.turns:
        return ""
    units = dict(mistake.units) | ({} if stretches.turns else {"gyro": "none"})
    count = 0
    for rows in stretches.rows:
        try:
            IMU(mistake.spoil(rows), rate=stretches.rate, **units)
        except UnitError:
            count += 1
    return f"{count}/{len(stretches.rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE")
    sets = {each.name: each for each in [shipped()]}
    for path in parser.parse_args().paths:
        found = read(path)
        known = sets.get(found.name)
        sets[found.name] = found._replace(rows=[*(known.rows if known else []), *found.rows])
    print(f"| mistake | {' | '.join(sets)} |")
    print("|---|" + "---:|" * len(sets))
    for mistake in MISTAKES:
        print(
            f"| {mistake.name} | {' | '.join(refused(mistake, each) for each in sets.values())} |"
        )


if __name__ == "__main__":
    main()
