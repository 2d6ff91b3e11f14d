"""Recordings of robots on the command line: which files are some, and what is read of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sensorium.errors import PerceptError, RecordError, SensoriumError

if TYPE_CHECKING:
    from sensorium.percepts import Percept

RECORDING = "of a recording"  # stands where other files have a modality
SUFFIXES = (".bag", ".mcap", ".db3")
HEAD = 16  # bytes that tell a recording


def is_recording(path: Path) -> bool:
    """Return whether a file or a folder is a recording of a robot."""
    from sensorium.sources.bags.bag_file import is_bag

    try:
        if path.is_dir():
            return is_bag(path, b"")
        if path.suffix.lower() not in SUFFIXES:
            return False
        with path.open("rb") as stream:
            return is_bag(path, stream.read(HEAD))
    except OSError:  # whoever reads it says what is wrong
        return False


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
        topics[name] = {key: _value(value) for key, value in pairs}
    return topics or None


def read_recording(
    path: Path,
    topics: Mapping[str, Mapping[str, Any]] | None,
    on_failure: Callable[[SensoriumError], object],
) -> Iterator[Percept]:
    """Yield the percepts of a recording.

    Args:
        path: The recording.
        topics: What `parse_topics` returned.
        on_failure: Called with the error of each message that cannot be a percept.
    Raises:
        MissingExtraError: `rosbags` is not installed.
        RecordError: The recording is damaged, or has no such topic.
    """
    from sensorium import sources

    def note(failure: sources.MessageFailure) -> None:
        on_failure(_said(failure.error, failure.topic))

    try:
        yield from sources.bag(path, topics=topics, on_failure=note)
    except PerceptError as error:
        raise _said(error, "/name") from error


def _said(error: PerceptError, topic: str) -> RecordError:
    """Return an error in the words of the command line, where options are those of a topic."""
    remedy, several, _ = error.remedy.partition("; say it as topics=")
    if several:
        remedy += f': --topic "{topic} option=value"'
    return RecordError(error.came, error.needed, remedy.replace("topics=", "--topic"))


def _value(text: str) -> str | float:
    """Return the number that an option's text is, or the text."""
    try:
        return float(text)
    except ValueError:
        return text
