"""What a recording is read as: drafts in a row, each made a percept, left out, or reported."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sensorium.errors import (
    EmptyPerceptError,
    PerceptError,
    PerceptFormatError,
    PerceptTooShortError,
    PerceptValueError,
    show,
)
from sensorium.percepts.percept import Percept

STRETCH = 60.0  # seconds of motion that become one percept at most
NOTHING = (EmptyPerceptError, PerceptTooShortError)  # a draft with nothing in it is no failure

# What a caller may say of topics or parts: their names alone, or with the options of each.
Choice: TypeAlias = "Iterable[str] | Mapping[str, Mapping[str, Any] | None]"
Progress: TypeAlias = Callable[[int, int], None]  # called with what is done, and with all of it


class Draft(NamedTuple):
    """A percept that can be made of messages or files; what is skipped never is."""

    topic: str  # or the part of a folder
    log_time: int  # nanoseconds, of the first message
    make: Callable[[], Percept]
    time: int = 0  # the same by the header of the message; 0 where that was not asked


@dataclass(frozen=True)
class MessageFailure:
    """A message or a file of a recording, or a stretch of them, that cannot be a percept.

    Attributes:
        topic: Name of the topic, or of the part of a folder.
        log_time: When the first of the messages was written, in nanoseconds since 1970; of a
            folder, its time on the folder's clock.
        error: What is wrong with it.
    """

    topic: str
    log_time: int
    error: PerceptError


def percepts_of(
    drafts: Generator[Draft, None, None],
    *,
    skip: int,
    on_failure: Callable[[MessageFailure], None] | None,
    said: Callable[[PerceptError, Draft], PerceptError],
) -> Iterator[Percept]:
    """Yield the percepts of drafts, each with its number, from 1, in its reading.

    Args:
        drafts: What can be made percepts.
        skip: How many to leave out at the start, unmade.
        on_failure: Called with each draft that cannot be a percept, which is then left out.
        said: Returns an error of a percept in the words of the recording.
    Raises:
        PerceptError: A draft cannot be a percept, nobody wants to know, and there was something
            in it.
    """
    with closing(drafts):  # and their files, also where an error keeps them alive
        for number, draft in enumerate(drafts, 1):
            if number <= skip:
                continue
            try:
                percept = draft.make()
            except PerceptError as error:
                told = said(error, draft)
                if on_failure is not None:
                    on_failure(MessageFailure(draft.topic, draft.log_time, told))
                elif not isinstance(error, NOTHING):
                    raise told from error
                continue
            yield percept.with_reading({**percept.reading, "number": number})


def failing(topic: str, log_time: int, error: PerceptError) -> Draft:
    """Return a draft that cannot be made."""

    def make() -> Percept:
        raise error

    return Draft(topic, log_time, make)


def check_going(skip: int, stretch: float) -> None:
    """Check where to go on, and how long a stretch of motion is.

    Raises:
        PerceptValueError: One of them is out of range.
    """
    if not isinstance(skip, int) or isinstance(skip, bool) or skip < 0:
        raise PerceptValueError(
            f"skip={show(skip)}", "a number of percepts from 0 on", "correct it"
        )
    if not isinstance(stretch, (int, float)) or not 0 < stretch < float("inf"):
        raise PerceptValueError(f"stretch={show(stretch)}", "seconds, more than 0", "correct it")


def options_by_name(asked: Choice, argument: str, example: str) -> dict[str, Mapping[str, Any]]:
    """Return what a caller says of topics or parts as a dictionary.

    Args:
        asked: What the caller says.
        argument: Name of the argument, which is also what is named: `"topics"`.
        example: How it is written.
    Raises:
        PerceptFormatError: It is neither names nor a mapping of names to options.
    """
    pairs: list[tuple[Any, Any]] = []
    if isinstance(asked, Mapping):
        pairs = [(name, {} if options is None else options) for name, options in asked.items()]
    elif isinstance(asked, Iterable) and not isinstance(asked, (str, bytes)):
        pairs = [(name, {}) for name in asked]
    sound = all(isinstance(name, str) and isinstance(opts, Mapping) for name, opts in pairs)
    if not pairs or not sound:
        raise PerceptFormatError(
            f"{argument}={show(asked)}",
            f"names of {argument}, or a mapping of them to their options",
            f"write {example}",
        )
    return dict(pairs)


def seconds_apart(every: object, name: str) -> float:
    """Return the least time from one picture to the next, in seconds.

    Raises:
        PerceptFormatError: It is no number from 0 on.
    """
    if isinstance(every, bool) or not isinstance(every, (int, float)) or not 0 <= every < 1e9:
        raise PerceptFormatError(
            f"every={show(every)} for {name}", "seconds, 0 or more", "correct it"
        )
    return every
