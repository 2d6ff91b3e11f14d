"""Recordings of robots as percepts: ROS 1 bags, and ROS 2 recordings in SQLite or MCAP."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from inspect import signature
from pathlib import Path
from typing import Any

from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.sources.bags.bag_file import BagFile, is_bag
from sensorium.sources.bags.fixes import Fixes
from sensorium.sources.bags.images import COMPRESSED_TYPE, IMAGE_TYPE, Pictures
from sensorium.sources.bags.imu_samples import IMU_TYPE
from sensorium.sources.bags.motion import MotionStretches
from sensorium.sources.bags.poses import Poses, with_pose
from sensorium.sources.bags.reading import (
    OnFailure,
    Reading,
    converters_of,
    said,
    steps,
)
from sensorium.sources.bags.sound import AUDIO_TYPES, SoundStretches
from sensorium.sources.bags.topics import Maker
from sensorium.sources.drafts import STRETCH, Choice, Draft, Progress, percepts_of
from sensorium.sources.reader import check_options

POSE_WITHIN = 0.5  # seconds from a measured pose within which it still holds
MAKERS: Mapping[str, Maker] = {
    IMU_TYPE: MotionStretches,
    IMAGE_TYPE: Pictures,
    COMPRESSED_TYPE: Pictures,
    **dict.fromkeys(AUDIO_TYPES, SoundStretches),
}


def bag(
    path: str | os.PathLike[str],
    *,
    topics: Choice | None = None,
    since: datetime | int | None = None,
    until: datetime | int | None = None,
    skip: int = 0,
    stretch: float = STRETCH,
    pose: str | None = None,
    pose_within: float = POSE_WITHIN,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    on_failure: OnFailure | None = None,
) -> Iterator[Percept]:
    """Read a recording of a robot as percepts, in the order in which they are complete.

    Memory holds one stretch of motion for each topic and the chunk of the file that is read,
    however long the recording is. Where a recording is damaged, everything before is yielded, and
    then the error is raised.

    Args:
        path: A `.bag`, `.mcap` or `.db3` file, or the folder of a ROS 2 recording.
        topics: Names of the topics to read, or a mapping of them to options: units, such as
            `{"/imu/data": {"accel": "g"}}`, and others that docs/sources.md lists. By default all
            topics whose type is known.
        since: Read messages from this log time on: an aware datetime, or nanoseconds since 1970,
            such as the `reading["log_time"]` of a percept.
        until: Read messages before this log time.
        skip: How many percepts to leave out at the start, at little cost. To go on after an
            interruption, pass the `reading["number"]` of the last percept that was kept, with the
            same other arguments.
        stretch: Longest motion or sound, in seconds, that becomes one percept. A pause of more than
            1 s ends one, too.
        pose: Topic that says where the robot was: "/odom", or "/tf:map->base_link" for the pose of
            one frame in another. It stands in `reading["pose"]`, at the time of each percept. Of a
            topic of sensor_msgs/NavSatFix it is `reading["fix"]`; by default that is read, if there
            is one. A memory keeps either as the place of the record.
        pose_within: Seconds from a measured pose within which it still holds.
        limits: Largest sizes that are accepted.
        progress: Called now and then, and at the end, with the number of messages read and of all
            messages of these topics.
        on_failure: Called with each message that cannot be a percept, which is then left out. By
            default its error is raised. Those with nothing in them (an empty depth map, a single
            message of motion) are left out either way.
    Raises:
        MissingExtraError: `rosbags` is not installed: `pip install "sensorium[bags]"`.
        SourceNotFoundError: Nothing is at the path.
        PerceptValueError: `skip`, `stretch` or `pose_within` is out of range.
        TimeError: `since` or `until` is not a time.
        MediaDecodeError: It is not a recording, or damaged; raised while iterating.
        PerceptFormatError: A topic, an option or a frame is not known; raised while iterating.
        EmptyPerceptError: No topic can be read; raised while iterating.
        PerceptError: A message cannot be a percept; raised while iterating.
    """
    asked = Reading.of(
        path,
        topics=topics,
        since=since,
        until=until,
        skip=skip,
        stretch=stretch,
        pose=pose,
        pose_within=pose_within,
        limits=limits,
        progress=progress,
        on_failure=on_failure,
    )
    return percepts_of(_drafts(asked), skip=skip, on_failure=on_failure, said=said)


class BagReader:
    """The reader of recordings of robots; its options are the arguments of `bag`."""

    options = tuple(name for name in signature(bag).parameters if name != "path")

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether the path is a recording."""
        return is_bag(path, head)

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield what `bag` yields.

        Raises:
            PerceptFormatError: An option is not an argument of `bag`.
            PerceptError: As of `bag`.
        """
        check_options(options, self.options, f"the recording {str(path)!r}")
        return bag(path, **options)


def _drafts(asked: Reading) -> Generator[Draft, None, None]:
    """Yield what can be made a percept, as soon as its pose is known."""
    waiting: deque[Draft] = deque()
    with BagFile(asked.path) as recording:
        converters = converters_of(recording, asked, MAKERS)
        poses = asked.poses(recording)
        for _, now, draft in steps(recording, asked, converters, poses):
            if draft is not None:
                waiting.append(draft)
            while waiting and (poses is None or poses.is_settled(waiting[0], now)):
                yield _posed(waiting.popleft(), poses)


def _posed(draft: Draft, poses: Poses | Fixes | None) -> Draft:
    """Return a draft whose percept has its pose, if poses were asked for."""
    if poses is None:
        return draft

    def make() -> Percept:
        percept = draft.make()
        return percept.with_reading(with_pose(percept.reading, poses, draft.time))

    return draft._replace(make=make)
