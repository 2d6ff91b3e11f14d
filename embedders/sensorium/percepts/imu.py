"""Motion: accelerometer and gyroscope, with units and times."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    NonFiniteError,
    PerceptShapeError,
    PerceptTooShortError,
    PerceptValueError,
    SourceTooLargeError,
    TimeError,
    UnitError,
    show,
)
from sensorium.percepts.forms import FileFormat, PerceptFile, Preview, PreviewLimits
from sensorium.percepts.imu_files import Recording, check_count, read_recording
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_drawing
from sensorium.percepts.resampling import TICK, resample, uniform
from sensorium.percepts.source import Array, Encoded, Given, Samples, Source, take
from sensorium.percepts.unit import Unit

STANDARD_GRAVITY = 9.80665  # m/s^2, exact by definition
ACCEL_UNITS = {"m/s^2": 1.0, "g": STANDARD_GRAVITY}  # in m/s^2
GYRO_UNITS = {"rad/s": 1.0, "deg/s": math.pi / 180}  # in rad/s
GAP = 0.1  # seconds without a sample split a recording,
GAP_PERIODS = 1.5  # or so many periods, if they are longer
# Stamps just 100 ms apart are not a gap; seconds since 1970 are exact to 2.4e-7 s
ROUNDING = 1e-6  # seconds
SLOWEST = 4.0  # Hz; slower "motion" is milliseconds given as seconds
FASTEST = 1e6  # Hz; faster is a period, or hours, given as the rate or seconds
BURSTS = 3.0  # times the mean rate; timestamps that are denser than this come in bursts
RATE_DIGITS = 6  # decimals of a rate derived from timestamps, whose rounding is not its own
NPZ = FileFormat("npz", "application/zip")
IMPLAUSIBLE_ACCEL = 200.0  # m/s^2, 20 g; a median beyond it is raw counts or milli-g
IMPLAUSIBLE_GYRO = 40.0  # rad/s, 2300 deg/s: beyond what such sensors measure
IMPLAUSIBLE_G = 5.0  # g; a median beyond it is m/s^2
# A norm whose median lies in this range and that hardly varies is gravity in g
AT_REST = (0.9, 1.1)
AT_REST_SPREAD = 0.05  # standard deviation


@dataclass(frozen=True)
class Motion:
    """The source of a motion made from arrays: canonical samples, and their times if it has any."""

    samples: Samples  # (T, 6) float32, m/s^2 and rad/s
    times: Samples | None  # (T,) float64, seconds from the first

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        return self.samples.name

    def content_digest(self) -> bytes:
        """Return the SHA-256 (32 bytes) of the samples and the times."""
        parts = [part.content_digest() for part in (self.samples, self.times) if part]
        return hashlib.sha256(b"".join(parts)).digest()

    def to_dict(self) -> dict[str, Any]:
        """Return the dictionary of the samples; with times, also `"times"`, base64 of float64."""
        times = {"times": self.times.to_dict()["base64"]} if self.times else {}
        return {**self.samples.to_dict(), **times}


class Segment(NamedTuple):
    """A stretch without gaps."""

    start: float  # seconds from the first sample of the recording
    samples: NDArray[np.float32]  # (n, 6)


class IMU(Percept):
    """Motion: acceleration and rotation rate about three axes, from a file or arrays."""

    modality: ClassVar[str] = "imu"
    needs: ClassVar[Mapping[str, Unit]] = {
        "accel": Unit("unit of the acceleration, m/s^2 or g", "m/s^2", required=True),
        "gyro": Unit("unit of the rotation rate, rad/s or deg/s", "rad/s", required=True),
        "rate": Unit("samples per second, where neither the file nor timestamps say it", 50),
    }
    suffixes: ClassVar[tuple[str, ...]] = (".npz", ".csv")
    source: Encoded | Motion
    samples: NDArray[np.float32]
    times: NDArray[np.float64]
    rate: float
    _units: Mapping[str, Any]

    def __init__(
        self,
        source: Given,
        *,
        rate: float | None = None,
        timestamps: Given | None = None,
        accel: str | None = None,
        gyro: str | None = None,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a recording.

        Args:
            source: Samples of shape `(T, 6)`, accelerometer x y z and gyroscope x y z, or a CSV or
                NPZ file whose columns are named (`ax ay az gx gy gz`, `accel_x`, ..., and `t`,
                `time_ms`, ... for the times).
            rate: Samples per second in Hz, where neither timestamps nor the file say it.
            timestamps: Shape `(T,)`, seconds from any origin, or datetime64; strictly increasing.
            accel: Unit of the acceleration, `"m/s^2"` or `"g"`.
            gyro: Unit of the rotation rate, `"rad/s"` or `"deg/s"`.
            at: When the first sample was taken.
            uri: Where it came from.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: A unit or the rate is missing, given twice, or contradicts the data.
            PerceptShapeError: Another shape than `(T, 6)`, or columns missing in the file.
            TimeError: Timestamps that do not increase or come in bursts; or `at` is not an aware
                datetime.
            PerceptValueError: A rate that is not a number of Hz from 4 to a million.
            SourceTooLargeError: A file that unpacks to more than 512 MiB, or more samples than
                `limits.max_memory` has room for.
            NonFiniteError: NaN or infinity among the samples.
            PerceptTooShortError: Fewer than two samples.
            MediaDecodeError: A file that is neither CSV nor NPZ, or damaged.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        taken = (
            source if isinstance(source, Motion) else take(source, modality="imu", limits=limits)
        )
        recording = _recording(taken, rate, timestamps, accel=accel, gyro=gyro, limits=limits)
        check_count(recording.samples.size // 6, taken.name, limits)
        samples = Samples(_canonical(recording.samples, accel, gyro))
        if not isinstance(taken, Motion):  # its samples are canonical, so there is nothing to guess
            _check_accel(recording.samples, accel)
            _check_size(samples.array)
        if recording.times is not None:
            times = Samples(_seconds(recording.times, len(samples.array)))
            nominal = _nominal_rate(times.array)
        else:
            nominal = _check_rate(recording.rate)
            times = Samples(np.arange(len(samples.array)) / nominal)
        units: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}
        if isinstance(taken, Encoded) and timestamps is None:
            units = {"accel": accel, "gyro": gyro}
        else:
            taken = Motion(samples, times if recording.times is not None else None)
        if rate is not None:
            units["rate"] = nominal
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(samples=samples.array, times=times.array, rate=nominal, _units=units)

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
        from sensorium.percepts.motion_plot import plot_motion  # loads fonts

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
        wanted = _check_rate(rate)
        edges = [0, *self._breaks(), len(self.samples)]
        lengths = [self.times[end - 1] - self.times[first] for first, end in pairwise(edges)]
        check_count(round(sum(lengths) * wanted), f"motion at {wanted:g} Hz", self.limits)
        segments = []
        for first, end in pairwise(edges):
            even = uniform(self.samples[first:end], self.times[first:end], self.rate)
            resampled = resample(even, rate_in=self.rate, rate_out=wanted)
            segments.append(Segment(float(self.times[first]), resampled))
        return segments


def _recording(
    source: Encoded | Samples | Motion,
    rate: float | None,
    timestamps: Given | None,
    *,
    accel: str | None,
    gyro: str | None,
    limits: Limits,
) -> Recording:
    """Return samples with exactly one clock: times or a rate, from the source or the caller."""
    if isinstance(source, Encoded):
        samples, times, own_rate = read_recording(source, limits, accel=accel, gyro=gyro)
        own_rate = own_rate if times is None else None  # times say more than a nominal rate
    elif isinstance(source, Motion):
        samples, own_rate = source.samples.array, None
        times = None if source.times is None else source.times.array
    else:
        samples, times, own_rate = source.array, None, None
    clocks = {
        "its own times": times,
        "its own rate": own_rate,
        f"rate={show(rate)}": rate,
        "timestamps": timestamps,
    }
    given = [name for name, clock in clocks.items() if clock is not None]
    if len(given) != 1:
        raise UnitError(
            f"{source.name} with {' and '.join(given) or 'neither a rate nor timestamps'}",
            "exactly one of them",
            "write IMU(samples, rate=100, ...), or leave out what the file says itself",
        )
    stamps = times if timestamps is None else np.asarray(timestamps)
    return Recording(samples, stamps, rate if own_rate is None else own_rate)


def _canonical(samples: Array, accel: str | None, gyro: str | None) -> NDArray[np.float32]:
    """Return `(T, 6)` float32 in m/s^2 and rad/s."""
    scales = [_scale("accel", accel, ACCEL_UNITS)] * 3 + [_scale("gyro", gyro, GYRO_UNITS)] * 3
    _check_shape(samples)
    with np.errstate(over="ignore"):  # what becomes infinite is refused next
        canonical = np.empty(samples.shape, np.float32)
        np.multiply(samples, np.array(scales), out=canonical, casting="same_kind")
    bad = ~np.isfinite(canonical).all(axis=1)
    if bad.any():
        raise NonFiniteError(
            f"motion with NaN or infinity, first in row {int(bad.argmax())}",
            "finite samples",
            "drop those rows and pass timestamps, so that the gap is known",
        )
    return canonical


def _scale(name: str, unit: str | None, choices: Mapping[str, float]) -> float:
    if not isinstance(unit, str) or unit not in choices:
        raise UnitError(
            f"{name}={show(unit)}" if unit is not None else f"motion without the unit of {name}",
            f"{name}= one of {', '.join(map(repr, choices))}",
            f"look up what the sensor writes, and pass {name}=",
        )
    return choices[unit]


def _check_shape(samples: Array) -> None:
    shape = samples.shape
    remedy = "pass accelerometer x y z and gyroscope x y z as six columns"
    if samples.ndim == 2 and shape[0] == 6 and shape[1] != 6:
        remedy = "it looks transposed: pass samples.T (never reshape, which mixes the channels)"
    elif samples.ndim == 2 and shape[1] == 3:
        remedy = "the gyroscope is missing: " + remedy
    if samples.ndim != 2 or shape[1] != 6 or samples.dtype.kind not in "iuf":
        raise PerceptShapeError(
            f"motion of shape {shape} and dtype {samples.dtype}", "numbers of shape (T, 6)", remedy
        )
    if shape[0] < 2:
        raise PerceptTooShortError(
            f"motion of {shape[0]} sample", "two samples or more", "leave this percept out"
        )


def _check_accel(samples: Array, accel: str | None) -> None:
    """Check that the unit of the acceleration is not one that the numbers contradict."""
    norms = np.sqrt(sum(samples[:, axis].astype(np.float64) ** 2 for axis in range(3)))
    median, spread = float(np.median(norms)), float(norms.std())
    remedy = "convert the samples"
    if accel == "g" and median > IMPLAUSIBLE_G:
        guess = "m/s^2"
    elif accel == "m/s^2" and AT_REST[0] < median < AT_REST[1] and spread < AT_REST_SPREAD:
        guess = "g"
        remedy = f'if it really is m/s^2, divide it by {STANDARD_GRAVITY} and pass accel="g"'
    else:
        return
    raise UnitError(
        f'accel="{accel}" for accelerations of {median:.2f} (median norm)',
        f'the right unit: this looks like "{guess}"',
        f'pass accel="{guess}", or {remedy}',
    )


def _check_size(samples: NDArray[np.float32]) -> None:
    """Check for raw sensor counts and for degrees taken for radians: no body moves like that."""
    accel, gyro = (float(np.median(np.linalg.norm(part, axis=1))) for part in np.hsplit(samples, 2))
    if accel > IMPLAUSIBLE_ACCEL or gyro > IMPLAUSIBLE_GYRO:
        raise UnitError(
            f"motion whose median is {accel:.3g} m/s^2 and {gyro:.3g} rad/s",
            f"at most {IMPLAUSIBLE_ACCEL:g} m/s^2 and {IMPLAUSIBLE_GYRO:g} rad/s",
            'multiply raw counts by the sensor\'s scale; pass gyro="deg/s" for degrees; '
            "put accelerometer columns before gyroscope columns",
        )


def _seconds(stamps: Array, count: int) -> NDArray[np.float64]:
    """Return `(T,)` seconds from the first stamp, which increase strictly."""
    if stamps.shape != (count,) or stamps.dtype.kind not in "iufM":
        raise PerceptShapeError(
            f"timestamps of shape {stamps.shape} and dtype {stamps.dtype} for {count} samples",
            f"shape ({count},), seconds or datetime64",
            "pass one for each sample",
        )
    if stamps.dtype.kind == "M":
        since = (stamps - stamps[0]).astype("timedelta64[ns]")
        seconds = np.where(np.isnat(since), np.nan, since.astype(np.int64) * 1e-9)
    else:
        seconds = stamps.astype(np.float64) - np.float64(stamps[0])
    late = ~(np.diff(seconds) > 0) | ~np.isfinite(seconds[1:])
    if late.any():
        index = int(late.argmax()) + 1
        raise TimeError(
            f"timestamp {index} ({stamps[index]}) after {stamps[index - 1]}",
            "finite timestamps, each later than the one before",
            "sort the samples by time and drop the duplicates, if that is what happened",
        )
    return seconds


def _nominal_rate(times: NDArray[np.float64]) -> float:
    """Return the rate in Hz: one over the mean period, those with lost samples left out.

    In whole milliseconds 700 Hz has periods of 1 and 2 ms, so a period one tick longer than the
    median does not mean a lost sample.
    """
    steps = np.diff(times)
    median = float(np.median(steps))
    lost = steps > median + max((GAP_PERIODS - 1) * median, GAP_PERIODS * TICK)
    period = float(steps[~lost].mean())
    if not 1 / FASTEST <= period <= 1 / SLOWEST + ROUNDING:
        raise UnitError(
            f"timestamps {period:g} s apart",
            f"motion sampled at {SLOWEST:g} Hz to {FASTEST:g} Hz",
            "pass seconds: divide milliseconds by 1e3, nanoseconds by 1e9",
        )
    mean = float(np.minimum(steps, max(GAP, period)).mean())  # pauses are capped
    if mean > BURSTS * period:
        raise TimeError(
            f"timestamps in bursts: {1 / period:g} Hz at most times, {1 / mean:g} Hz on average",
            "the times at which the samples were taken, not those at which they arrived",
            "pass rate=, or the timestamps of the sensor",
        )
    return round(1 / period, RATE_DIGITS)


def _check_rate(rate: object) -> float:
    numeric = (int, float, np.integer, np.floating)  # True is 1, which is too slow
    if not isinstance(rate, numeric) or not SLOWEST <= rate <= FASTEST:
        raise PerceptValueError(
            f"a rate of {show(rate)}",
            f"samples per second, a number from {SLOWEST:g} Hz to {FASTEST:g} Hz",
            "pass Hz, not a period",
        )
    return float(rate)
