"""A message of sensor_msgs/Imu as six numbers and a stamp."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.stamps import NANOSECONDS, stamp_of

IMU_TYPE = "sensor_msgs/Imu"
FIELDS = {"accel": "linear_acceleration", "gyro": "angular_velocity"}
ABSENT = -1.0  # first covariance of what a sensor does not measure, as the type says

# How the type lies in its bytes: a header, then only doubles
LAYOUT = (
    *("header", "orientation", "orientation_covariance", "angular_velocity"),
    *("angular_velocity_covariance", "linear_acceleration", "linear_acceleration_covariance"),
)
NUMBERS = 37  # 4, 9, 3, 9, 3 and 9 of them
TURN, TURN_COVARIANCE, FORCE, FORCE_COVARIANCE = slice(13, 16), 16, slice(25, 28), 28
ROS1 = (struct.Struct("<xxxxIII"), struct.Struct(f"<{NUMBERS}d"))
CDR = {  # of ROS 2, by the second byte: the order of bytes
    0: (struct.Struct(">xxxxiII"), struct.Struct(f">{NUMBERS}d")),
    1: (struct.Struct("<xxxxiII"), struct.Struct(f"<{NUMBERS}d")),
}
HEADER, ENCAPSULATION, DOUBLE = 16, 4, 8  # bytes


class Sample(NamedTuple):
    """What a message says."""

    stamp: int  # nanoseconds
    values: tuple[float, ...]  # acceleration x y z, rotation x y z
    absent: str  # the field that it says it does not have, or nothing


def sample_of(message: Message, recording: BagFile) -> Sample:
    """Return what a message says.

    Raises:
        MediaDecodeError: It is not of its type.
    """
    found = None
    if recording.fields(message.kind) == LAYOUT:
        found = from_bytes(message.content, ros2=recording.is_ros2)
    return found or _from_object(recording.decode(message))


def from_bytes(content: bytes, *, ros2: bool) -> Sample | None:
    """Take a message apart without building its objects, which takes longer than all else.

    Args:
        content: The message as it was written.
        ros2: Whether in CDR, as ROS 2 writes it; else as ROS 1 does.
    Returns:
        `None` if it has another length, or order of bytes, than the type has.
    """
    if len(content) < HEADER or (ros2 and content[1] not in CDR):
        return None
    head, body = CDR[content[1]] if ros2 else ROS1
    seconds, nanoseconds, name = head.unpack_from(content)
    start = HEADER + name
    if ros2:  # aligned, counted from after the encapsulation
        start += (ENCAPSULATION - start) % DOUBLE
    if len(content) != start + body.size:
        return None
    numbers = body.unpack_from(content, start)
    absent = ""
    if numbers[TURN_COVARIANCE] == ABSENT:
        absent = FIELDS["gyro"]
    if numbers[FORCE_COVARIANCE] == ABSENT:
        absent = FIELDS["accel"]
    return Sample(seconds * NANOSECONDS + nanoseconds, numbers[FORCE] + numbers[TURN], absent)


def _from_object(imu: Any) -> Sample:
    force, turn = imu.linear_acceleration, imu.angular_velocity
    absent = [name for name in FIELDS.values() if getattr(imu, f"{name}_covariance")[0] == ABSENT]
    values = (force.x, force.y, force.z, turn.x, turn.y, turn.z)
    return Sample(stamp_of(imu), values, absent[0] if absent else "")
