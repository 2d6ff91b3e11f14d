"""Recordings of robots as percepts: ROS 1 bags, and ROS 2 recordings in SQLite or MCAP."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from inspect import signature
from pathlib import Path
from typing import Any

from sensorium.errors import (
    MediaDecodeError,
    PerceptError,
    SourceNotFoundError,
    UnitError,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import local_path
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.sources.bags.bag_file import BagFile, check_installed, is_bag
from sensorium.sources.bags.images import COMPRESSED_TYPE, IMAGE_TYPE, Pictures
from sensorium.sources.bags.imu_samples import IMU_TYPE
from sensorium.sources.bags.motion import MotionStretches
from sensorium.sources.bags.topics import Converter, Maker, Topic, chosen, options_by_topic
from sensorium.sources.drafts import (
    STRETCH,
    Choice,
    Draft,
    MessageFailure,
    Progress,
    check_going,
    failing,
    percepts_of,
)
from sensorium.sources.reader import check_options
from sensorium.sources.stamps import nanoseconds

MAKERS: Mapping[str, Maker] = {
    IMU_TYPE: MotionStretches,
    IMAGE_TYPE: Pictures,
    COMPRESSED_TYPE: Pictures,
}
PROGRESS_STEP = 1000  # messages between two reports of progress


@dataclass(frozen=True)
class _Reading:
    """What a call of `bag` asks for, checked."""

    path: Path
    topics: Choice | None
    since: int | None
    until: int | None
    stretch: float
    limits: Limits
    progress: Progress | None


def bag(
    path: str | os.PathLike[str],
    *,
    topics: Choice | None = None,
    since: datetime | int | None = None,
    until: datetime | int | None = None,
    skip: int = 0,
    stretch: float = STRETCH,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    on_failure: Callable[[MessageFailure], None] | None = None,
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
        stretch: Longest motion, in seconds, that becomes one percept. A pause of more than 1 s ends
            one, too.
        limits: Largest sizes that are accepted.
        progress: Called now and then, and at the end, with the number of messages read and of all
            messages of these topics.
        on_failure: Called with each message that cannot be a percept, which is then left out. By
            default its error is raised. Those with nothing in them (an empty depth map, a single
            message of motion) are left out either way.
    Raises:
        MissingExtraError: `rosbags` is not installed: `pip install "sensorium[bags]"`.
        SourceNotFoundError: Nothing is at the path.
        PerceptValueError: `skip` or `stretch` is out of range.
        TimeError: `since` or `until` is not a time.
        MediaDecodeError: It is not a recording, or damaged; raised while iterating.
        PerceptFormatError: A topic or an option is not known; raised while iterating.
        EmptyPerceptError: No topic can be read; raised while iterating.
        PerceptError: A message cannot be a percept; raised while iterating.
    """
    place = local_path(os.fspath(path))
    if not place.exists():
        raise SourceNotFoundError(
            f"the path {str(place)!r}, where nothing is", "a recording", "check the path"
        )
    check_installed()
    if topics is not None:
        topics = options_by_topic(topics)
    check_going(skip, stretch)
    start, stop = nanoseconds(since, "since"), nanoseconds(until, "until")
    asked = _Reading(place, topics, start, stop, stretch, limits, progress)
    return percepts_of(_drafts(asked), skip=skip, on_failure=on_failure, said=_said)


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


def _drafts(asked: _Reading) -> Generator[Draft, None, None]:
    """Yield what can be made a percept, in the order in which it is complete."""
    with BagFile(asked.path) as recording:
        converters = _converters(recording, asked)
        total = recording.count(converters)
        done = 0
        damage: MediaDecodeError | None = None
        messages = recording.messages(converters, asked.since, asked.until)
        while True:
            try:
                message = next(messages, None)
            except MediaDecodeError as error:  # what came before is whole
                damage = error
                break
            if message is None:
                break
            try:
                draft = converters[message.topic].take(message)
            except PerceptError as error:
                draft = failing(message.topic, message.log_time, error)
            done += 1
            if draft is not None:
                yield draft
            if asked.progress is not None and done % PROGRESS_STEP == 0:
                asked.progress(done, total)
        for converter in converters.values():
            draft = converter.finish()
            if draft is not None:
                yield draft
        if damage is not None:
            raise damage
        if asked.progress is not None:
            asked.progress(done, total)


def _converters(recording: BagFile, asked: _Reading) -> dict[str, Converter]:
    converters: dict[str, Converter] = {}
    partners: dict[str, Converter] = {}
    for name, options in chosen(recording, asked.topics, MAKERS):
        kind = recording.topics[name]
        uri = asked.path.as_uri()
        topic = Topic(name, kind, uri, options, asked.stretch, asked.limits)
        converters[name] = MAKERS[kind](topic, recording)
        partners |= getattr(converters[name], "partners", {})
    return converters | partners


def _said(error: PerceptError, draft: Draft) -> PerceptError:
    """Return an error of a percept in the words of a recording: which topic, where to say it."""
    remedy = error.remedy
    if isinstance(error, UnitError):
        remedy += f'; say it as topics={{"{draft.topic}": {{...}}}}'
    came = f"{error.came} (topic {draft.topic}, log time {draft.log_time})"
    return type(error)(came, error.needed, remedy)
