"""The modalities of sampled streams: checking what is pushed, and making percepts of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import numpy as np

from sensorium.errors import PerceptShapeError, Phrase, SourceTypeError, UnitError, listed
from sensorium.memory.streams.ordering import Rows
from sensorium.percepts import IMU, Audio, Percept, Series
from sensorium.percepts.audio import FULL_SCALE, LOUDEST
from sensorium.percepts.motion.canonical import Motion
from sensorium.percepts.motion.checks import no_reading
from sensorium.percepts.motion.columns import ACCEL_UNITS, GYRO_UNITS
from sensorium.percepts.motion.options import scale_of
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.percepts.source import Array, Given, Samples, take

JUDGED = 256  # samples, some seconds of motion, by which the units of a stream are judged
UNITS = frozenset(("accel", "gyro"))
PROBE_RATE = 100.0  # Hz: rate of percepts that are made only for their checks


class SampledModality(Protocol):
    """A modality whose samples follow each other at a rate."""

    @property
    def modality(self) -> str:
        """Name of the modality."""

    def admit(self, given: Given) -> Rows:
        """Return a copy of pushed samples in canonical units, `(n, C)` float32; NaN stays NaN.

        Raises:
            PerceptError: They cannot be samples of this modality; its percept says why.
        """

    def percept(self, samples: Rows, *, rate: float, at: datetime) -> Percept:
        """Make a percept of samples in canonical units, `(n, C)`, on an even grid."""


class SampledMotion:
    """Accelerometer and gyroscope, pushed as `(n, 6)`."""

    modality = "imu"

    def __init__(self, *, accel: str | float | None, gyro: str | float | None) -> None:
        """Check the units; a number is what one count is in m/s^2, and in rad/s.

        Raises:
            UnitError: A unit is missing or unknown.
        """
        IMU(np.zeros((2, 6)), rate=PROBE_RATE, accel=accel, gyro=gyro)
        self._accel, self._gyro = accel, gyro
        scales = scale_of("accel", accel, ACCEL_UNITS), scale_of("gyro", gyro, GYRO_UNITS)
        self._scales = np.repeat(scales, 3)
        self._seen: list[Array] = []  # the first samples, until there are enough to judge them
        self._judged = 0  # samples that were looked at together

    def admit(self, given: Given) -> Rows:
        """Return samples `(n, 6)` in m/s^2 and rad/s; see `SampledModality.admit`."""
        samples = array_of(given, self.modality)
        if samples.shape == (6,):  # one sample, as a live sensor gives it
            samples = samples[None]
        if samples.ndim != 2 or samples.shape[1] != 6 or samples.dtype.kind not in "iuf":
            self._check(samples)  # raises, saying why
        if self._judged < JUDGED:
            self._judge(samples)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite samples are dropped later
            rows = np.asarray(samples * self._scales, np.float32)
        # Judged together they had none; later ones mark what the sensor did not measure
        rows[no_reading(rows)] = np.nan
        return rows

    def _judge(self, samples: Array) -> None:
        """Check the first samples together: a unit shows in many that does not in one.

        Raises:
            UnitError: The unit looks wrong, the sensors look exchanged, or rows hold no reading.
        """
        finite = samples[np.isfinite(samples).all(axis=1)]
        together = np.concatenate([*self._seen, finite])
        # The first two tell most, and each doubling more
        if len(together) >= max(2, 2 * self._judged) or len(together) >= JUDGED:
            self._check(together)
            self._judged = len(together)
        self._seen = [] if self._judged >= JUDGED else [*self._seen, finite.copy()]

    def _check(self, samples: Array) -> None:
        try:
            IMU(samples, rate=PROBE_RATE, accel=self._accel, gyro=self._gyro)
        except UnitError as error:
            raise UnitError(error.came, error.needed, _remedy(error)) from error

    def percept(self, samples: Rows, *, rate: float, at: datetime) -> IMU:
        """Make a recording of samples `(n, 6)` in m/s^2 and rad/s."""
        motion = Motion(Samples(samples), None)
        return IMU(motion, rate=rate, accel="m/s^2", gyro="rad/s", at=at)


def _remedy(error: UnitError) -> str:
    """Return what to do in the words of a stream, which has no file with columns."""
    if any("invalid" in way for way in error.ways):
        return "push NaN where the sensor measured nothing: it becomes a hole"
    units = [way for way in error.ways if way.keys() <= UNITS and way.get("gyro") != "none"]
    if units:
        return Phrase(f"open the stream with another unit: pass {listed(units)}", *units)
    return "push accelerometer x y z, then gyroscope x y z"


class SampledSound:
    """Sound, pushed as `(n,)` or `(C, n)`."""

    modality = "audio"

    def __init__(self, *, rate: float) -> None:
        """Check the rate, in Hz.

        Raises:
            PerceptValueError: Sound cannot have this rate.
        """
        self._rate = Audio(np.zeros(1), rate=rate).rate  # type: ignore[arg-type]  # Audio checks it
        self._channels: int | None = None

    def admit(self, given: Given) -> Rows:
        """Return sound `(n, C)` in [-1, 1]; see `SampledModality.admit`."""
        sound = array_of(given, self.modality)
        sound = sound[None] if sound.ndim == 1 else sound
        if self._channels is None or sound.ndim != 2:
            Audio(np.where(np.isfinite(sound), sound, 0).astype(sound.dtype), rate=self._rate)
            self._channels = len(sound)
        if len(sound) != self._channels:
            raise PerceptShapeError(
                f"sound of shape {sound.shape} in a stream of {self._channels} channels",
                f"({self._channels}, n) in every push",
                "open one stream for each microphone",
            )
        if sound.dtype.name in FULL_SCALE:
            middle = 128 if sound.dtype == np.uint8 else 0  # 8-bit silence
            sound = (sound - np.float64(middle)) / FULL_SCALE[sound.dtype.name]
        finite = np.isfinite(sound)
        if sound.dtype.kind != "f" or np.abs(sound, where=finite, out=finite * 0.0).max() > LOUDEST:
            Audio(np.where(finite, sound, 0), rate=self._rate)  # raises, saying why
        return np.ascontiguousarray(sound.T, np.float32)

    def percept(self, samples: Rows, *, rate: float, at: datetime) -> Audio:
        """Make a sound of samples `(n, C)` in [-1, 1]."""
        return Audio(samples.T, rate=round(rate), at=at)


class SampledSeries:
    """Samples of a sense of one's own, pushed as `(n,)` or `(n, C)`."""

    def __init__(self, kind: type[Series], *, rate: float | None, unit: str | None) -> None:
        """Check the rate and the unit, as the sense does.

        Raises:
            UnitError: The rate is missing, or the unit is missing or unknown.
            PerceptValueError: The rate is no number of Hz.
        """
        kind(np.zeros(1), rate=rate, unit=unit)
        self.modality = kind.modality
        self._kind, self._unit = kind, unit
        self._canonical = next(iter(kind.factors))

    def admit(self, given: Given) -> Rows:
        """Return samples `(n, C)` in canonical units; see `SampledModality.admit`."""
        samples = array_of(given, self.modality)
        finite = np.isfinite(samples) if samples.dtype.kind == "f" else None
        whole = samples if finite is None else np.where(finite, samples, 0)
        rows = self._kind(whole, rate=1.0, unit=self._unit).samples().copy()
        if finite is not None:
            rows[~finite.reshape(rows.shape)] = np.nan
        return rows

    def percept(self, samples: Rows, *, rate: float, at: datetime) -> Series:
        """Make a recording of samples `(n, C)` in canonical units."""
        return self._kind(samples, rate=rate, unit=self._canonical, at=at)


def series_class(modality: object) -> type[Series] | None:
    """Return the class of a modality if it is a sense of one's own that derives from `Series`."""
    kind = Percept.modalities.get(modality) if isinstance(modality, str) else None
    return kind if kind is not None and issubclass(kind, Series) else None


def array_of(given: Given, modality: str) -> Array:
    """Return a private copy of an array, a tensor or a list of numbers.

    Raises:
        SourceTypeError: A file, or an object of another type.
        EmptyPerceptError: No numbers.
    """
    taken = take(given, modality=modality, limits=DEFAULT_LIMITS) if _may_be(given) else None
    if not isinstance(taken, Samples):
        raise SourceTypeError(
            f"{type(given).__name__} pushed into a stream of {modality}",
            "live samples: an array, a tensor or a list of numbers",
            "remember a file with memory.remember(...)",
        )
    return taken.array


def _may_be(given: object) -> bool:
    """Return whether an object may hold samples: `take` would open and read a file."""
    files = (str, bytes, bytearray, memoryview)
    return not isinstance(given, files) and not hasattr(given, "read")
