"""Messages read where they lie are those that rosbags reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer
from tests.support.bags import NOETIC, START, as_ros1, image, imu

from sensorium.errors import MediaDecodeError
from sensorium.sources.bags.bag_file import BagFile

SECOND = 1_000_000_000
PACKED = [None, *Writer.CompressionFormat]


def write(path: Path, packed: Writer.CompressionFormat | None) -> Path:
    """Write small messages and large ones, some of whose stamps go back."""
    random = np.random.default_rng(1)
    depth = random.integers(500, 9000, (120, 160), np.uint16)
    writer = Writer(path)
    if packed is not None:
        writer.set_compression(packed)
    with writer:
        ways = {
            kind: writer.add_connection(topic, kind, typestore=NOETIC)
            for topic, kind in (
                ("/imu", "sensor_msgs/msg/Imu"),
                ("/depth", "sensor_msgs/msg/Image"),
            )
        }
        for number in range(120):
            stamp = START + number * SECOND // 10 - SECOND * (number % 7 == 3)
            rows = [("sensor_msgs/msg/Imu", imu(stamp, np.arange(6.0) + number))]
            if number % 3 == 0:
                rows.append(("sensor_msgs/msg/Image", image(depth + number, "16UC1", stamp=stamp)))
            for kind, message in rows:
                content = bytes(NOETIC.serialize_ros1(as_ros1(message), kind))
                writer.write(ways[kind], stamp, content)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("topics", [["/imu"], ["/depth"], ["/imu", "/depth"]])
@pytest.mark.parametrize("between", [(None, None), (START + SECOND, START + 5 * SECOND)])
def test_messages_are_those_of_rosbags(
    packed: Writer.CompressionFormat | None,
    topics: list[str],
    between: tuple[int | None, int | None],
    tmp_path: Path,
) -> None:
    """All of them, byte for byte and in order, packed or not, of some topics and between times."""
    path = write(tmp_path / "run.bag", packed)
    with AnyReader([path]) as reader:
        connections = [each for each in reader.connections if each.topic in topics]
        first, last = between
        theirs = [
            (connection.topic, time, content)
            for connection, time, content in reader.messages(connections, start=first, stop=last)
        ]
    with BagFile(path) as recording:
        found = recording.messages(topics, *between)
        ours = [(each.topic, each.log_time, each.content) for each in found]
    assert len(ours) > 10
    assert sorted(ours) == sorted(theirs)
    assert [each[1] for each in ours] == [each[1] for each in theirs]


def test_a_record_that_is_no_message_is_damage(tmp_path: Path) -> None:
    """Its error is ours, and the messages before it are read."""
    path = write(tmp_path / "run.bag", None)
    content = bytearray(path.read_bytes())
    place = content.index(b"16UC1", len(content) // 2)
    begin = content.rindex(b"op=\x02", 0, place)
    content[begin + 3] = 9
    path.write_bytes(content)
    with BagFile(path) as recording:
        found = recording.messages(["/depth"])
        assert next(found).topic == "/depth"
        with pytest.raises(MediaDecodeError, match="cut off, or is none"):
            list(found)
