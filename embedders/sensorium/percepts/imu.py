"""Motion: accelerometer and gyroscope, with units and times."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    EmptyPerceptError,
    Phrase,
    SourceTooLargeError,
    UnitError,
)
from sensorium.percepts.forms import FileFormat, PerceptFile, Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.canonical import (
    Motion,
    canonical_motion,
    check_shape,
    with_gyro,
)
from sensorium.percepts.motion.checks import check_motion
from sensorium.percepts.motion.columns import GYRO_UNITS
from sensorium.percepts.motion.files import Frame, holds_tables, read_recording, units_of_files
from sensorium.percepts.motion.likely import likely_gyro
from sensorium.percepts.motion.options import (
    UNSTATED,
    Options,
    has_gyro,
    numbers_of,
    stated,
)
from sensorium.percepts.motion.order import on_one_clock, without_readings
from sensorium.percepts.motion.recording import Recording, check_count
from sensorium.percepts.motion.refusals import no_units
from sensorium.percepts.motion.signed import with_signs
from sensorium.percepts.motion.times import (
    GAP,
    GAP_PERIODS,
    ROUNDING,
    check_rate,
    nominal_rate,
    seconds_from_first,
)
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_drawing
from sensorium.percepts.resampling import resample, uniform
from sensorium.percepts.source import Array, Encoded, Given, Samples, Source, take
from sensorium.percepts.tables.frames import DataFrame, is_frame, read_frame
from sensorium.percepts.unit import Unit

NPZ = FileFormat("npz", "application/zip")


class Segment(NamedTuple):
    """A stretch without gaps."""

    start: float  # seconds from the first sample of the recording
    samples: NDArray[np.float32]  # (n, 6)


class IMU(Percept):
    """Motion: acceleration and rotation rate about three axes, from a file or arrays."""

    modality: ClassVar[str] = "imu"
    needs: ClassVar[Mapping[str, Unit]] = {
        "accel": Unit(
            "unit of the acceleration, m/s^2, g or m/s^2 a count", "m/s^2", required=True
        ),
        "gyro": Unit(
            "unit of the rotation rate, rad/s, deg/s or rad/s a count; none without a gyroscope",
            "rad/s",
            required=True,
        ),
        "rate": Unit("samples per second, where neither the file nor timestamps say it", 50),
        "columns": Unit(
            "columns of a file, by name or place from 0, of accel, gyro and time",
            {"accel": ["ax", "ay", "az"], "gyro": [4, 5, 6]},
        ),
        "time_unit": Unit("unit of the times in a file: s, ms, us or ns", "ms"),
        "clock": Unit(
            "rate, to put the rate before the times in a file, or sorted, to sort by them", "rate"
        ),
        "invalid": Unit("numbers that stand for no reading", -999),
        "trust": Unit("true to accept motion that looks like another unit", True),
    }
    suffixes: ClassVar[tuple[str, ...]] = (".npz", ".csv")
    doubted_suffixes: ClassVar[tuple[str, ...]] = (
        *(".tsv", ".txt", ".dat", ".log", ".json", ".jsonl", ".ndjson", ".zip", ".gz", ".npy"),
    )
    source: Encoded | Motion
    samples: NDArray[np.float32]
    times: NDArray[np.float64]
    rate: float
    _units: Mapping[str, Any]

    def __init__(
        self,
        source: Given | DataFrame | Sequence[Given | DataFrame],
        *,
        rate: float | None = None,
        timestamps: Given | None = None,
        accel: str | float | None = None,
        gyro: str | float | None = UNSTATED,
        columns: Mapping[str, Any] | None = None,
        time_unit: str | None = None,
        date_order: str | None = None,
        clock: str | None = None,
        invalid: float | str | Sequence[float] | None = None,
        trust: bool = False,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a recording.

        Args:
            source: Samples of shape `(T, 6)`, accelerometer x y z and gyroscope x y z; or a file: a
                table in text or JSON whose columns are named (`ax ay az gx gy gz`, `accel_x`,
                `Gyroscope y (rad/s)`, `w_RS_S_z`, ..., and `t`, `time_ms`, ... for the times), a
                zip archive of such tables, an NPZ or an NPY file; or a DataFrame of pandas or
                polars, a table of pyarrow, records of NumPy, with the same names; or a list of
                the files of its sensors, which are brought onto the clock of the accelerometer.
            rate: Samples per second in Hz, where neither timestamps nor the file say it. Beside the
                times of a file that agree with it on the whole, the samples lie evenly.
            timestamps: Shape `(T,)`, seconds from any origin, or datetime64; strictly increasing.
            accel: Unit of the acceleration, `"m/s^2"`, `"g"` or `"mg"`, or a number: m/s^2 of one
                count, such as `9.80665 / 16384`, also as text. A file may say the unit itself.
            gyro: Unit of the rotation rate, `"rad/s"`, `"deg/s"` or `"mdeg/s"`, or a number: rad/s
                of one count. `"none"`, or `None`, says that there is no gyroscope: it is taken not
                to turn.
            columns: Columns of a table to take, by their names or their places from 0:
                `{"accel": ["x", "y", "z"], "gyro": [4, 5, 6], "time": "epoch"}`. Where a column
                says the sensor of each row, `"sensor"` names it.
            time_unit: Unit of a table's times, `"s"`, `"ms"`, `"us"` or `"ns"`, where neither their
                name nor their steps tell it.
            date_order: `"dmy"` or `"mdy"`, for dates such as 03/04/2026 that do not tell it.
            clock: `"rate"` has `rate` go before whatever times there are; `"sorted"` brings samples
                into the order of their times, and leaves doubles out.
            invalid: Numbers that stand for no reading, such as -999: rows with one are left out.
            trust: Accept motion that looks like another unit, or like no motion of a body.
            at: When the first sample was taken; by default what the times of a table say.
            uri: Where it came from.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: A unit or the rate is missing, given twice, or contradicts the data.
            PerceptShapeError: Another shape than `(T, 6)`, or columns missing in the file.
            TimeError: Timestamps that do not increase or come in bursts; dates that may be read in
                two ways; or `at` is not an aware datetime.
            PerceptValueError: A rate that is not a number of Hz from 4 to a million.
            SourceTooLargeError: A file that unpacks to more than 512 MiB, or more samples than
                `limits.max_memory` has room for.
            NonFiniteError: NaN or infinity among the samples.
            PerceptTooShortError: Fewer than two samples.
            MediaDecodeError: A file that is no table, NPZ or NPY, or damaged.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        taken = _taken(source, limits)
        options = Options(
            columns or {},
            time_unit,
            clock,
            rate,
            has_gyro(gyro),
            date_order,
            at is not None,
            invalid=numbers_of(invalid),
            trust=bool(trust),
        )
        recording = _recording(taken, options, limits=limits)
        name = ", ".join(each.name for each in taken)
        _check_gyro(recording, options, gyro)
        accel = stated("accel", accel, recording.accel, name)
        gyro = "none" if not options.gyro else stated("gyro", gyro, recording.gyro, name)
        check_shape(recording.samples)
        missing = [sensor for sensor, unit in (("accel", accel), ("gyro", gyro)) if unit is None]
        if missing:
            raise no_units(recording.samples, missing, recording.unknown, name)
        recording = on_one_clock(recording, timestamps, options, name)
        check_count(recording.samples.size // 6, name, limits)
        signed, said = with_signs(recording.samples, {"accel": accel, "gyro": gyro})
        recording = replace(recording, samples=signed, reading={**recording.reading, **said})
        samples = Samples(canonical_motion(recording.samples, accel, gyro))
        if not (trust or isinstance(taken[0], Motion)):  # its samples are canonical
            check_motion(
                recording.samples,
                samples.array,
                accel=accel,
                columns=recording.columns,
            )
        if recording.times is not None:
            times = Samples(seconds_from_first(recording.times, len(samples.array)))
            nominal = nominal_rate(times.array)
        else:
            nominal = check_rate(recording.rate)
            times = Samples(np.arange(len(samples.array)) / nominal)
        units: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s" if options.gyro else "none"}
        origin: Encoded | Motion
        if len(taken) == 1 and isinstance(taken[0], Encoded) and timestamps is None:
            origin = taken[0]
            units = {"accel": accel, "gyro": gyro, **options.units}
        else:
            origin = Motion(samples, times if recording.times is not None else None)
        if rate is not None:
            units["rate"] = nominal
        self._describe(origin, at=at or recording.at, uri=uri, limits=limits)
        self._set(
            samples=samples.array,
            times=times.array,
            rate=nominal,
            reading=_reading(recording, accel, gyro),
            _units=units,
        )

    @classmethod
    def told_units(cls, source: Any, limits: Limits = DEFAULT_LIMITS) -> Mapping[str, Any]:
        """Return the units that the header of a table says."""
        taken = _taken(source, limits)
        files = [each for each in taken if isinstance(each, Encoded)]
        return units_of_files(files, limits)

    @classmethod
    def may_be(cls, source: Any, limits: Limits = DEFAULT_LIMITS) -> bool:
        """Return whether a file holds a table of numbers, or an array."""
        try:
            taken = take(source, modality=cls.modality, limits=limits)
        except EmptyPerceptError:
            return False
        return holds_tables(taken, limits)

    @property
    def has_gyro(self) -> bool:
        """Whether there was a gyroscope; without one, the rotation is zero throughout."""
        return bool(self._units["gyro"] != "none")

    @classmethod
    def _read_source(
        cls, fields: dict[str, Any], limits: Limits, roots: Sequence[Path] | None
    ) -> Source:
        own = {name: value for name, value in fields.items() if name != "times"}
        read = super()._read_source(own, limits, roots)
        if not isinstance(read, Samples):
            return read
        times = base64.b64decode(fields["times"], validate=True) if "times" in fields else None
        return Motion(read, None if times is None else Samples(np.frombuffer(times, "<f8")))

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore a copy; numpy forgets that an array is read-only."""
        self._set(**state)
        self.samples.flags.writeable = self.times.flags.writeable = False

    @property
    def units(self) -> Mapping[str, Any]:
        """The stated units of a file or the canonical ones of samples, and the rate if given."""
        return dict(self._units)

    @property
    def duration(self) -> float:
        """Seconds, from the first sample to one period after the last."""
        return float(self.times[-1]) + 1 / self.rate

    @property
    def gaps(self) -> tuple[Span, ...]:
        """Stretches without a sample longer than 100 ms (1.5 periods, if that is longer)."""
        return tuple(
            Span(float(self.times[first - 1]), float(self.times[first])) for first in self._breaks()
        )

    def _breaks(self) -> list[int]:
        """Return the index of the first sample after each gap."""
        longest = max(GAP, GAP_PERIODS / self.rate)
        indices: list[int] = (np.flatnonzero(np.diff(self.times) > longest + ROUNDING) + 1).tolist()
        return indices

    def make_file(self) -> PerceptFile | None:
        """Return the samples as an NPZ of named columns, if it can be read back.

        The reader of NPZ files may doubt the unit of some motion, or find the file too large.
        """
        source = self.source
        if isinstance(source, Encoded):
            return None
        columns: dict[str, Any] = {"data": source.samples.array}
        if source.times is not None:
            columns["t"] = source.times.array
        content = io.BytesIO()
        np.savez(content, **columns)
        file = PerceptFile(Encoded(data=content.getvalue()), *NPZ, dict(self.units))
        try:
            IMU(file.source, **file.units, limits=self.limits)
        except (UnitError, SourceTooLargeError):
            return None
        return file

    def to_array(self) -> Array:
        """Return the samples, `(T, 6)`; with times, those come first: `(T, 7)`."""
        source = self.source
        if isinstance(source, Encoded):
            return super().to_array()
        if source.times is None:
            return source.samples.array
        return np.column_stack([source.times.array, source.samples.array])  # (T, 7) float64

    @classmethod
    def source_from_array(cls, array: Array) -> Source:
        """Return the samples, and the times if the array has seven columns."""
        if array.ndim == 2 and array.shape[1] == 7:
            return Motion(Samples(array[:, 1:].astype(np.float32)), Samples(array[:, 0]))
        return Motion(Samples(array), None)

    def file_format(self, kind: str) -> FileFormat:
        """Return the format of a CSV or NPZ file."""
        return FileFormat("csv", "text/csv") if kind == "text" else NPZ

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return a plot of the six traces."""
        from sensorium.percepts.motion.plot import plot_motion  # loads fonts

        picture = plot_motion(self.times, self.samples, self.gaps, span=span)
        return encode_drawing(picture, limits)

    def segments(self, rate: float) -> list[Segment]:
        """Return the stretches between the gaps, each evenly resampled to `rate` Hz.

        Jittered timestamps are first brought onto an even grid by linear interpolation; then a
        windowed sinc removes what lies above the new Nyquist frequency. Gaps are not filled.

        Args:
            rate: Samples per second of the result, in Hz.
        Raises:
            PerceptValueError: The rate is not a number from 4 Hz to a million.
            SourceTooLargeError: The result has more samples than `limits.max_memory` has room for.
        """
        wanted = check_rate(rate)
        edges = [0, *self._breaks(), len(self.samples)]
        lengths = [self.times[end - 1] - self.times[first] for first, end in pairwise(edges)]
        check_count(round(sum(lengths) * wanted), f"motion at {wanted:g} Hz", self.limits)
        segments = []
        for first, end in pairwise(edges):
            even = uniform(self.samples[first:end], self.times[first:end], self.rate)
            resampled = resample(even, rate_in=self.rate, rate_out=wanted)
            segments.append(Segment(float(self.times[first]), resampled))
        return segments


def _taken(
    source: Given | DataFrame | Sequence[Given | DataFrame], limits: Limits
) -> list[Encoded | Frame] | list[Samples] | list[Motion]:
    """Take the one source, or the files or DataFrames of several sensors."""
    if isinstance(source, Motion):
        return [source]
    files = source if _are_files(source) else [source]
    return [  # type: ignore[return-value]  # several are files
        Frame(read_frame(each, limits))
        if is_frame(each)
        else take(each, modality="imu", limits=limits)  # type: ignore[arg-type]  # no DataFrame
        for each in files
    ]


def _are_files(source: object) -> TypeGuard[Sequence[Given]]:
    return (
        isinstance(source, (list, tuple))
        and bool(source)
        and all(
            isinstance(each, (str, os.PathLike, bytes, Encoded)) or is_frame(each)
            for each in source
        )
    )


def _recording(taken: Sequence[Source | Frame], options: Options, *, limits: Limits) -> Recording:
    """Return the samples of a source, with the clocks that it has."""
    source = taken[0]
    if isinstance(source, Motion):
        return Recording(source.samples.array, source.times.array if source.times else None, None)
    if isinstance(source, Samples):
        return Recording(with_gyro(source.array, options.gyro), None, None)
    files = [each for each in taken if isinstance(each, (Encoded, Frame))]
    read = read_recording(files, limits, options.choice, gyro=options.gyro)
    read = without_readings(read, options)
    return replace(read, samples=with_gyro(read.samples, options.gyro))


def _check_gyro(recording: Recording, options: Options, given: object) -> None:
    """Check that who says that there is no gyroscope gives none of its samples."""
    samples = recording.samples
    if options.gyro or samples.ndim != 2 or samples.shape[1] != 6 or not samples[:, 3:].any():
        return
    ways: list[dict[str, Any]] = [{"gyro": recording.gyro or likely_gyro(samples)[0]}]
    left = {kind: list(names) for kind, names in recording.columns.items() if kind != "gyro"}
    if left and "gyro" in recording.columns:
        ways.append({"columns": left})
    raise UnitError(
        Phrase("{0} for motion with a gyroscope", {"gyro": given}),
        f"its unit, one of {', '.join(GYRO_UNITS)}, or rad/s of one count",
        Phrase("pass {0}" + ", or leave the gyroscope out: {1}" * (len(ways) > 1), *ways),
    )


def _reading(recording: Recording, accel: object, gyro: object) -> dict[str, Any]:
    """Say what was taken, and where the caller's unit goes before that of the file."""
    reading = dict(recording.reading)
    if recording.kept is not None and not recording.kept.all():
        reading["rows without a reading"] = int((~recording.kept).sum())
    for sensor, unit, said in (("accel", accel, recording.accel), ("gyro", gyro, recording.gyro)):
        told = said or recording.unknown.get(sensor)
        if told is not None and unit not in (told, "none"):
            reading[f"{sensor} unit"] = f"{unit}, as the caller says; in the file: {told}"
    return reading
