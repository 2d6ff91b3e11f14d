"""Recordings of robots as tests make them: any messages, in every kind of file, by `rosbags`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

KINDS = ("ros1", "sqlite3", "mcap")
SECOND = 1_000_000_000  # nanoseconds
START = 1_700_000_000 * SECOND  # 14 November 2023
NOETIC, HUMBLE = get_typestore(Stores.ROS1_NOETIC), get_typestore(Stores.ROS2_HUMBLE)
AUDIO = {  # packages that the stores do not have
    "AudioData": "uint8[] data",
    "AudioDataStamped": "std_msgs/Header header\naudio_common_msgs/AudioData audio",
    "AudioInfo": "uint8 channels\nuint32 sample_rate\nstring sample_format\nuint32 bitrate\n"
    "string coding_format",
}
for store in (NOETIC, HUMBLE):
    for name, text in AUDIO.items():
        store.register(get_types_from_msg(text, f"audio_common_msgs/msg/{name}"))


class Written(NamedTuple):
    """A message and when it is written."""

    topic: str
    log_time: int  # nanoseconds
    message: Any


def write_bag(folder: Path, messages: Iterable[Written], kind: str = "mcap") -> Path:
    """Write messages, made with the types of ROS 2, as a recording of one of `KINDS`."""
    messages = list(messages)
    types = {each.topic: each.message.__msgtype__ for each in messages}
    if kind == "ros1":
        path = folder / "run.bag"
        with Writer1(path) as bag1:
            ways1 = {
                topic: bag1.add_connection(topic, type_, typestore=NOETIC)
                for topic, type_ in types.items()
            }
            for topic, log_time, message in messages:
                content = NOETIC.serialize_ros1(as_ros1(message), types[topic])
                bag1.write(ways1[topic], log_time, content)
        return path
    path = folder / "run"
    with Writer2(path, version=9, storage_plugin=StoragePlugin[kind.upper()]) as bag2:
        ways2 = {
            topic: bag2.add_connection(topic, type_, typestore=HUMBLE)
            for topic, type_ in types.items()
        }
        for topic, log_time, message in messages:
            bag2.write(ways2[topic], log_time, HUMBLE.serialize_cdr(message, types[topic]))
    return path


def header(stamp: int, frame: str = "sensor") -> Any:
    """Make a header with a stamp in nanoseconds."""
    time = HUMBLE.types["builtin_interfaces/msg/Time"](*divmod(stamp, SECOND))
    return HUMBLE.types["std_msgs/msg/Header"](time, frame)


def imu(stamp: int, row: NDArray[np.float64], *, absent: str = "") -> Any:
    """Make a sensor_msgs/Imu of acceleration x y z and rotation x y z."""
    vector = HUMBLE.types["geometry_msgs/msg/Vector3"]
    unknown = np.array([-1.0, *[0.0] * 8])
    covariance = {
        name: unknown if name == absent else np.zeros(9)
        for name in ("linear_acceleration", "angular_velocity")
    }
    return HUMBLE.types["sensor_msgs/msg/Imu"](
        header(stamp),
        HUMBLE.types["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0),
        unknown,
        vector(*map(float, row[3:])),
        covariance["angular_velocity"],
        vector(*map(float, row[:3])),
        covariance["linear_acceleration"],
    )


def imu_messages(
    samples: NDArray[np.float64],
    *,
    topic: str = "/imu/data",
    rate: float = 100.0,
    start: int = START,
    late: int = 3_000_000,
) -> list[Written]:
    """Make messages at an even rate, each written some nanoseconds after its stamp."""
    stamps = start + np.rint(np.arange(len(samples)) * SECOND / rate).astype(np.int64)
    return [
        Written(topic, int(stamp) + late, imu(int(stamp), row))
        for stamp, row in zip(stamps, samples, strict=True)
    ]


def image(values: NDArray[Any], encoding: str, *, stamp: int = START, pad: int = 0) -> Any:
    """Make a sensor_msgs/Image of an array `(H, W)` or `(H, W, C)`, each row padded."""
    height, width = values.shape[:2]
    rows = np.ascontiguousarray(values).view(np.uint8).reshape(height, -1)
    padded = np.pad(rows, ((0, 0), (0, pad)), constant_values=99)
    return HUMBLE.types["sensor_msgs/msg/Image"](
        header(stamp),
        height,
        width,
        encoding,
        int(values.dtype.str[0] == ">"),
        padded.shape[1],
        padded.ravel(),
    )


def compressed(content: bytes, format_: str, *, stamp: int = START) -> Any:
    """Make a sensor_msgs/CompressedImage of an encoded picture."""
    data = np.frombuffer(content, np.uint8)
    return HUMBLE.types["sensor_msgs/msg/CompressedImage"](header(stamp), format_, data)


def camera_info(
    fx: float, size: tuple[int, int], *, projected: float = 0.0, binning: int = 0
) -> Any:
    """Make a sensor_msgs/CameraInfo for images of (width, height)."""
    k, p = np.zeros(9), np.zeros(12)
    k[0] = k[4] = fx
    p[0] = p[5] = projected
    region = HUMBLE.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return HUMBLE.types["sensor_msgs/msg/CameraInfo"](
        header(START),
        size[1],
        size[0],
        "plumb_bob",
        np.zeros(5),
        k,
        np.eye(3).ravel(),
        p,
        binning,
        binning,
        region,
    )


def as_ros1(message: Any) -> Any:
    """Return a message with the header, and the names, of ROS 1."""
    type_ = NOETIC.types[message.__msgtype__]
    values = {name.lower(): value for name, value in vars(message).items()}
    if "header" in values:
        old = values["header"]
        time = NOETIC.types["builtin_interfaces/msg/Time"](old.stamp.sec, old.stamp.nanosec)
        values["header"] = NOETIC.types["std_msgs/msg/Header"](0, time, old.frame_id)
    fields = NOETIC.fielddefs[message.__msgtype__][1]
    return type_(*(values[name.lower()] for name, _ in fields))


def transform(
    parent: str,
    child: str,
    position: tuple[float, float, float],
    rotation: tuple[float, float, float, float],
    *,
    stamp: int = START,
) -> Any:
    """Make a geometry_msgs/TransformStamped; the rotation is x y z w."""
    types = HUMBLE.types
    moved = types["geometry_msgs/msg/Transform"](
        types["geometry_msgs/msg/Vector3"](*position),
        types["geometry_msgs/msg/Quaternion"](*rotation),
    )
    return types["geometry_msgs/msg/TransformStamped"](header(stamp, parent), child, moved)


def transforms(*parts: Any) -> Any:
    """Make a tf2_msgs/TFMessage."""
    return HUMBLE.types["tf2_msgs/msg/TFMessage"](list(parts))


def pose_of(
    position: tuple[float, float, float], rotation: tuple[float, float, float, float]
) -> Any:
    """Make a geometry_msgs/Pose."""
    types = HUMBLE.types
    return types["geometry_msgs/msg/Pose"](
        types["geometry_msgs/msg/Point"](*position),
        types["geometry_msgs/msg/Quaternion"](*rotation),
    )


def odometry(
    position: tuple[float, float, float],
    rotation: tuple[float, float, float, float],
    *,
    stamp: int = START,
) -> Any:
    """Make a nav_msgs/Odometry of base_link in odom, without a twist."""
    types, nothing = HUMBLE.types, np.zeros(36)
    vector = types["geometry_msgs/msg/Vector3"](0.0, 0.0, 0.0)
    return types["nav_msgs/msg/Odometry"](
        header(stamp, "odom"),
        "base_link",
        types["geometry_msgs/msg/PoseWithCovariance"](pose_of(position, rotation), nothing),
        types["geometry_msgs/msg/TwistWithCovariance"](
            types["geometry_msgs/msg/Twist"](vector, vector), nothing
        ),
    )


def sound(content: bytes, *, stamp: int | None = None) -> Any:
    """Make an audio_common_msgs/AudioData, with a stamp an AudioDataStamped."""
    data = HUMBLE.types["audio_common_msgs/msg/AudioData"](np.frombuffer(content, np.uint8))
    if stamp is None:
        return data
    return HUMBLE.types["audio_common_msgs/msg/AudioDataStamped"](header(stamp), data)


def sound_info(rate: int, channels: int, sample_format: str = "S16LE", coding: str = "wave") -> Any:
    """Make an audio_common_msgs/AudioInfo."""
    info = HUMBLE.types["audio_common_msgs/msg/AudioInfo"]
    return info(channels, rate, sample_format, 0, coding)
