"""What a stream of samples is a stream of: checking what is pushed, and making percepts of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import numpy as np

from sensorium.errors import PerceptShapeError, SourceTypeError
from sensorium.memory.streams.ordering import Signal
from sensorium.percepts import IMU, Audio, Percept
from sensorium.percepts.audio import FULL_SCALE, LOUDEST
from sensorium.percepts.imu import ACCEL_UNITS, GYRO_UNITS, Motion
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.percepts.source import Array, Given, Samples, take

PROBE_RATE = 100.0  # Hz: of percepts made only for their checks


class Sense(Protocol):
    """A sense whose samples follow each other at a rate."""

    @property
    def modality(self) -> str:
        """Of its percepts."""

    def admit(self, given: Given) -> Signal:
        """Return a copy of pushed samples as `(n, C)` float32 in canonical units, NaN as it is.

        Raises:
            PerceptError: As the percept's constructor, for what is not such samples.
        """

    def percept(self, samples: Signal, *, rate: float, at: datetime) -> Percept:
        """Make a percept of canonical samples `(n, C)` on an even grid."""


class MotionSense:
    """Accelerometer and gyroscope, pushed as `(n, 6)`."""

    modality = "imu"

    def __init__(self, *, accel: str | None, gyro: str | None) -> None:
        """Take the units.

        Raises:
            UnitError: One is missing or unknown.
        """
        IMU(np.zeros((2, 6)), rate=PROBE_RATE, accel=accel, gyro=gyro)
        self._accel, self._gyro = str(accel), str(gyro)
        scales = [ACCEL_UNITS[self._accel]] * 3 + [GYRO_UNITS[self._gyro]] * 3
        self._scales = np.array(scales)
        self._plausible = False

    def admit(self, given: Given) -> Signal:
        """Return `(n, 6)` in m/s^2 and rad/s; as `Sense.admit`."""
        samples = array_of(given, self.modality)
        if samples.shape == (6,):  # one sample, as a live sensor gives it
            samples = samples[None]
        if samples.ndim != 2 or samples.shape[1] != 6 or samples.dtype.kind not in "iuf":
            self._check(samples)  # which raises
        if not self._plausible:
            finite = samples[np.isfinite(samples).all(axis=1)]
            if len(finite) >= 2:
                self._check(finite)
                self._plausible = True
        with np.errstate(over="ignore", invalid="ignore"):  # dropped as not finite
            return np.asarray(samples * self._scales, np.float32)

    def _check(self, samples: Array) -> None:
        IMU(samples, rate=PROBE_RATE, accel=self._accel, gyro=self._gyro)

    def percept(self, samples: Signal, *, rate: float, at: datetime) -> IMU:
        """Make a recording of `(n, 6)` in m/s^2 and rad/s."""
        motion = Motion(Samples(samples), None)
        return IMU(motion, rate=rate, accel="m/s^2", gyro="rad/s", at=at)


class SoundSense:
    """Sound, pushed as `(n,)` or `(C, n)`."""

    modality = "audio"

    def __init__(self, *, rate: float) -> None:
        """Take the rate in Hz.

        Raises:
            PerceptValueError: It is no rate of sound.
        """
        self._rate = Audio(np.zeros(1), rate=rate).rate  # type: ignore[arg-type]  # it says why not
        self._channels: int | None = None

    def admit(self, given: Given) -> Signal:
        """Return `(n, C)` in [-1, 1]; as `Sense.admit`."""
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
            Audio(np.where(finite, sound, 0), rate=self._rate)  # which raises
        return np.ascontiguousarray(sound.T, np.float32)

    def percept(self, samples: Signal, *, rate: float, at: datetime) -> Audio:
        """Make a sound of `(n, C)` in [-1, 1]."""
        return Audio(samples.T, rate=round(rate), at=at)


def array_of(given: Given, modality: str) -> Array:
    """Return a private copy of samples: an array, a tensor or a list, never a file.

    Raises:
        SourceTypeError: Something else.
        EmptyPerceptError: Nothing in it.
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
    """Whether it is nothing that `take` would open or read."""
    files = (str, bytes, bytearray, memoryview)
    return not isinstance(given, files) and not hasattr(given, "read")
