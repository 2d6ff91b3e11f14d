"""Which topics of a recording are read, and as what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from sensorium.errors import EmptyPerceptError, PerceptFormatError
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.drafts import Choice, Draft, options_by_name
from sensorium.sources.reader import check_options

TRANSPORTS = ("compressed", "compressedDepth")  # last words of the topics of compressed copies
MOST_LISTED = 12  # topics in a message


@dataclass(frozen=True)
class Topic:
    """A topic that is read.

    Attributes:
        name: `"/imu/data"`.
        type: `"sensor_msgs/Imu"`.
        uri: Where the recording is.
        options: What the caller says of it: units, and what else its converter knows.
        stretch: Longest motion or sound that becomes one percept, in seconds.
        limits: Largest sizes that are accepted.
    """

    name: str
    type: str
    uri: str
    options: Mapping[str, Any] = field(default_factory=dict)
    stretch: float = 60.0
    limits: Limits = DEFAULT_LIMITS

    def check_options(self, known: Iterable[str]) -> None:
        """Check that the caller gave no other options than those known.

        Raises:
            PerceptFormatError: There is another one.
        """
        check_options(self.options, list(known), f"the topic {self.name} ({self.type})")

    def uri_at(self, log_time: int) -> str:
        """Return the URI of what was written from a log time on."""
        return f"{self.uri}#topic={self.name}&log_time={log_time}"

    def describe(self, log_time: int, at: str, **taken: Any) -> dict[str, Any]:
        """Return the reading of a percept: where it comes from, and what was taken for what."""
        return {"topic": self.name, "type": self.type, **taken, "at": at, "log_time": log_time}


class Converter(Protocol):
    """The messages of one topic, as they become percepts.

    A converter that wants the messages of other topics, too, has them as `partners`: by their
    names, what takes them.
    """

    def take(self, message: Message) -> Draft | None:
        """Take the next message; return what is complete with it, or before it."""

    def finish(self) -> Draft | None:
        """Return what is left after the last message."""


# Makes the converter of a topic; the recording tells what other topics say of it.
Maker: TypeAlias = Callable[[Topic, BagFile], Converter]


def chosen(
    recording: BagFile, asked: Choice | None, makers: Mapping[str, Maker]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the names of the topics to read with their options.

    Args:
        recording: The recording.
        asked: What the caller says; `None` is every topic whose type has a converter, but not the
            compressed copy of one that is there as well.
        makers: What makes a converter, by the type of the topic.
    Raises:
        PerceptFormatError: A topic is not there, or its type cannot be read.
        EmptyPerceptError: No topic can be read.
    """
    there = recording.topics
    if asked is None:
        readable = [name for name, kind in there.items() if kind in makers]
        if not readable:
            raise EmptyPerceptError(
                f"the recording {str(recording.path)!r} with {_listed(there)}",
                f"a topic of the type {', '.join(makers)}",
                "leave it out",
            )
        copies = {name for name in readable if original_of(name) in set(readable) - {name}}
        yield from ((name, {}) for name in readable if name not in copies)
        return
    for name, options in options_by_topic(asked).items():
        if name not in there or there[name] not in makers:
            came = f"{name} ({there[name]})" if name in there else name
            raise PerceptFormatError(
                f"the topic {came} of {str(recording.path)!r}, which has {_listed(there)}",
                f"a topic that is there, of the type {', '.join(makers)}",
                "correct topics=, or leave it out",
            )
        yield name, options


def options_by_topic(asked: Choice) -> dict[str, Mapping[str, Any]]:
    """Return what a caller says of the topics as a dictionary.

    Raises:
        PerceptFormatError: It is neither names nor a mapping of names to options.
    """
    return options_by_name(
        asked, "topics", 'topics=["/imu/data"], or topics={"/imu/data": {"accel": "g"}}'
    )


def original_of(name: str) -> str:
    """Return the topic that a compressed copy is of, as `image_transport` names it, or itself."""
    original, _, last = name.rpartition("/")
    return original if last in TRANSPORTS else name


def _listed(topics: Mapping[str, str]) -> str:
    named = [f"{name} ({kind})" for name, kind in topics.items()]
    more = [f"{len(named) - MOST_LISTED} more"] if len(named) > MOST_LISTED else []
    return ", ".join([*named[:MOST_LISTED], *more]) or "no topics"
