"""What is read of a motion file, before it is checked and brought to our units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sensorium.errors import SourceTooLargeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Array

LARGEST = 2**29  # bytes a file may unpack to
SAMPLE_BYTES = 100  # memory that a sample of six numbers takes until it is resampled, as measured


@dataclass(frozen=True)
class Recording:
    """What a motion file holds, in the units it was written in.

    Attributes:
        samples: Shape `(T, 6)`, accelerometer x y z and gyroscope x y z.
        times: Shape `(T,)`, seconds or datetime64; `None` where there are none.
        rate: Hz, where the file says it.
        kept: Bool `(T,)`, false for rows without a reading; `None` if all have one.
        at: Moment of the first row, if the file tells it.
        accel: Unit of the acceleration, if the file says it.
        gyro: Unit of the rotation rate, if the file says it.
        reading: What was taken from where, in words.
        columns: Columns of the one table that each sensor is from, as `columns=` names them.
        unknown: What the file says of the unit of a sensor, where it is no unit that is known; of
            its times as `"time"`, where they are not understood.
    """

    samples: Array
    times: Array | None
    rate: float | None
    kept: Array | None = None
    at: datetime | None = None
    accel: str | None = None
    gyro: str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


def check_unpacked(size: int, limits: Limits, name: str, *, packed: bool = False) -> None:
    """Check what a file unpacks to, all its arrays or tables together.

    Args:
        size: Its bytes.
        limits: `max_memory` counts by half, as it is copied; `max_bytes` where it was packed.
        name: Name of the source in messages.
        packed: Whether it takes less as a file.
    Raises:
        SourceTooLargeError: They are more than `LARGEST`, or than the limits allow.
    """
    limit = min(limits.max_memory // 2, LARGEST, *([limits.max_bytes] if packed else []))
    if size > limit:
        raise SourceTooLargeError(
            f"{name}, which unpacks to {size} bytes or more",
            f"at most {limit}",
            "split it into shorter recordings",
        )


def check_count(samples: int, name: str, limits: Limits) -> None:
    """Check that there is memory for a number of samples of motion.

    Raises:
        SourceTooLargeError: They take more than `limits.max_memory`.
    """
    limits.check_samples(samples, SAMPLE_BYTES, name, "split it into shorter recordings")


def list_names(names: Sequence[str]) -> str:
    """Return names as a message shows them."""
    return ", ".join(names)
