"""The rows of a recording in the order of their times, without those that hold no reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sensorium.errors import Phrase, UnitError, listed
from sensorium.percepts.motion.clocks import TICKS
from sensorium.percepts.motion.options import Options
from sensorium.percepts.motion.recording import Recording
from sensorium.percepts.source import Array

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
    return recording if kept.all() else replace(recording, kept=kept)


def in_order(recording: Recording, options: Options) -> Recording:
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


def in_seconds(stamps: Array, options: Options) -> Array:
    """Return the caller's times in seconds, if they are numbers in another unit."""
    if options.time_unit is None or stamps.dtype.kind not in "iuf":
        return stamps
    return stamps.astype(np.float64) / TICKS[options.time_unit]


def no_clock(name: str, given: Sequence[str], options: Options, recording: Recording) -> UnitError:
    """Return the refusal of samples that have no clock, or several.

    Args:
        name: Name of the source.
        given: The clocks that there are.
        options: What the caller says.
        recording: What the file says.
    """
    if not given:
        return UnitError(
            f"{name} with neither a rate nor timestamps",
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
