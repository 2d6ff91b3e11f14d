"""Refusals of recordings in which a sensor is missing, or apart from the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensorium.errors import PerceptShapeError, Phrase, UnitError, listed
from sensorium.percepts.motion.columns import kind_of_file, words_of
from sensorium.percepts.motion.tables import Sensors

NEEDED = "accelerometer x y z and gyroscope x y z (ax ay az gx gy gz, accel_x, gyro_x, ...)"
FOUND = {"accel": ("accel", "linear"), "gyro": ("gyro",)}
EXAMPLE = {"columns": {"accel": [0, 1, 2], "gyro": [3, 4, 5]}}
USUAL_RATE = 100  # Hz, as an example
LOOKED_AT = 200  # files beside the one that is read


def not_told(
    tables: Sequence[Sensors],
    tracks: Mapping[str, Any],
    name: str,
    paths: Sequence[Path | None],
    *,
    accel: bool,
) -> PerceptShapeError:
    """Return the refusal of tables that lack a sensor, with what the files suggest.

    Args:
        tables: What each file tells.
        tracks: The sensors that are found.
        name: Name of the source.
        paths: The files that they are from.
        accel: Whether the acceleration is found.
    """
    lacking = " ".join(letter for table in tables for letter in table.lacking)
    if not lacking:
        lacking = " ".join(["ax ay az"] * (not accel) + ["gx gy gz"] * ("gyro" not in tracks))
    found = ", ".join(column for track in tracks.values() for column in track.names)
    ways = [*_beside(paths, accel=accel), *_named(tables)]
    if accel:
        ways.append({"gyro": "none"})
    remedy: str = Phrase("name the columns of the sensors, such as {0}", EXAMPLE)
    if ways:
        whether = ", if there was no gyroscope" if accel else ", if these are what they hold"
        remedy = Phrase(f"pass {listed(ways)}{whether}", *ways)
    return PerceptShapeError(
        f"{name}, in which {found or 'no column'} is understood",
        f"{NEEDED}; missing: {lacking}",
        remedy,
    )


def apart(name: str, *, same: bool, timed: bool) -> UnitError:
    """Return the refusal of sensors in files of their own, whose times do not go together.

    Args:
        name: Name of the source.
        same: Whether both have as many rows.
        timed: Whether both tell their times.
    """
    why = (
        "have no time in common"
        if timed
        else "are in files of their own, of which one has no times"
    )
    remedy: str = "leave one of them out"
    if same:
        way = {"rate": USUAL_RATE, "clock": "rate"}
        remedy = Phrase("pass {0}, with their rate, if the rows belong together", way)
    return UnitError(f"{name}, whose sensors {why}", "times in both, on one clock", remedy)


def _named(tables: Sequence[Sensors]) -> Iterator[dict[str, Any]]:
    """Yield the columns that may be the sensors, if one file has some."""
    others = [table.others for table in tables if {"accel", "linear"} & table.others.keys()]
    if len(others) == 1:
        without = {} if "gyro" in others[0] else {"gyro": "none"}
        renamed = others[0].get("accel") == list(tables[0].keys.get("gyro", ()))
        if renamed or not (without and tables[0].samples):
            yield {"columns": others[0], **without}


def _beside(paths: Sequence[Path | None], *, accel: bool) -> Iterator[dict[str, Any]]:
    """Yield the file of the other sensor beside the one file, if its name says so."""
    path = paths[0] if len(paths) == 1 else None
    if path is None:
        return
    wanted = FOUND["gyro" if accel else "accel"]
    names = sorted(each.name for each in path.parent.iterdir())[:LOOKED_AT]
    for name in names:
        other = path.parent / name
        if other.suffix.lower() != path.suffix.lower() or other == path:
            continue
        if kind_of_file(other.stem) in wanted and "uncalibrated" not in words_of(other.stem):
            yield {"source": [str(path), str(other)]}
            return
