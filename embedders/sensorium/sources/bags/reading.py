"""One pass over a recording: its messages are handed to what makes percepts of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sensorium.errors import (
    MediaDecodeError,
    PerceptError,
    PerceptValueError,
    SourceNotFoundError,
    UnitError,
    show,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import local_path
from sensorium.percepts.percept import Percept
from sensorium.sources.bags.bag_file import BagFile, check_installed
from sensorium.sources.bags.fixes import FIX_TYPE, Fixes
from sensorium.sources.bags.poses import Poses
from sensorium.sources.bags.topics import Converter, Maker, Topic, chosen, options_by_topic
from sensorium.sources.drafts import (
    NOTHING,
    Choice,
    Draft,
    MessageFailure,
    Progress,
    check_going,
    failing,
)
from sensorium.sources.stamps import nanoseconds

PROGRESS_STEP = 1000  # messages between two reports of progress
END = 2**63 - 1  # nanoseconds: after every message

OnFailure: TypeAlias = Callable[[MessageFailure], None]


@dataclass(frozen=True)
class Reading:
    """What a caller asks for, checked.

    Attributes:
        path: The recording, a file or a folder.
        topics: Topics to read, or options of each; `None` reads all that can be read.
        since: Messages from this time on, in nanoseconds since 1970; `None` from the first.
        until: Messages before this time, in nanoseconds since 1970; `None` to the last.
        skip: How many percepts to leave out at the start.
        stretch: Longest motion or sound that becomes one percept, in seconds.
        limits: Largest sizes that are accepted.
        pose: Topic, or frames, of the poses; `None` for none.
        pose_within: Seconds from a measured pose within which it holds.
        progress: Called with how much was read, and of how much.
        on_failure: Called with each message that cannot be a percept; `None` raises its error.
    """

    path: Path
    topics: Choice | None
    since: int | None
    until: int | None
    skip: int
    stretch: float
    limits: Limits
    pose: str | None
    pose_within: float
    progress: Progress | None
    on_failure: OnFailure | None

    @classmethod
    def of(
        cls,
        path: str | os.PathLike[str],
        *,
        topics: Choice | None,
        since: datetime | int | None,
        until: datetime | int | None,
        skip: int,
        stretch: float,
        pose_within: float,
        **others: Any,
    ) -> Reading:
        """Check the arguments of `bag`.

        Raises:
            MissingExtraError: `rosbags` is not installed.
            SourceNotFoundError: Nothing is at the path.
            PerceptValueError: A number is out of range.
            TimeError: `since` or `until` is not a time.
            PerceptFormatError: `topics` is neither names nor a mapping.
        """
        place = local_path(os.fspath(path))
        if not place.exists():
            raise SourceNotFoundError(
                f"the path {str(place)!r}, where nothing is", "a recording", "check the path"
            )
        check_installed()
        check_going(skip, stretch)
        return cls(
            place,
            topics=None if topics is None else options_by_topic(topics),
            since=nanoseconds(since, "since"),
            until=nanoseconds(until, "until"),
            skip=skip,
            stretch=stretch,
            pose_within=check_seconds(pose_within, "pose_within"),
            **others,
        )

    def poses(self, recording: BagFile) -> Poses | Fixes | None:
        """Return what collects the poses that are asked for, or else the fixes of one receiver."""
        fixes = [name for name, kind in recording.topics.items() if kind == FIX_TYPE]
        topic = fixes[0] if self.pose is None and len(fixes) == 1 else self.pose
        if topic is None:
            return None
        if topic in fixes:
            return Fixes(topic, recording, within=self.pose_within, stretch=self.stretch)
        return Poses(self.pose, recording, within=self.pose_within, stretch=self.stretch)

    def made(self, draft: Draft) -> Percept | None:
        """Make a percept, or report that it cannot be made.

        Raises:
            PerceptError: It cannot, nobody wants to know, and there was something in it.
        """
        try:
            return draft.make()
        except PerceptError as error:
            told = said(error, draft)
            if self.on_failure is not None:
                self.on_failure(MessageFailure(draft.topic, draft.log_time, told))
            elif not isinstance(error, NOTHING):
                raise told from error
            return None


class Step(NamedTuple):
    """What one message brought."""

    topic: str
    now: int  # log time up to which the recording was read
    draft: Draft | None


def converters_of(
    recording: BagFile, asked: Reading, makers: Mapping[str, Maker]
) -> dict[str, Converter]:
    """Return what takes the messages of the topics that are read."""
    converters: dict[str, Converter] = {}
    for name, options in chosen(recording, asked.topics, makers):
        kind = recording.topics[name]
        uri = asked.path.as_uri()
        topic = Topic(name, kind, uri, options, asked.stretch, asked.limits)
        converters[name] = makers[kind](topic, recording)
    return converters


def steps(
    recording: BagFile,
    asked: Reading,
    converters: Mapping[str, Converter],
    poses: Poses | Fixes | None,
) -> Iterator[Step]:
    """Hand each message to its converter, and yield what is complete.

    Raises:
        MediaDecodeError: The recording is damaged, after everything before it.
        PerceptFormatError: A frame of the poses never came, after all the rest.
    """
    takers = dict(converters)
    for converter in converters.values():
        takers |= getattr(converter, "partners", {})
    counted = list(takers)
    others = [] if poses is None else [name for name in poses.topics if name not in takers]
    total, done = recording.count(counted), 0
    damage: MediaDecodeError | None = None
    messages = recording.messages([*counted, *others], asked.since, asked.until)
    while True:
        try:
            message = next(messages, None)
        except MediaDecodeError as error:  # what came before is whole
            damage = error
            break
        if message is None:
            break
        taker = takers.get(message.topic, poses)
        assert taker is not None
        try:
            draft = taker.take(message)
        except PerceptError as error:
            draft = failing(message.topic, message.log_time, error)
        yield Step(message.topic, message.log_time, draft)
        done += message.topic in takers
        if asked.progress is not None and done % PROGRESS_STEP == 0 and message.topic in takers:
            asked.progress(done, total)
    for name, converter in converters.items():
        yield Step(name, END, converter.finish())
    if damage is not None:
        raise damage
    if asked.progress is not None:
        asked.progress(done, total)
    if poses is not None:
        poses.check_found()


def check_seconds(value: object, name: str) -> float:
    """Return seconds that a caller gave.

    Raises:
        PerceptValueError: Not a number that is more than 0 and finite.
    """
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not numeric or not 0 < value < float("inf"):  # type: ignore[operator]  # it is a number
        raise PerceptValueError(f"{name}={show(value)}", "seconds, more than 0", "correct it")
    return float(value)  # type: ignore[arg-type]  # it is a number


def said(error: PerceptError, draft: Draft) -> PerceptError:
    """Return an error of a percept in the words of a recording: which topic, where to say it."""
    remedy = error.remedy
    if isinstance(error, UnitError):
        remedy += f'; say it as topics={{"{draft.topic}": {{...}}}}'
    came = f"{error.came} (topic {draft.topic}, log time {draft.log_time})"
    return type(error)(came, error.needed, remedy)
