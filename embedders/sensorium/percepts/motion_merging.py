"""One recording of what one or several tables tell: sensors on one clock, gravity added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptShapeError, UnitError
from sensorium.percepts.clocks import Clock
from sensorium.percepts.motion_columns import ACCEL_UNITS
from sensorium.percepts.motion_recording import Recording
from sensorium.percepts.motion_tables import AXES, Sensors

GAP = 0.1  # seconds, or
GAP_PERIODS = 3.0  # so many periods of a sensor without a sample of it: nothing is interpolated
HELD = 0.5  # of gravity, along it, in an acceleration that holds it
NEEDED = "accelerometer x y z and gyroscope x y z (ax ay az gx gy gz, accel_x, gyro_x, ...)"


@dataclass(frozen=True)
class Track:
    """One sensor with its times.

    Attributes:
        samples: Shape `(T, 3)`.
        unit: Unit, where the file says it.
        names: What the samples are called in the file.
        table: The table it is from.
    """

    samples: NDArray[np.float64]
    unit: str | None
    names: Sequence[str]
    table: Sensors


def merged(tables: Sequence[Sensors], name: str, *, gyro: bool = True) -> Recording:
    """Bring the sensors of tables onto the clock of the accelerometer.

    Args:
        tables: What each file tells.
        name: Name of the source in messages.
        gyro: Whether there has to be a gyroscope. Where there is none, its samples are zeros.
    Raises:
        PerceptShapeError: A sensor is missing, or in two tables.
        UnitError: Sensors are in files of their own, and one of these tells no times; or gravity
            is not in the unit of the acceleration.
    """
    tracks = _tracks(tables, name)
    accel = _with_gravity(tracks, name)
    wanted = [accel, tracks.get("gyro")] if gyro else [accel]
    if any(track is None for track in wanted):
        raise _missing(tables, tracks, accel is None, name)
    assert accel is not None
    second = tracks.get("gyro")
    if second is None:
        both = np.pad(accel.samples, ((0, 0), (0, 3)))
        clock = accel.table.clock
    elif second.table is accel.table:
        both = np.concatenate([accel.samples, second.samples], axis=1)
        clock = accel.table.clock
    else:
        both, clock = _interpolated(accel, second, name)
    holes = np.isnan(both)
    kept = np.asarray(~holes.any(axis=1)) if holes.any() else None  # by rows it takes long
    return Recording(
        both,
        None if clock is None else clock.seconds,
        None if clock is not None else accel.table.rate,
        kept=kept,
        at=clock.at if clock else None,
        accel=accel.unit,
        gyro=second.unit if second else None,
        reading=_reading(accel, second, clock, 0 if kept is None else int((~kept).sum())),
    )


def _tracks(tables: Sequence[Sensors], name: str) -> dict[str, Track]:
    tracks: dict[str, Track] = {}
    for table in tables:
        for kind, samples in table.samples.items():
            if kind in tracks:
                raise PerceptShapeError(
                    f"{name} with two sensors of one kind: "
                    f"{', '.join([*tracks[kind].names, *table.names[kind]])}",
                    "one of them",
                    "leave one out, or name the columns to take: columns=",
                )
            tracks[kind] = Track(samples, table.units[kind], table.names[kind], table)
    return tracks


def _with_gravity(tracks: Mapping[str, Track], name: str) -> Track | None:
    """Return the acceleration; gravity is added where it is told apart and not in it yet.

    An acceleration that is not called linear holds gravity already if it points along it: some
    phones call what is left without gravity their accelerometer.
    """
    part, gravity = tracks.get("accel") or tracks.get("linear"), tracks.get("gravity")
    if part is None or gravity is None:
        return part
    if gravity.table is part.table:
        ours, pull = part.samples, gravity.samples
    else:
        both, _ = _interpolated(part, gravity, name)
        ours, pull = both[:, :AXES], both[:, AXES:]
    if "accel" in tracks and np.nansum(ours * pull) > HELD * np.nansum(pull * pull):
        return part
    if part.unit and gravity.unit and part.unit != gravity.unit:
        raise UnitError(
            f"{name}, whose acceleration is in {part.unit} and whose gravity in {gravity.unit}",
            f"one unit of {', '.join(ACCEL_UNITS)}",
            "convert one of them",
        )
    names = [f"{a} + {g}" for a, g in zip(part.names, gravity.names, strict=True)]
    return Track(ours + pull, part.unit or gravity.unit, names, part.table)


def _interpolated(accel: Track, gyro: Track, name: str) -> tuple[NDArray[np.float64], Clock]:
    """Interpolate the rotation at the times of the acceleration, where both are told."""
    clocks = [track.table.clock for track in (accel, gyro)]
    if clocks[0] is None or clocks[1] is None:
        raise UnitError(
            f"{name}, whose sensors are in files of their own, of which one tells no times",
            "times in both, on one clock",
            "add a column of times, or put the sensors side by side in one file",
        )
    ours, theirs = (clock.origin + clock.seconds for clock in clocks if clock is not None)
    full = ~np.isnan(gyro.samples).any(axis=1)
    theirs, turned = theirs[full], gyro.samples[full]
    order = np.argsort(theirs, kind="stable")
    theirs, turned = theirs[order], turned[order]
    if len(theirs) < 2 or theirs[0] > ours[-1] or theirs[-1] < ours[0]:
        raise UnitError(
            f"{name}, whose sensors have no time in common",
            "files of one recording, on one clock",
            "leave one of them out",
        )
    rotation = np.stack([np.interp(ours, theirs, turned[:, axis]) for axis in range(3)], axis=1)
    after = np.searchsorted(theirs, ours).clip(1, len(theirs) - 1)
    steps = np.diff(theirs)
    longest = max(GAP, GAP_PERIODS * float(np.median(steps)))
    told = (theirs[0] <= ours) & (ours <= theirs[-1]) & (steps[after - 1] <= longest)
    rotation[~told] = np.nan  # a gap stays a gap
    return np.concatenate([accel.samples, rotation], axis=1), clocks[0]


def _missing(
    tables: Sequence[Sensors], tracks: Mapping[str, Track], accel: bool, name: str
) -> PerceptShapeError:
    found = [name for track in tracks.values() for name in track.names]
    lacking = " ".join(letter for table in tables for letter in table.lacking)
    if not lacking:
        lacking = " ".join(["ax ay az"] * accel + ["gx gy gz"] * ("gyro" not in tracks))
    remedy = "name them: columns={'accel': [...], 'gyro': [...]}; or pass an array (T, 6)"
    if not accel:
        remedy = 'add the file of the gyroscope: IMU([accel, gyro]); or say gyro="none"'
    return PerceptShapeError(
        f"{name}, in which {', '.join(found) or 'no column'} is understood",
        f"{NEEDED}; missing: {lacking}",
        remedy,
    )


def _reading(accel: Track, gyro: Track | None, clock: Clock | None, missing: int) -> dict[str, Any]:
    """Say what was taken from where, in which unit."""
    said: dict[str, Any] = {"accel": list(accel.names)}
    if gyro is not None:
        said["gyro"] = list(gyro.names)
    for sensor, track in (("accel", accel), ("gyro", gyro)):
        if track is not None and track.unit:
            said[f"{sensor} unit"] = track.unit
    if clock is not None:
        said["time"] = accel.table.timed
    if missing:
        said["rows without a reading"] = missing
    return said
