"""Recordings on the command line: what is read of a file that is many percepts, and how far."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from sensorium.cli.values import number_or_text
from sensorium.errors import PerceptError, Phrase, RecordError, SensoriumError

if TYPE_CHECKING:
    from sensorium.percepts import Percept
    from sensorium.sources import Snapshot
    from sensorium.sources.finding import FoundFile

TOPICS = "topics"
TopicNames = Annotated[
    list[str] | None,
    typer.Option(
        "--topic",
        metavar="NAME [OPTION=VALUE]...",
        help='Topic of a recording to read, such as "/livox/imu accel=g"; repeat for more.',
    ),
]


@dataclass(frozen=True)
class RobotOptions:
    """The options of recordings of robots: where the robot was, and what belongs together."""

    pose: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC",
            help="Where the robot was: the place of each memory, and in full in its metadata: "
            "/odom, or /tf:map->base_link.",
        ),
    ] = None
    together_within: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Remember each picture of a recording with the depth map nearest in time and the "
            "motion and sound around it as one memory; others are left out. 0.05 suits cameras.",
        ),
    ] = None
    around: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC",
            help="Topic whose pictures these memories are; by default the one with colours.",
        ),
    ] = None

    def check(self, files: Sequence[FoundFile]) -> None:
        """Check that the options are said of recordings that have topics.

        Raises:
            BadParameter: They are not.
        """
        said = {"--pose": self.pose, "--together-within": self.together_within}
        if self.around is not None and self.together_within is None:
            raise typer.BadParameter("say --together-within as well", param_hint="--around")
        for option, value in said.items():
            if value is not None and not any(each.takes(TOPICS) for each in files):
                raise typer.BadParameter("no file here has topics; leave it out", param_hint=option)


Topics: TypeAlias = Mapping[str, Mapping[str, Any]] | None


def parse_topics(texts: Sequence[str]) -> dict[str, dict[str, Any]] | None:
    """Return the topics to read, with their options; `None` for all.

    Args:
        texts: Each a name and options: `"/livox/imu accel=g"`.
    Raises:
        BadParameter: One of them is neither.
    """
    topics: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, *options = shlex.split(text) or [""]
        pairs = [option.partition("=")[::2] for option in options]
        if not name.startswith("/") or not all(key and value for key, value in pairs):
            raise typer.BadParameter(
                f'{text!r}; say "/name" or "/name option=value"', param_hint="--topic"
            )
        topics[name] = {key: number_or_text(value) for key, value in pairs}
    return topics or None


def check_topics(topics: Mapping[str, Any] | None, files: Sequence[FoundFile]) -> None:
    """Check that topics are said of something that has them.

    Raises:
        BadParameter: They are not.
    """
    if topics and not any(each.takes(TOPICS) for each in files):
        raise typer.BadParameter("no file here has topics; leave it out", param_hint="--topic")


def read_recording(
    found: FoundFile,
    options: Mapping[str, Any],
    on_failure: Callable[[SensoriumError], object],
    progress: Callable[[int, int], object] | None = None,
) -> Iterator[Percept]:
    """Yield the percepts of a file that a reader takes.

    Args:
        found: The file, or the folder.
        options: Options of its reader, perhaps `topics`.
        on_failure: Called with the error of each message or part that cannot be a percept.
        progress: Called now and then with how much is read, and of how much, if the reader tells.
    Raises:
        MissingExtraError: What reads it is not installed.
        RecordError: The recording is damaged, or has no such topic.
        PerceptError: As of the reader.
    """
    with _in_words():
        yield from found.open(_observed(found, options, on_failure, progress))


def read_moments(
    found: FoundFile,
    options: Mapping[str, Any],
    on_failure: Callable[[SensoriumError], object],
    progress: Callable[[int, int], object] | None,
    robot: RobotOptions,
) -> Iterator[Snapshot]:
    """Yield the percepts of a file that a reader takes, each alone or with what belongs to it.

    Args:
        found: As `read_recording` takes it, and so the others.
        options: Options of its reader.
        on_failure: Called with each error.
        progress: Called now and then.
        robot: What belongs together, and where the robot was.
    Raises:
        SensoriumError: As of `read_recording`.
    """
    from sensorium.sources import Snapshot, moments

    asked = _observed(found, options, on_failure, progress)
    asked |= {"pose": robot.pose} if robot.pose and found.takes("pose") else {}
    with _in_words():
        if robot.together_within is not None and found.takes(TOPICS):
            asked.pop("modality", None)
            within, around = robot.together_within, robot.around
            yield from moments(found.path, within=within, around=around, **asked)
        else:
            for percept in found.open(asked):
                yield Snapshot((percept,), None, percept.reading)


def _observed(
    found: FoundFile,
    options: Mapping[str, Any],
    on_failure: Callable[[SensoriumError], object],
    progress: Callable[[int, int], object] | None,
) -> dict[str, Any]:
    """Return options with those that tell how the reading goes, if the reader knows them."""

    def note(failure: Any) -> None:
        on_failure(_said(failure.error, failure.topic))

    also: dict[str, Any] = {"on_failure": note, "progress": progress}
    return {**options, **{name: each for name, each in also.items() if each and found.takes(name)}}


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn errors of a recording into those of the command line."""
    try:
        yield
    except PerceptError as error:
        raise _said(error, "/name") from error


def _said(error: PerceptError, topic: str) -> SensoriumError:
    """Return an error in the words of the command line, where topics have options of their own.

    The options of a folder are said for all its parts.
    """
    words, topics, _ = error.remedy.partition("; say it as topics=")
    if topics:
        return RecordError(error.came, error.needed, f'{words}: --topic "{topic} option=value"')
    words, parts, _ = error.remedy.partition("; say it as parts=")
    if parts:
        return type(error)(error.came, error.needed, words)
    if "topics=" in error.remedy and not isinstance(error.remedy, Phrase):
        remedy = error.remedy.replace("topics=", "--topic")
        return RecordError(error.came, error.needed, remedy)
    return error
