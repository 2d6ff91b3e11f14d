"""Moments of a robot: what its sensors saw at one time, as one thing to remember."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sensorium.errors import PerceptFormatError, Phrase, show
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.percepts.place import Place
from sensorium.percepts.pose import Pose, fix_in, pose_in
from sensorium.sources.bags.bag import MAKERS, POSE_WITHIN
from sensorium.sources.bags.bag_file import BagFile
from sensorium.sources.bags.fixes import Fixes
from sensorium.sources.bags.images import Pictures
from sensorium.sources.bags.imu_samples import IMU_TYPE
from sensorium.sources.bags.nearby import LATENESS, MotionNearby, Nearby, SoundNearby
from sensorium.sources.bags.poses import Poses, with_pose
from sensorium.sources.bags.reading import (
    OnFailure,
    Reading,
    Step,
    check_seconds,
    converters_of,
    steps,
)
from sensorium.sources.bags.sound import AUDIO_TYPES
from sensorium.sources.bags.topics import Converter, Maker
from sensorium.sources.drafts import Choice, Draft, Progress
from sensorium.sources.stamps import NANOSECONDS

WITHIN = 0.05  # seconds between two pictures that belong together
STRETCH = 2.56  # seconds of motion around a moment: one window of the encoder of motion
NEARBY: Mapping[str, Maker] = {
    **MAKERS,
    IMU_TYPE: MotionNearby,
    **dict.fromkeys(AUDIO_TYPES, SoundNearby),
}


@dataclass(frozen=True)
class Snapshot:
    """What the sensors of a robot saw at one time.

    Attributes:
        percepts: The percept around which it is, then those that belong to it.
        at: When that one was observed (aware); `None` if the recording does not tell.
        reading: The topics, seconds from the first one (`"offsets"`), what is missing and why, and
            the pose if it was asked for.
    """

    percepts: tuple[Percept, ...]
    at: datetime | None
    reading: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place | Pose | None:
        """Where the robot was, if that is known: on Earth, or by the pose that was asked for."""
        return fix_in(self.reading) or pose_in(self.reading)

    @property
    def metadata(self) -> dict[str, Any]:
        """What a memory keeps of the reading, JSON-ready: the pose, if it is known."""
        return {"pose": self.reading["pose"]} if self.reading.get("pose") else {}


def moments(
    path: str | os.PathLike[str],
    *,
    around: str | None = None,
    within: float = WITHIN,
    stretch: float = STRETCH,
    topics: Choice | None = None,
    since: datetime | int | None = None,
    until: datetime | int | None = None,
    skip: int = 0,
    pose: str | None = None,
    pose_within: float = POSE_WITHIN,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    on_failure: OnFailure | None = None,
) -> Iterator[Snapshot]:
    """Read a recording of a robot as moments: each picture of a topic with what belongs to it.

    Of every other topic with pictures, that is the one nearest in time; of motion and sound, the
    stretch around it. What is near no moment is left out. Memory holds a few seconds of the topics.

    Args:
        path: As `bag` takes it.
        around: Topic whose pictures are the moments; by default the one with colours. Its option
            `every` says how many there are.
        within: Seconds from the moment within which another picture belongs to it.
        stretch: Seconds of motion and of sound, half of them before the moment.
        topics: As `bag` takes them.
        since: As `bag` takes it.
        until: As `bag` takes it.
        skip: How many moments to leave out at the start: `reading["number"]` of the last one kept.
        pose: As `bag` takes it; it stands in the reading of the moment.
        pose_within: As `bag` takes it.
        limits: Largest sizes that are accepted.
        progress: As `bag` takes it.
        on_failure: Called with each message that cannot be a percept; the moment goes without it,
            or is left out if it was the picture itself. By default its error is raised.
    Raises:
        PerceptFormatError: `around` is not a topic with pictures that is read, or needed, as
            several have colours; raised while iterating.
        PerceptValueError: `within`, or a number of `bag`, is out of range.
        PerceptError: As of `bag`.
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
    return _read(asked, around, round(check_seconds(within, "within") * NANOSECONDS))


@dataclass
class _Moment:
    """A moment that is not complete yet: its picture, and what belongs to it so far, by topic."""

    anchor: Draft
    partners: dict[str, Draft | None]

    def offer(self, draft: Draft, within: int) -> None:
        """Take a picture if it is near, and nearer than the one so far."""
        known, apart = self.partners[draft.topic], abs(draft.time - self.anchor.time)
        nearer = known is None or apart < abs(known.time - self.anchor.time)
        if apart <= within and nearer:
            self.partners[draft.topic] = draft


class _Assembly:
    """Puts moments together, in the order of their pictures."""

    def __init__(
        self, anchor: str, converters: Mapping[str, Converter], *, within: int, half: int
    ) -> None:
        self._anchor, self._within, self._half = anchor, within, half
        self._nearby: dict[str, Nearby] = {
            name: each
            for name, each in converters.items()
            if isinstance(each, (MotionNearby, SoundNearby))
        }
        others = [name for name in converters if name != anchor and name not in self._nearby]
        self._recent: dict[str, deque[Draft]] = {name: deque() for name in others}
        self._newest = dict.fromkeys(others, 0)  # time of the last picture of each
        self._pending: deque[_Moment] = deque()

    def take(self, step: Step) -> Iterator[_Moment]:
        """Take what a message brought; yield the moments that are complete with it."""
        draft = step.draft
        if draft is not None and draft.topic == self._anchor:
            moment = _Moment(draft, dict.fromkeys(self._recent))
            for recent in self._recent.values():
                for each in recent:
                    moment.offer(each, self._within)
            self._pending.append(moment)
        elif draft is not None and draft.topic in self._recent:
            for moment in self._pending:
                moment.offer(draft, self._within)
            self._keep(draft, step.now)
        while self._pending and self._is_complete(self._pending[0], step.now):
            moment = self._pending.popleft()
            for name, near in self._nearby.items():
                moment.partners[name] = near.around(moment.anchor.time)
            yield moment

    def _keep(self, draft: Draft, now: int) -> None:
        """Keep a picture for moments to come; forget those that are too old for any."""
        recent = self._recent[draft.topic]
        recent.append(draft)
        self._newest[draft.topic] = max(self._newest[draft.topic], draft.time)
        while recent[0].log_time < now - self._within - LATENESS:
            recent.popleft()

    def _is_complete(self, moment: _Moment, now: int) -> bool:
        time = moment.anchor.time
        seen = all(newest >= time + self._within for newest in self._newest.values())
        heard = all(near.newest >= time + self._half for near in self._nearby.values())
        longest = max(self._within, self._half if self._nearby else 0)
        return (seen and heard) or now > moment.anchor.log_time + longest + LATENESS


def _read(asked: Reading, around: str | None, within: int) -> Iterator[Snapshot]:
    """Yield the moments, each with its number in the reading."""
    with BagFile(asked.path) as recording:
        converters = converters_of(recording, asked, NEARBY)
        anchor = _anchor(converters, around)
        poses = asked.poses(recording)
        assembly = _Assembly(anchor, converters, within=within, half=_half(asked))
        number = 0
        for moment in _posed(asked, recording, converters, assembly, poses):
            number += 1
            if number <= asked.skip:
                continue
            made = _snapshot(moment, asked, converters, within)
            if made is not None:
                taken = with_pose({**made.reading, "number": number}, poses, moment.anchor.time)
                yield Snapshot(made.percepts, made.at, taken)


def _posed(
    asked: Reading,
    recording: BagFile,
    converters: Mapping[str, Converter],
    assembly: _Assembly,
    poses: Poses | Fixes | None,
) -> Iterator[_Moment]:
    """Yield moments as soon as their pose is known."""
    waiting: deque[_Moment] = deque()
    for step in steps(recording, asked, converters, poses):
        if step.draft is not None and not isinstance(converters.get(step.draft.topic), Pictures):
            asked.made(step.draft)  # a message that is damaged: nothing else comes of motion here
        waiting.extend(assembly.take(step))
        while waiting and (poses is None or poses.is_settled(waiting[0].anchor, step.now)):
            yield waiting.popleft()


def _snapshot(
    moment: _Moment, asked: Reading, converters: Mapping[str, Converter], within: int
) -> Snapshot | None:
    """Make the percepts of a moment; `None` if its picture cannot be one."""
    first = asked.made(moment.anchor)
    if first is None:
        return None
    percepts = [first]
    offsets, missing = {}, {}
    for topic, draft in moment.partners.items():
        made = None if draft is None else asked.made(draft)
        if draft is None:
            near = within if isinstance(converters[topic], Pictures) else _half(asked)
            missing[topic] = f"nothing within {_seconds(near)} s of it"
        elif made is None:
            missing[topic] = "its message cannot be a percept"
        else:
            percepts.append(made)
            offsets[topic] = _seconds(draft.time - moment.anchor.time)
    reading = {
        "around": moment.anchor.topic,
        "topics": [each.reading["topic"] for each in percepts],
        "offsets": offsets,
        "at": first.reading["at"],
        "log_time": moment.anchor.log_time,
    }
    if missing:
        reading["missing"] = missing
    return Snapshot(tuple(percepts), first.at, reading)


def _anchor(converters: Mapping[str, Converter], around: str | None) -> str:
    """Return the topic whose pictures are the moments.

    Raises:
        PerceptFormatError: It is not among those read, or there are several.
    """
    pictures = {name: each for name, each in converters.items() if isinstance(each, Pictures)}
    if around is not None:
        if around in pictures:
            return around
        raise PerceptFormatError(
            f"around={show(around)}",
            f"a topic with pictures that is read: {', '.join(pictures) or 'there is none'}",
            "correct the name",
        )
    shown = {name: each.shows() for name, each in pictures.items()}
    colours = [name for name, modality in shown.items() if modality == "image"]
    candidates = colours or list(pictures)
    if len(candidates) != 1:
        raise PerceptFormatError(
            f"{len(candidates)} topics with pictures ({', '.join(candidates)})"
            if candidates
            else "no topic with pictures",
            "one around whose pictures the moments are",
            Phrase("pass {0}, for example", {"around": candidates[0]})
            if candidates
            else "read the percepts one by one: sources.bag(...)",
        )
    return candidates[0]


def _half(asked: Reading) -> int:
    return round(asked.stretch * NANOSECONDS / 2)


def _seconds(time: int) -> float:
    return round(time / NANOSECONDS, 6)
