"""Motion as arrays: six columns of samples in canonical units, and their times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import NonFiniteError, PerceptShapeError, PerceptTooShortError, Phrase
from sensorium.percepts.motion.columns import ACCEL_UNITS, GYRO_UNITS
from sensorium.percepts.motion.options import scale_of
from sensorium.percepts.source import Array, Samples


@dataclass(frozen=True)
class Motion:
    """The source of a motion made from arrays.

    Attributes:
        samples: Shape `(T, 6)`, float32, m/s^2 and rad/s.
        times: Shape `(T,)`, float64, seconds from the first; `None` at an even rate.
    """

    samples: Samples
    times: Samples | None

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


def check_shape(samples: Array) -> None:
    """Check that samples are numbers in six columns, and two rows or more.

    Raises:
        PerceptShapeError: They are of another shape than `(T, 6)`, or no numbers.
        PerceptTooShortError: There are fewer than two.
    """
    shape = samples.shape
    remedy: str = "pass accelerometer x y z and gyroscope x y z as six columns"
    if samples.ndim == 2 and shape[0] == 6 and shape[1] != 6:
        remedy = "it looks transposed: pass samples.T (never reshape, which mixes the channels)"
    elif samples.ndim == 2 and shape[1] == 3:
        remedy = Phrase("the gyroscope is missing; if there was none, pass {0}", {"gyro": "none"})
    if samples.ndim != 2 or shape[1] != 6 or samples.dtype.kind not in "iuf":
        raise PerceptShapeError(
            f"motion of shape {shape} and dtype {samples.dtype}", "numbers of shape (T, 6)", remedy
        )
    if shape[0] < 2:
        raise PerceptTooShortError(
            f"motion of {shape[0]} sample", "two samples or more", "leave this percept out"
        )


def with_gyro(samples: Array, gyro: bool) -> Array:
    """Add three columns of zeros to an acceleration that comes alone, as the caller says."""
    if gyro or samples.ndim != 2 or samples.shape[1] != 3:
        return samples
    return np.pad(samples, ((0, 0), (0, 3)))


def canonical_motion(
    samples: Array, accel: str | float | None, gyro: str | float | None
) -> NDArray[np.float32]:
    """Return samples in canonical units.

    Args:
        samples: Shape `(T, 6)`, accelerometer x y z and gyroscope x y z. Not modified.
        accel: Unit of the acceleration, or m/s^2 of one count.
        gyro: Unit of the rotation rate, or rad/s of one count; `"none"` makes it zero.
    Returns:
        Shape `(T, 6)`, float32, m/s^2 and rad/s.
    Raises:
        NonFiniteError: NaN or infinity among them, or numbers too large for float32.
        UnitError: A unit is not known.
    """
    scales = [scale_of("accel", accel, ACCEL_UNITS)] * 3 + [scale_of("gyro", gyro, GYRO_UNITS)] * 3
    with np.errstate(over="ignore"):  # what becomes infinite is refused next
        canonical = np.empty(samples.shape, np.float32)
        np.multiply(samples, np.array(scales), out=canonical, casting="same_kind")
    finite = np.isfinite(canonical)
    if not finite.all():
        bad = ~finite.all(axis=1)
        raise NonFiniteError(
            f"motion with NaN or infinity, first in row {int(bad.argmax())}",
            "finite samples",
            "drop those rows and pass timestamps, so that the gap is known",
        )
    return canonical
