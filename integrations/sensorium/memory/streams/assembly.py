"""Assembling a stream from its options."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from sensorium.errors import RecordError, UnitError, show
from sensorium.memory.records import Moment
from sensorium.memory.streams.clock import MICROSECOND, SECOND, Clock
from sensorium.memory.streams.cutter import Cutter
from sensorium.memory.streams.feeder import Feeder, Sink
from sensorium.memory.streams.frame_cutter import FrameCutter, camera
from sensorium.memory.streams.modalities import (
    SampledModality,
    SampledMotion,
    SampledSeries,
    SampledSound,
    series_class,
)
from sensorium.memory.streams.options import (
    EVERY,
    LATENESS,
    LONGEST,
    LONGEST_EVERY,
    LONGEST_QUEUE,
    SHORTEST,
    Defaults,
    StreamOptions,
    defaults,
    number,
    whole,
)
from sensorium.memory.streams.report import Counts
from sensorium.memory.streams.running_statistics import RunningStatistics
from sensorium.memory.streams.sample_cutter import Lengths, SampleCutter
from sensorium.memory.streams.stream import Labels, Stream
from sensorium.memory.writing.draft import draft_moment
from sensorium.percepts import Text
from sensorium.percepts.maps.units import BITS
from sensorium.percepts.motion.times import FASTEST, SLOWEST

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
POLICIES = ("block", "drop-oldest")
FASTEST_FRAMES = 1e5  # Hz
FASTEST_SERIES, SLOWEST_SERIES = 1e6, 1e-3  # Hz
LEAST = 1e-3  # s: shortest window and stride
CAMERA_UNITS = ("unit", "fx", "baseline", "span", "palette", "invalid", *BITS, "trust")


def open_stream(
    modality: str,
    *,
    sink: Sink,
    state_dir: Path | None = None,
    **options: Unpack[StreamOptions],
) -> Stream:
    """Open a stream into a sink.

    Args:
        modality: "imu", "audio", "image", "depth", "thermal", or a sense derived from `Series`.
        sink: Function that remembers a batch of moments; its return acknowledges them. It is
            called in the stream's own thread.
        state_dir: Folder where statistics persist, in `<name>.json`; `None` to keep them in memory.
        options: Options of the stream; see `StreamOptions`.
    Raises:
        UnsupportedModalityError: Another modality.
        UnitError: A unit or the rate is missing or unknown.
        PerceptValueError: A number out of its range.
        RecordError: An option that the modality does not take, a name that cannot name a file, or
            the name of another sensor.
        StoreFormatError: The persisted statistics are damaged.
    """
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    base = defaults(modality, given)
    name = _check_name(given.get("name"))
    labels = _labels(given)
    queue = whole(given, "queue", base.queue, least=1, most=LONGEST_QUEUE)
    policy = given.get("policy", POLICIES[0])
    if policy not in POLICIES:
        raise RecordError(f"policy={show(policy)}", '"block" or "drop-oldest"', "choose one")
    file = state_dir / f"{name}.json" if state_dir is not None and name else None
    statistics, counts = RunningStatistics(modality, file), Counts()
    build = _sample_cutter if base.window else _frame_cutter
    try:
        cutter = build(modality, given, base, statistics, counts)
    except BaseException:
        statistics.release()
        raise
    feeder = Feeder(sink, queue=queue, policy=policy, name=f"stream {name or modality}")
    return Stream(cutter, feeder, labels=labels, statistics=statistics, counts=counts)


def _labels(given: dict[str, Any]) -> Labels:
    annotate = given.get("annotate", False)
    if not isinstance(annotate, bool):
        raise RecordError(f"annotate={show(annotate)}", "True or False", "write annotate=True")
    labelled = Moment(
        (Text("a window"),),
        text=given.get("text"),
        tags=given.get("tags", ()),
        source=given.get("source", given.get("name")),
        metadata=given.get("metadata"),
    )
    # Each window gets these labels: drafting one now raises what is wrong with them.
    draft_moment("anybody", labelled, now=datetime.now(timezone.utc))
    return Labels(
        text=labelled.text,
        tags=tuple(labelled.tags),
        source=labelled.source,
        metadata=None if labelled.metadata is None else dict(labelled.metadata),
        annotate=annotate,
    )


def _check_name(name: object) -> str | None:
    if name is None or (isinstance(name, str) and NAME.fullmatch(name)):
        return name
    raise RecordError(
        f"a stream named {name!r}",
        "at most 100 letters, digits, dots, dashes and underscores, no dot first",
        'write name="left-wrist"',
    )


def _sampled(modality: str, given: dict[str, Any]) -> tuple[SampledModality, float | None]:
    """Return a modality and its rate; motion may leave the rate to the timestamps."""
    if modality == "imu":
        rate = number(given, "rate", 0.0, least=SLOWEST, most=FASTEST) or None
        return SampledMotion(accel=given.get("accel"), gyro=given.get("gyro")), rate
    own = series_class(modality)
    if own is not None:
        rate = number(given, "rate", 0.0, least=SLOWEST_SERIES, most=FASTEST_SERIES) or None
        return SampledSeries(own, rate=rate, unit=given.get("unit")), rate
    if "rate" not in given:
        raise UnitError(
            "a stream of audio without a rate", "samples per second", "write rate=16_000"
        )
    return SampledSound(rate=given["rate"]), given["rate"]


def _sample_cutter(
    modality: str,
    given: dict[str, Any],
    base: Defaults,
    statistics: RunningStatistics,
    counts: Counts,
) -> Cutter:
    sampled, rate = _sampled(modality, given)
    assert base.gap is not None
    window = number(given, "window", base.window, least=LEAST, most=LONGEST)
    lengths = Lengths(
        window=window,
        stride=number(given, "stride", window, least=LEAST, most=LONGEST_EVERY),
        shortest=min(SHORTEST, window),
        gap=number(given, "gap", base.gap, least=0, most=LONGEST),
        lateness=number(given, "lateness", LATENESS, least=0, most=LONGEST),
    )
    period = SECOND / rate if rate else 0.0
    clock = Clock(
        rate=rate,
        lateness=round(lengths.lateness * SECOND),
        slack=round(max(base.slack * SECOND, period / 2)),
    )
    return SampleCutter(
        sampled,
        clock,
        rate=rate,
        lengths=lengths,
        near=round(base.near * period) if base.near else MICROSECOND,
        statistics=statistics,
        counts=counts,
    )


def _frame_cutter(
    modality: str,
    given: dict[str, Any],
    base: Defaults,
    statistics: RunningStatistics,
    counts: Counts,
) -> Cutter:
    rate = number(given, "rate", 0.0, least=1 / LONGEST_EVERY, most=FASTEST_FRAMES) or None
    gap = number(given, "gap", 0.0, least=0, most=LONGEST_EVERY)
    units = {key: given[key] for key in CAMERA_UNITS if key in given}
    return FrameCutter(
        modality,
        camera(modality, units),
        Clock(rate=rate, lateness=0, slack=round(SECOND / rate / 2) if rate else 0),
        rate=rate,
        every=round(number(given, "every", EVERY, least=0, most=LONGEST_EVERY) * SECOND),
        min_change=number(given, "min_change", 0.0, least=0, most=1),
        gap=round(gap * SECOND) or None,
        statistics=statistics,
        counts=counts,
    )
