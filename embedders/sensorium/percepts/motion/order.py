"""The clock of a recording: one of several, and its rows in order, without those of no reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from sensorium.errors import PerceptValueError, Phrase, UnitError, listed, show
from sensorium.percepts.motion.clocks import TICKS
from sensorium.percepts.motion.options import Options
from sensorium.percepts.motion.recording import Recording
from sensorium.percepts.motion.times import check_rate
from sensorium.percepts.source import Array, Given

AXES = ("ax", "ay", "az", "gx", "gy", "gz")
USUAL_RATE = 100  # Hz, where nothing says it


def without_readings(recording: Recording, options: Options) -> Recording:
    """Mark the rows of a file that are not finite, or have a number that stands for no reading."""
    samples = recording.samples
    if samples.ndim != 2 or samples.dtype.kind not in "iuf":
        return recording
    kept = np.asarray(np.isfinite(samples).all(axis=1))
    if options.invalid:
        kept &= ~np.isin(samples, options.invalid).any(axis=1)
    if recording.kept is not None:
        kept &= recording.kept
    if len(kept) and not kept.any():
        raise _no_reading(recording)
    return recording if kept.all() else replace(recording, kept=kept)


def _no_reading(recording: Recording) -> PerceptValueError:
    """Return the refusal of a file each row of which lacks a number."""
    told = np.asarray(np.isfinite(recording.samples).any(axis=0))
    accel = list(recording.columns.get("accel", ()))
    empty = " ".join(np.array(AXES)[~told]) if len(told) == len(AXES) else ""
    remedy: str = "leave it out"
    if accel and told[:3].all() and not told[3:].any():
        way = {"columns": {"accel": accel}, "gyro": "none"}
        remedy = Phrase("if there was no gyroscope, pass {0}", way)
    return PerceptValueError(
        f"motion in which no row has a number for every axis (none at all for {empty})"
        if empty
        else "motion in which no row has a number for every axis",
        "rows with all axes of the sensors",
        remedy,
    )


def on_one_clock(
    read: Recording, timestamps: Given | None, options: Options, name: str
) -> Recording:
    """Return a recording with exactly one clock: times or a rate, from the source or the caller.

    A rate beside the times of a file is heeded where both agree: the file's times may be those of
    packets, or be cut to whole milliseconds.

    Args:
        read: What the file says.
        timestamps: Times of the caller, shape `(T,)`, seconds or datetime64.
        options: What else the caller says.
        name: Name of the source in messages.
    Raises:
        UnitError: There is no clock, or more than one.
        PerceptValueError: The rate is no number of Hz.
    """
    rate = options.rate
    times, own_rate = read.times, read.rate if read.times is None else None
    if times is not None and rate is not None and options.heed_rate(times):
        times = None
    if own_rate is not None and rate is not None and options.agrees_with(own_rate):
        own_rate = None
    if options.clock == "rate":
        timestamps = None
    clocks = {
        "its own times": times,
        "its own rate": own_rate,
        f"rate={show(rate)}": rate,
        "timestamps": timestamps,
    }
    given = [name for name, clock in clocks.items() if clock is not None]
    if len(given) != 1:
        raise _no_clock(name, given, options, read)
    stamps = times if timestamps is None else _in_seconds(np.asarray(timestamps), options)
    clock = replace(read, times=stamps, rate=rate if own_rate is None else own_rate)
    return _in_order(_without_holes(clock), options)


def _in_order(recording: Recording, options: Options) -> Recording:
    """Sort rows by their times and leave doubles out, if the caller says so."""
    times = recording.times
    if options.clock != "sorted" or times is None:
        return recording
    told = np.flatnonzero(~np.isnat(times) if times.dtype.kind == "M" else np.isfinite(times))
    order = told[np.argsort(times[told], kind="stable")]
    new = np.ones(len(order), bool)
    new[1:] = times[order][1:] > times[order][:-1]
    order = order[new]
    left = len(times) - len(order)
    reading = {**recording.reading, "sorted": f"by time; {left} rows of equal times left out"}
    return replace(recording, samples=recording.samples[order], times=times[order], reading=reading)


def _in_seconds(stamps: Array, options: Options) -> Array:
    """Return the caller's times in seconds, if they are numbers in another unit."""
    if options.time_unit is None or stamps.dtype.kind not in "iuf":
        return stamps
    return stamps.astype(np.float64) / TICKS[options.time_unit]


def _no_clock(name: str, given: Sequence[str], options: Options, recording: Recording) -> UnitError:
    """Return the refusal of samples that have no clock, or several."""
    if not given:
        return UnitError(
            f"{name} with neither a rate nor timestamps"
            + (f": {recording.unknown['time']}" if "time" in recording.unknown else ""),
            "one of them",
            Phrase("pass {0}, with the number of the sensor", {"rate": USUAL_RATE}),
        )
    ways: list[dict[str, Any]] = []
    if options.rate is not None:
        ways.append({"rate": None})
        ways.append({"rate": options.rate, "clock": "rate"})
    else:
        ways.append({"timestamps": None})
    return UnitError(
        f"{name} with {' and '.join(given)}",
        "exactly one of them",
        Phrase(
            f"leave out what is said already: {listed(ways[:1])}"
            + "; or put the rate before the times: {1}" * (len(ways) > 1),
            *ways,
        ),
    )


def _without_holes(recording: Recording) -> Recording:
    """Leave out the rows that hold no reading; the times of the others stay."""
    kept = recording.kept
    if kept is None or kept.all():
        return recording
    times = recording.times
    if times is None:
        times = np.arange(len(kept)) / check_rate(recording.rate)
    times, at = times[kept], recording.at
    if at is not None and len(times) and recording.times is not None:
        at += timedelta(seconds=float(times[0] - recording.times[0]))
    return replace(recording, samples=recording.samples[kept], times=times, rate=None, at=at)
