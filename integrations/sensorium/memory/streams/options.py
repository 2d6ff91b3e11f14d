"""What a stream can be told: the options, which modality takes which, and their defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from sensorium.errors import PerceptValueError, RecordError, UnsupportedModalityError
from sensorium.memory.streams.feeder import Policy
from sensorium.percepts.palettes import Palette

LONGEST = 3_600.0  # s: of windows and waiting, which are held in memory
LONGEST_EVERY = 366 * 86_400.0  # s
LONGEST_QUEUE = 4_096  # windows


class StreamOptions(TypedDict, total=False):
    """Options of a stream; those of other modalities are refused.

    Attributes:
        rate: Nominal, in Hz: needed for audio, and wherever timestamps are not always given.
        accel: Unit of acceleration, "m/s^2" or "g" (imu, needed).
        gyro: Unit of rotation rate, "rad/s" or "deg/s" (imu, needed).
        unit: As `Depth` and `Thermal` take it (needed there).
        fx: As `Depth` takes it.
        baseline: As `Depth` takes it.
        span: As `Thermal` takes it.
        palette: As `Thermal` takes it.
        window: Seconds of one memory (imu 2.56, audio 5).
        stride: Seconds from the start of one window to the next (the window). A longer one leaves
            out what lies between.
        every: Seconds from one remembered frame to the next, at the least (1).
        min_change: Mean absolute difference in [0, 1] from the last remembered frame, below which
            a frame is left out (0).
        gap: Seconds without samples that end a window and are reported (0.1, and 1.5 periods at
            the least); for frames, reported only where this is given.
        lateness: Seconds that samples out of order are waited for (0.5). Frames never are.
        queue: Windows that may wait, and as many be written (imu 32, audio 16, frames 8).
        policy: What a full queue does: "block" the pushing thread (the default), or "drop-oldest".
        name: Of the sensor: its statistics persist under it.
        tags: Of every memory.
        source: Of every memory (the name).
        metadata: Of every memory, JSON-ready.
        text: Of every memory; embedded with each.
        annotate: Add the running statistics to the metadata of every memory (no).
    """

    rate: float | None
    accel: str | None
    gyro: str | None
    unit: str | float | None
    fx: float | str | None
    baseline: float | None
    span: Sequence[float] | None
    palette: Palette | None
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
    """How streams of a modality differ."""

    takes: str  # options of its own
    queue: int  # windows or frames
    window: float = 0.0  # s
    gap: float | None = None  # s
    near: float = 0.0  # periods: samples nearer to each other are one
    slack: float = 0.0  # s that `at` may be off where a push goes on; half a period at the least


ALL = "rate gap queue policy name tags source metadata text annotate"
SHORTEST = 0.5  # s: a rest that is a window still; sensorium-mini takes no shorter motion
LATENESS = 0.5  # s
EVERY = 1.0  # s
DEFAULTS = {
    # 2.56 s is one window of sensorium-mini, and what most collections of activities use
    "imu": Defaults("window stride lateness accel gyro", queue=32, window=2.56, gap=0.1),
    # 5 s hold most sounds whole; the encoders' own windows inside it say where in it
    "audio": Defaults("window stride lateness", queue=16, window=5.0, gap=0.1, near=0.5, slack=0.1),
    "image": Defaults("every min_change", queue=8),
    "depth": Defaults("every min_change unit fx baseline", queue=8),
    "thermal": Defaults("every min_change unit span palette", queue=8),
}


def defaults(modality: str, options: Mapping[str, Any]) -> Defaults:
    """Return a modality's defaults, if it takes the options given.

    Raises:
        UnsupportedModalityError: Nothing streams of that modality.
        RecordError: It does not take one of the options.
    """
    if modality not in DEFAULTS:
        raise UnsupportedModalityError(
            f"a stream of {modality!r}",
            f"one of {', '.join(DEFAULTS)}",
            "remember finished recordings with memory.remember(...)",
        )
    taken = {*ALL.split(), *DEFAULTS[modality].takes.split()}
    for option, value in options.items():
        if option not in taken:
            raise RecordError(
                f"{option}={value!r} for a stream of {modality}"[:200],
                f"options among {', '.join(sorted(taken))}",
                f"leave {option} out",
            )
    return DEFAULTS[modality]


def number(
    options: Mapping[str, Any], name: str, default: float, *, least: float, most: float
) -> float:
    """Return a number among the options, or the default.

    Raises:
        PerceptValueError: No number from `least` to `most`.
    """
    value = options.get(name)
    if value is None:
        return default
    numeric = isinstance(value, Real) and not isinstance(value, bool)
    if not numeric or not math.isfinite(value) or not least <= value <= most:
        raise PerceptValueError(
            f"{name}={value!r}", f"a number from {least:g} to {most:g}", f"change {name}="
        )
    return float(value)


def whole(options: Mapping[str, Any], name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number among the options, or the default.

    Raises:
        PerceptValueError: No whole number from `least` to `most`.
    """
    value = float(number(options, name, default, least=least, most=most))
    if not value.is_integer():
        raise PerceptValueError(f"{name}={value!r}", "a whole number", f"change {name}=")
    return int(value)
