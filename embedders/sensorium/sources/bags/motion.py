"""Messages of sensor_msgs/Imu as motion: stretches of bounded length, each one percept."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptShapeError
from sensorium.percepts.imu import IMU
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.bags.imu_samples import FIELDS, Sample, sample_of
from sensorium.sources.bags.rotations import Rotations, interpolated
from sensorium.sources.bags.topics import Converter, Topic
from sensorium.sources.drafts import Draft
from sensorium.sources.stamps import NANOSECONDS, moment
from sensorium.sources.stretches import MOST, PAUSE, ordered

GYRO_TOPIC = "gyro_topic"  # the option for a gyroscope that has a topic of its own
STANDARD = {"accel": "m/s^2", "gyro": "rad/s"}  # as the type of the message says


class Stretch(NamedTuple):
    """Messages in a row, as they were written."""

    log_times: NDArray[np.int64]  # (T,) nanoseconds
    stamps: NDArray[np.int64]  # (T,) nanoseconds, 0 where none was set
    samples: NDArray[np.float64]  # (T, 6)
    absent: str  # the field that the messages say they do not have, or nothing

    @property
    def times(self) -> NDArray[np.int64]:
        """Nanoseconds `(T,)` by the stamps, by the log where none was set."""
        return np.where(self.stamps == 0, self.log_times, self.stamps)

    def of(self, kept: NDArray[np.bool_]) -> Stretch:
        """Return some of the messages, by a mask `(T,)`."""
        log_times, stamps, samples = self.log_times[kept], self.stamps[kept], self.samples[kept]
        return Stretch(log_times, stamps, samples, self.absent)


class MotionStretches:
    """Collects the messages of a topic until a pause, or until the stretch is long enough."""

    def __init__(self, topic: Topic, recording: BagFile) -> None:
        """Begin with nothing.

        Raises:
            PerceptFormatError: An option of the topic is not known.
        """
        topic.check_options({*IMU.needs, GYRO_TOPIC})
        self._topic, self._recording = topic, recording
        self.partners: Mapping[str, Converter] = {}
        self._rotations: Rotations | None = None
        if GYRO_TOPIC in topic.options:
            name = topic.options[GYRO_TOPIC]
            self._rotations = Rotations(name, recording)
            self.partners = {name: self._rotations}
        self._clear()

    def _clear(self) -> None:
        self._log_times, self._stamps, self._samples = array("q"), array("q"), array("d")
        self._last, self._absent = 0, ""

    def take(self, message: Message) -> Draft | None:
        """Take the next message; return the stretch before it, if it does not belong to that."""
        sample = sample_of(message, self._recording)
        log_time = message.log_time
        done = self.finish() if self._is_over(sample.stamp or log_time, log_time) else None
        self._add(sample, log_time)
        return done

    def _add(self, sample: Sample, log_time: int) -> None:
        if not self._log_times:
            self._absent = sample.absent
        self._samples.extend(sample.values)
        self._stamps.append(sample.stamp)
        self._log_times.append(log_time)
        self._last = sample.stamp or log_time

    def finish(self) -> Draft | None:
        """Return the stretch so far, if there is one, and begin the next."""
        if not self._log_times:
            return None
        stretch = self._with_rotation(self._stretch(), self._last)
        self._clear()
        return draft_of(stretch, self._topic)

    def _stretch(self) -> Stretch:
        """Return the messages so far."""
        return Stretch(
            np.array(self._log_times, np.int64),
            np.array(self._stamps, np.int64),
            np.array(self._samples, np.float64).reshape(-1, 6),
            self._absent,
        )

    def _with_rotation(self, stretch: Stretch, time: int) -> Stretch:
        """Return a stretch with what another topic says of its rotation, which is kept from a time
        on.
        """
        if self._rotations is None:
            return stretch
        turned = self._rotations.until(time)
        stretch.samples[:, 3:] = interpolated(stretch.times, turned)
        return stretch._replace(absent=stretch.absent.replace(FIELDS["gyro"], ""))

    def _is_over(self, time: int, log_time: int) -> bool:
        if not self._log_times:
            return False
        length = (log_time - self._log_times[0]) / NANOSECONDS
        paused = abs(time - self._last) > PAUSE
        return paused or length >= self._topic.stretch or len(self._log_times) >= MOST


def draft_of(stretch: Stretch, topic: Topic) -> Draft:
    """Return the percept that can be made of a stretch."""
    log_time, stamp = int(stretch.log_times[0]), int(stretch.stamps[0])
    return Draft(topic.name, log_time, lambda: make_motion(stretch, topic), stamp or log_time)


def make_motion(stretch: Stretch, topic: Topic) -> IMU:
    """Make one percept of a stretch.

    Raises:
        PerceptShapeError: Acceleration or rotation is missing.
        UnitError: The units, those of the message's type if the topic's options name no others, do
            not fit the numbers.
        PerceptError: `IMU` refuses the samples.
    """
    _check_measured(stretch, topic)
    stamped = bool(stretch.stamps.all())
    times = stretch.stamps if stamped else stretch.log_times
    first, seconds, samples, spread = ordered(times, stretch.samples)
    units = {**STANDARD, **topic.options}
    gyro_topic = units.pop(GYRO_TOPIC, None)
    log_time = int(stretch.log_times[0])
    at, told_by = moment(first if stamped else 0, log_time)
    clock = "header.stamp" if stamped else "log time (the stamps are zero)"
    clock += ", equal ones spread" if spread else ""
    reading = topic.describe(
        log_time,
        told_by,
        **{name: f"{field} [{units[name]}]" for name, field in FIELDS.items()},
        time=f"rate={units['rate']}" if "rate" in units else clock,
        messages=len(stretch.samples),
    )
    if len(samples) < len(stretch.samples):
        reading["left_out"] = f"{len(stretch.samples) - len(samples)} repeated or not finite"
    if gyro_topic is not None:
        reading["gyro"] += f" of {gyro_topic}, interpolated"
    motion = IMU(
        samples,
        timestamps=None if "rate" in units else seconds,
        at=at,
        uri=topic.uri_at(log_time),
        limits=topic.limits,
        **units,
    )
    return motion.with_reading(reading)


def _check_measured(stretch: Stretch, topic: Topic) -> None:
    """Check that a stretch has both an acceleration and a rotation.

    Raises:
        PerceptShapeError: The messages say that they lack one, or one is nothing but zeros.
    """
    halves = dict(zip(FIELDS.values(), np.hsplit(stretch.samples, 2), strict=True))
    lacking = {name for name, values in halves.items() if not values.any()} | {stretch.absent}
    if topic.options.get("gyro", "") in (None, "none"):
        stretch.samples[:, 3:] = 0
        lacking.discard(FIELDS["gyro"])
    for name in sorted(lacking - {""}):
        raise PerceptShapeError(
            f"messages without {name}",
            "acceleration and rotation in one message",
            f'name the topic of the gyroscope, {{"{GYRO_TOPIC}": "/..."}}, or say '
            f'{{"gyro": "none"}}, as options of that of the accelerometer; or leave '
            f"{topic.name} out; say it as topics={{...}}",
        )
