"""The options of a stream: which modality takes which, and their defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from sensorium.errors import PerceptValueError, RecordError, UnsupportedModalityError, show
from sensorium.memory.streams.feeder import Policy
from sensorium.memory.streams.modalities import series_class
from sensorium.percepts.maps.counts import Number
from sensorium.percepts.maps.palettes import Palette

LONGEST = 3_600.0  # s: longest window and waiting, because their samples are held in memory
LONGEST_EVERY = 366 * 86_400.0  # s
LONGEST_QUEUE = 4_096  # windows


class StreamOptions(TypedDict, total=False):
    """Options of a stream; those of other modalities are refused. Defaults are in parentheses.

    Attributes:
        rate: Nominal rate in Hz: needed for audio, a sense of your own, and pushes without
            timestamps.
        accel: Unit of acceleration, "m/s^2" or "g", or what one count is in m/s^2 (needed for
            imu).
        gyro: Unit of rotation rate, "rad/s" or "deg/s", or what one count is in rad/s (needed for
            imu).
        unit: Unit of pixels, as `Depth` and `Thermal` take it (needed for both), or of the samples
            of a sense derived from `Series`.
        fx: Focal length, as `Depth` takes it.
        baseline: Distance of a stereo pair's cameras, as `Depth` takes it.
        span: Range of temperatures, as `Thermal` takes it.
        palette: Colours of temperatures, as `Thermal` takes it.
        scale: Factor of the stored numbers, as `Depth` and `Thermal` take it.
        offset: Added to the scaled numbers, as they take it.
        bits: Bits of the stored numbers that count, as they take it.
        invalid: Numbers that mark pixels without depth, as `Depth` takes it.
        trust: Whether to accept frames that look like another unit (no).
        window: Seconds in one memory (imu 2.56, audio 5, others 1).
        stride: Seconds from the start of one window to the next (the window). With a longer stride,
            the samples between two windows are left out.
        every: Shortest time from one remembered frame to the next, in seconds (1).
        min_change: Mean absolute difference from the last remembered frame, in [0, 1], below which
            a frame is left out (0).
        gap: Seconds without samples that end a window and are reported (0.1, but at least 1.5
            periods); for frames, gaps are reported only if this is given.
        lateness: Seconds to wait for samples that come out of order (0.5). Frames are not waited
            for.
        queue: Windows that may wait; as many may be being written (imu 32, audio 16, frames 8).
        policy: Behaviour of a full queue: "block" the pushing thread (default) or "drop-oldest".
        name: Name of the sensor, under which its statistics persist.
        tags: Tags of every memory.
        source: Source of every memory (the name).
        metadata: Metadata of every memory, JSON-ready.
        text: Text of every memory; embedded with each.
        annotate: Whether to add the running statistics to the metadata of every memory (no).
    """

    rate: float | None
    accel: str | float | None
    gyro: str | float | None
    unit: str | float | None
    fx: float | str | None
    baseline: float | None
    span: Sequence[float] | None
    palette: Palette | None
    scale: Number | None
    offset: Number | None
    bits: int | str | None
    invalid: Number | Sequence[Number] | None
    trust: bool
    window: float | None
    stride: float | None
    every: float | None
    min_change: float | None
    gap: float | None
    lateness: float | None
    queue: int | None
    policy: Policy
    name: str | None
    tags: Sequence[str]
    source: str | None
    metadata: Mapping[str, Any] | None
    text: str | None
    annotate: bool


class Defaults(NamedTuple):
    """Defaults of the streams of one modality."""

    takes: str  # options that not every modality has
    queue: int  # windows or frames
    window: float = 0.0  # s
    gap: float | None = None  # s
    near: float = 0.0  # periods: samples nearer to each other are duplicates
    slack: float = 0.0  # s that `at` may be off the end of the last push; at least half a period


ALL = "rate gap queue policy name tags source metadata text annotate"
SHORTEST = 0.5  # s: a rest that still becomes a window; sensorium-mini takes no shorter motion
LATENESS = 0.5  # s
EVERY = 1.0  # s
DEFAULTS = {
    # 2.56 s is one window of sensorium-mini, and the usual one of datasets of activities.
    "imu": Defaults("window stride lateness accel gyro", queue=32, window=2.56, gap=0.1),
    # 5 s hold most sounds whole; the encoder's own, shorter windows tell where in them.
    "audio": Defaults("window stride lateness", queue=16, window=5.0, gap=0.1, near=0.5, slack=0.1),
    "image": Defaults("every min_change", queue=8),
    "depth": Defaults("every min_change unit fx baseline invalid scale offset bits trust", queue=8),
    "thermal": Defaults("every min_change unit span palette scale offset bits trust", queue=8),
}


# Of a sense of one's own: a second, unless its caller knows better.
SERIES = Defaults("window stride lateness unit", queue=16, window=1.0, gap=0.1)


def defaults(modality: str, options: Mapping[str, Any]) -> Defaults:
    """Return the defaults of a modality, after checking that it takes the given options.

    Raises:
        UnsupportedModalityError: The modality cannot be streamed.
        RecordError: The modality does not take one of the options.
    """
    known = SERIES if series_class(modality) else DEFAULTS.get(str(modality))
    if known is None:
        raise UnsupportedModalityError(
            f"a stream of {show(modality)}",
            f"one of {', '.join(DEFAULTS)}, or a sense whose class derives from Series",
            "remember finished recordings with memory.remember(...)",
        )
    taken = {*ALL.split(), *known.takes.split()}
    for option, value in options.items():
        if option not in taken:
            raise RecordError(
                f"{option}={show(value)} for a stream of {modality}",
                f"options among {', '.join(sorted(taken))}",
                f"leave {option} out",
            )
    return known


def number(
    options: Mapping[str, Any], name: str, default: float, *, least: float, most: float
) -> float:
    """Return a number among the options, or the default.

    Raises:
        PerceptValueError: Not a number from `least` to `most`.
    """
    value = options.get(name)
    if value is None:
        return default
    numeric = isinstance(value, Real) and not isinstance(value, bool)
    if not numeric or not math.isfinite(value) or not least <= value <= most:
        raise PerceptValueError(
            f"{name}={show(value)}", f"a number from {least:g} to {most:g}", f"change {name}="
        )
    return float(value)


def whole(options: Mapping[str, Any], name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number among the options, or the default.

    Raises:
        PerceptValueError: Not a whole number from `least` to `most`.
    """
    value = float(number(options, name, default, least=least, most=most))
    if not value.is_integer():
        raise PerceptValueError(f"{name}={show(value)}", "a whole number", f"change {name}=")
    return int(value)
