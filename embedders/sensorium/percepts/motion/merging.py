"""One recording of what one or several tables tell: sensors on one clock, gravity added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptShapeError
from sensorium.percepts.motion.clocks import Clock
from sensorium.percepts.motion.columns import ACCEL_UNITS
from sensorium.percepts.motion.missing import apart, not_told
from sensorium.percepts.motion.recording import Recording
from sensorium.percepts.motion.tables import Sensors
from sensorium.percepts.resampling import interpolate

GAP = 0.1  # seconds of a sensor without a sample: nothing is interpolated
HELD = 0.5  # of gravity, along it, in an acceleration that holds it


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


def merged(
    tables: Sequence[Sensors],
    name: str,
    *,
    gyro: bool = True,
    by_rate: bool = False,
    paths: Sequence[Path | None] = (None,),
) -> Recording:
    """Bring the sensors of tables onto the clock of the accelerometer.

    Args:
        tables: What each file tells.
        name: Name of the source in messages.
        gyro: Whether there has to be a gyroscope. Where there is none, its samples are zeros.
        paths: The files that they are from.
        by_rate: Whether the rows of tables of one length belong together, whatever their times.
    Raises:
        PerceptShapeError: A sensor is missing, or in two tables.
        UnitError: Sensors are in files of their own, and one of these tells no times; or gravity
            is not in the unit of the acceleration.
    """
    tracks = _tracks(tables, name)
    accel = _with_gravity(tracks, name, by_rate=by_rate)
    wanted = [accel, tracks.get("gyro")] if gyro else [accel]
    if any(track is None for track in wanted):
        raise not_told(tables, tracks, name, paths, accel=accel is not None)
    assert accel is not None
    second = tracks.get("gyro")
    turned = np.zeros_like(accel.samples)
    if second is not None:
        turned = _beside(accel, second, name, by_rate=by_rate)
    both = np.concatenate([accel.samples, turned], axis=1)
    clock = accel.table.clock
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
        reading=_reading(accel, second, clock),
        columns=_columns(tracks),
        unknown={kind: told for table in tables for kind, told in table.unknown.items()},
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
                    "leave one of the files out",
                )
            tracks[kind] = Track(samples, table.units[kind], table.names[kind], table)
    return tracks


def _with_gravity(tracks: Mapping[str, Track], name: str, *, by_rate: bool) -> Track | None:
    """Return the acceleration; gravity is added where it is told apart and not in it yet.

    An acceleration that is not called linear holds gravity already if it points along it: some
    phones call what is left without gravity their accelerometer.
    """
    part, gravity = tracks.get("accel") or tracks.get("linear"), tracks.get("gravity")
    if part is None or gravity is None:
        return part
    pull = _beside(part, gravity, name, by_rate=by_rate)
    if part.unit and gravity.unit:
        pull = pull * (ACCEL_UNITS[gravity.unit] / ACCEL_UNITS[part.unit])
    if "accel" in tracks and np.nansum(part.samples * pull) > HELD * np.nansum(pull * pull):
        return part
    names = [f"{a} + {g}" for a, g in zip(part.names, gravity.names, strict=True)]
    return Track(part.samples + pull, part.unit or gravity.unit, names, part.table)


def _beside(accel: Track, other: Track, name: str, *, by_rate: bool) -> NDArray[np.float64]:
    """Return another sensor at the times of the acceleration, NaN where it is not told there."""
    same = len(other.samples) == len(accel.samples)
    if other.table is accel.table or (by_rate and same):
        return other.samples
    ours, theirs = accel.table.clock, other.table.clock
    if ours is None or theirs is None:
        raise apart(name, same=same, timed=False)
    full = ~np.isnan(other.samples).any(axis=1)
    times, values = theirs.origin + theirs.seconds[full], other.samples[full]
    order = np.argsort(times, kind="stable")
    times, values, wanted = times[order], values[order], ours.origin + ours.seconds
    if len(times) < 2 or times[0] > wanted[-1] or times[-1] < wanted[0]:
        raise apart(name, same=same, timed=True)
    return interpolate(values, times, wanted, gap=GAP)


def _columns(tracks: Mapping[str, Track]) -> dict[str, Sequence[str | int]]:
    """Return the columns of the sensors if all are in one table."""
    if len({id(track.table) for track in tracks.values()}) != 1:
        return {}
    return {kind: track.table.keys[kind] for kind, track in tracks.items()}


def _reading(accel: Track, gyro: Track | None, clock: Clock | None) -> dict[str, Any]:
    """Say what was taken from where, in which unit."""
    said: dict[str, Any] = {"accel": list(accel.names)}
    if gyro is not None:
        said["gyro"] = list(gyro.names)
    for sensor, track in (("accel", accel), ("gyro", gyro)):
        if track is not None and track.unit:
            said[f"{sensor} unit"] = track.unit
    if clock is not None:
        said["time"] = accel.table.timed
        if clock.wrapped:
            said["time began again"] = f"at {clock.wrapped}, and is counted on"
    return said
