"""Taking a message apart by its bytes gives what building its objects gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.bags import HUMBLE, KINDS, NOETIC, START, as_ros1, imu, imu_messages, write_bag

from sensorium.sources.bags import imu_samples
from sensorium.sources.bags.bag_file import BagFile
from sensorium.sources.bags.imu_samples import from_bytes, sample_of

TYPE = "sensor_msgs/msg/Imu"
ROW = np.arange(1.0, 7.0)


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_agree(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every kind of file; a type with other fields goes the long way."""
    path = write_bag(tmp_path, imu_messages(ROW[None]), kind)
    with BagFile(path) as recording:
        [message] = recording.messages(["/imu/data"])
        assert recording.fields(message.kind) == imu_samples.LAYOUT
        assert from_bytes(message.content, ros2=recording.is_ros2) is not None
        short = sample_of(message, recording)
        monkeypatch.setattr(imu_samples, "from_bytes", lambda content, ros2: None)
        assert sample_of(message, recording) == short == (START, tuple(ROW), "")


@pytest.mark.parametrize("frame", ["", "a", "imu_link", "base/imu"])
@pytest.mark.parametrize("absent", ["", "linear_acceleration", "angular_velocity"])
def test_any_name_of_a_frame(frame: str, absent: str) -> None:
    """What follows the name is aligned, in CDR of either order of bytes."""
    message = imu(START + 5, ROW, absent=absent)
    message.header.frame_id = frame
    expected = (START + 5, tuple(ROW), absent)
    assert from_bytes(bytes(NOETIC.serialize_ros1(as_ros1(message), TYPE)), ros2=False) == expected
    for little in (True, False):
        content = bytes(HUMBLE.serialize_cdr(message, TYPE, little_endian=little))
        assert from_bytes(content, ros2=True) == expected
        assert from_bytes(content[:-1], ros2=True) is None
        assert from_bytes(content + bytes(8), ros2=True) is None
    assert from_bytes(b"\x00\x09" + content[2:], ros2=True) is None
    assert from_bytes(b"", ros2=True) is None
