"""Where a robot was: odometry, poses and transforms of a recording, at any time of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sensorium.errors import PerceptFormatError, Phrase, show
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.bags.fixes import FIX_TYPE, Fixes
from sensorium.sources.bags.frames import Found, Frames
from sensorium.sources.bags.transforms import UNSET, Transform, unit, yaw
from sensorium.sources.drafts import Draft
from sensorium.sources.stamps import NANOSECONDS, stamp_of

ODOMETRY = "nav_msgs/Odometry"
STAMPED = "geometry_msgs/PoseStamped"
COVARIANT = "geometry_msgs/PoseWithCovarianceStamped"
TRANSFORM = "geometry_msgs/TransformStamped"
TREES = ("tf2_msgs/TFMessage", "tf/tfMessage")
POSE_TYPES = (ODOMETRY, STAMPED, COVARIANT, TRANSFORM, *TREES)
STATIC = "tf_static"  # last word of the topic with what never moves
ITSELF = "\0"  # the frame of a pose that names none; no frame has this name
ARROW = "->"
PREVIEWED = 200  # messages in which frames are looked for, to name them in an error
KEPT = 30 * NANOSECONDS  # of poses beside the longest stretch


class Asked(NamedTuple):
    """A topic with poses, and which frames of it are meant."""

    topic: str
    parent: str | None
    child: str | None

    @classmethod
    def parse(cls, pose: object) -> Asked:
        """Read "/odom", or "/tf:map->base_link".

        Raises:
            PerceptFormatError: It is neither.
        """
        text = pose if isinstance(pose, str) else ""
        topic, _, frames = text.partition(":")
        parent, arrow, child = frames.partition(ARROW)
        names = [_plain(parent.strip()), _plain(child.strip())]
        if not topic or (":" in text and not (arrow and all(names))):
            raise PerceptFormatError(
                f"pose={show(pose)}",
                "a topic, for transforms with two frames",
                Phrase("write {0}, or {1}", {"pose": "/odom"}, {"pose": "/tf:map->base_link"}),
            )
        return cls(topic, *names) if arrow else cls(topic, None, None)


class Poses:
    """Collects the poses in the messages of a topic; makes no percepts by itself."""

    key = "pose"  # in a reading

    def __init__(self, pose: object, recording: BagFile, *, within: float, stretch: float) -> None:
        """Begin with what never moves.

        Args:
            pose: As `Asked.parse` takes it.
            recording: The recording.
            within: Seconds from a measured pose within which it still holds.
            stretch: Longest time, in seconds, for which poses are asked in arrears.
        Raises:
            PerceptFormatError: There is no such topic, or it has other frames.
        """
        self._asked = Asked.parse(pose)
        self._recording = recording
        self._within = round(within * NANOSECONDS)
        self._keep = round(stretch * NANOSECONDS) + KEPT + 2 * self._within
        self._frames = Frames()
        topic = self._asked.topic
        self._type = recording.topics.get(topic, "")
        if self._type not in POSE_TYPES:
            raise self._unknown_topic()
        self._is_tree = self._type in TREES
        if self._asked.child is not None and self._type in (STAMPED, COVARIANT):
            raise PerceptFormatError(
                f"frames of {topic}, a {self._type}, which names only one",
                "the topic alone",
                Phrase("write {0}", {"pose": topic}),
            )
        if self._is_tree and self._asked.child is None:
            raise self._without_frames()
        self.topics = [topic]
        if self._is_tree:
            still = topic.rpartition("/")[0] + "/" + STATIC
            if recording.topics.get(still) in TREES and still != topic:
                self.topics.append(still)
                # They are written once, perhaps before the part that is read
                for message in recording.messages_of(still):
                    self.take(message)

    def take(self, message: Message) -> Draft | None:
        """Keep what a message says; one that is damaged says nothing."""
        still = message.topic.rpartition("/")[2] == STATIC
        for parent, child, stamp, pose in self._said(message):
            motion = self._frames.motion(parent, child)
            if still:
                motion.fix(pose)
            else:
                motion.add(stamp or message.log_time, pose, self._keep)
        return None

    def finish(self) -> Draft | None:
        """Return nothing."""
        return None

    def is_settled(self, draft: Draft, now: int) -> bool:
        """Return whether the pose of a percept will not become better by reading on.

        Args:
            draft: What can be made a percept.
            now: Log time up to which messages were taken.
        """
        frames = self._named()
        reached = frames is not None and self._frames.reaches(*frames, draft.time)
        return reached or now > draft.log_time + self._within

    def at(self, time: int) -> dict[str, Any] | str:
        """Return where the robot was at a time, JSON-ready, or in words why nothing tells."""
        frames = self._named()
        if frames is None:
            return f"no message of {self._asked.topic} so far"
        found = self._frames.at(*frames, time, self._within)
        return found if isinstance(found, str) else self._described(found, *frames)

    def check_found(self) -> None:
        """Check, at the end, that the frames that were asked for did come.

        Raises:
            PerceptFormatError: One of them never came.
        """
        asked = [name for name in (self._asked.parent, self._asked.child) if name is not None]
        there = self._frames.names
        lacking = [name for name in asked if name not in there]
        if lacking and there:
            raise PerceptFormatError(
                f"the frame {', '.join(lacking)}, which {self._asked.topic} never had",
                f"frames among {', '.join(there)}",
                "correct pose=",
            )

    def _named(self) -> tuple[str, str] | None:
        """Return the frames that are meant: parent and child."""
        if self._asked.parent is not None and self._asked.child is not None:
            return self._asked.parent, self._asked.child
        pairs = [(motion.parent, child) for child, motion in self._frames.motions.items()]
        return pairs[0] if pairs else None

    def _described(self, found: Found, parent: str, child: str) -> dict[str, Any]:
        rotation = found.pose.rotation
        known = any(rotation)  # a quaternion of zeros was never set
        return {
            "position": [round(part, 9) for part in found.pose.position],
            "orientation": [round(part, 9) for part in rotation] if known else None,
            "yaw": round(yaw(rotation), 9) if known else None,
            "frame": parent,
            "child": None if child == ITSELF else child,
            "topic": self._asked.topic,
            "age": round(found.age / NANOSECONDS, 9),
        }

    def _said(self, message: Message) -> Iterator[tuple[str, str, int, Transform]]:
        """Yield parent, child, stamp and pose of each transform in a message."""
        decoded = self._recording.decode(message)
        for part in decoded.transforms if self._is_tree else [decoded]:
            parent = _plain(part.header.frame_id)
            child = _plain(getattr(part, "child_frame_id", "")) or ITSELF
            pose = _pose_of(part, self._type)
            if not self._is_tree and not self._is_meant(parent, child):
                continue
            if pose is not None and (any(pose.rotation) or not self._is_tree):
                yield parent, child, stamp_of(part), pose

    def _is_meant(self, parent: str, child: str) -> bool:
        """Return whether the pose is of the one frame that the topic is read for.

        Raises:
            PerceptFormatError: The topic has several, and nobody said which.
        """
        if self._type != TRANSFORM or self._asked.child is not None:
            return True
        known = self._named()
        if known is not None and known != (parent, child):
            raise self._without_frames()
        return True

    def _unknown_topic(self) -> PerceptFormatError:
        kinds = (*POSE_TYPES, FIX_TYPE)
        named = [f"{n} ({t})" for n, t in self._recording.topics.items() if t in kinds]
        came = f" ({self._type})" if self._type else ""
        return PerceptFormatError(
            f"pose={show(self._asked.topic)}{came}",
            f"a topic with poses: {', '.join(named) or 'there is none'}",
            "correct the name" if named else "leave pose out",
        )

    def _without_frames(self) -> PerceptFormatError:
        topic = self._asked.topic
        pairs: dict[str, None] = {}
        for number, message in enumerate(self._recording.messages_of(topic), start=1):
            decoded = self._recording.decode(message)
            for part in decoded.transforms if self._is_tree else [decoded]:
                pairs[f"{_plain(part.header.frame_id)}{ARROW}{_plain(part.child_frame_id)}"] = None
            if number == PREVIEWED:
                break
        return PerceptFormatError(
            f"pose={show(topic)} with transforms of several frames",
            f"which are meant; there are {', '.join(pairs) or 'none'}, and chains of them",
            Phrase("write {0}", {"pose": f"{topic}:{next(iter(pairs), 'map->base_link')}"}),
        )


def _pose_of(part: Any, kind: str) -> Transform | None:
    """Return the pose that a message has; `None` if it is not finite."""
    if hasattr(part, "transform"):
        place, turn = part.transform.translation, part.transform.rotation
    else:
        pose = part.pose if kind == STAMPED else part.pose.pose
        place, turn = pose.position, pose.orientation
    position = (float(place.x), float(place.y), float(place.z))
    given = (float(turn.x), float(turn.y), float(turn.z), float(turn.w))
    if not all(map(math.isfinite, (*position, *given))):
        return None
    return Transform(position, unit(given) or UNSET)


def _plain(frame: str) -> str:
    """Return the name of a frame without the slash that ROS 1 may put in front."""
    return frame.removeprefix("/")


def with_pose(
    reading: Mapping[str, Any], poses: Poses | Fixes | None, time: int
) -> Mapping[str, Any]:
    """Return a reading with the pose, or the fix, at a time, if there is what tells it."""
    if poses is None:
        return reading
    found = poses.at(time)
    if isinstance(found, str):
        return {**reading, poses.key: None, f"{poses.key}_missing": found}
    return {**reading, poses.key: found}
