"""The values of options: text as it is typed, turned into what the library takes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import typer

from sensorium.agents import ages

if TYPE_CHECKING:
    from sensorium.percepts import Place, Pose

SINCE, UNTIL = "--since", "--until"
MOST = 10_000  # hits or records of one call
LEAST_ID = 8  # characters that name a record; an age has fewer
CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")  # how a time begins


def number_or_text(text: str) -> float | str:
    """Return the number that a text is, or the text itself."""
    try:
        return float(text)
    except ValueError:
        return text


def parse_age(text: str, option: str) -> timedelta:
    """Read an age: "90s", "15m", "36h", "7d", "2w".

    Raises:
        BadParameter: The text is not an age.
    """
    age = ages.parse_age(text)
    if age is None:
        raise typer.BadParameter(
            f"{text!r} is not an age; write a number and one of s, m, h, d, w: 7d",
            param_hint=option,
        )
    return age


def parse_positive_age(text: str, option: str) -> timedelta:
    """Read an age that is longer than zero.

    Raises:
        BadParameter: The text is not an age, or the age is zero.
    """
    found = parse_age(text, option)
    if not found:
        raise typer.BadParameter(f"{text!r} has no length; write 7d", param_hint=option)
    return found


def time_ago(text: str, option: str) -> datetime:
    """Return the time that lies an age before now.

    Raises:
        BadParameter: The text is not an age, or the time lies before the year 1.
    """
    try:
        return datetime.now(timezone.utc) - parse_age(text, option)
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is too long ago", param_hint=option) from error


def time_ahead(text: str, option: str) -> datetime:
    """Return the time that lies an age after now.

    Raises:
        BadParameter: The text is not an age, or the time lies after the year 9999.
    """
    try:
        return datetime.now(timezone.utc) + parse_age(text, option)
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is too long", param_hint=option) from error


def parse_time(text: str, option: str) -> datetime:
    """Read a time: ISO 8601, in local time if it has no zone, or an age before now.

    Raises:
        BadParameter: The text is neither.
    """
    found = _written_time(text, option)
    if found is None:
        raise typer.BadParameter(
            f"{text!r} is not a time; write 2026-05-01, 2026-05-01T08:30+02:00, or an age such as "
            "7d",
            param_hint=option,
        )
    return found


def parse_bound(text: str, option: str) -> datetime:
    """Read a time as `parse_time` does, or in words; say on stderr how words were understood.

    Args:
        text: "2026-05-01", "7d", "yesterday", "last summer".
        option: `--since`, for which words are read as the beginning of what they name, or
            `--until`, for which they are read as its end.
    Raises:
        BadParameter: The text is no time, or one without that end: --since "before 2020".
    """
    if (found := _written_time(text, option)) is not None:
        return found
    from sensorium.memory.times import read_time

    read = read_time(text.strip())
    bound = None if read is None else read.since if option == SINCE else read.until
    if bound is None:
        raise typer.BadParameter(
            f"{text!r} is not a time to be read here; write 2026-05-01, 2026-05-01T08:30+02:00, an "
            'age such as 7d, or words such as yesterday, "last summer", "3 days ago", "May 2024"',
            param_hint=option,
        )
    name = "since" if option == SINCE else "before"
    typer.echo(f"read {option} {printable(text)}: {name} {bound:%Y-%m-%d %H:%M}", err=True)
    return bound


def _written_time(text: str, option: str) -> datetime | None:
    """Return the time of ISO 8601 or of an age; `None` if the text is neither."""
    written = text.strip()
    if ages.AGE.fullmatch(written):
        return time_ago(written, option)
    if written.endswith("Z"):
        written = f"{written[:-1]}+00:00"  # Python 3.10 does not read "Z"
    try:
        return datetime.fromisoformat(written).astimezone()
    except (ValueError, OverflowError):
        return None


def moment_of(text: str) -> datetime | None:
    """Return the time of ISO 8601 with its hour, or of an age; `None` for what may be an id.

    Without a zone, it is of local time.

    Raises:
        BadParameter: The age reaches beyond the calendar.
    """
    written = text.strip()
    is_age = len(written) < LEAST_ID and ages.AGE.fullmatch(written)
    return _written_time(text, "MOMENT") if is_age or CLOCK.match(written) else None


def printable(text: str) -> str:
    """Replace the control characters of a text, which a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def parse_metadata(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Read KEY=VALUE pairs; a key that is repeated gets a list of its values.

    Raises:
        BadParameter: A pair has no key or no "=".
    """
    found: dict[str, list[Any]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise typer.BadParameter(
                f"{pair!r} is not KEY=VALUE; write room=kitchen", param_hint=option
            )
        found.setdefault(key, []).append(_value(value))
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _value(text: str) -> Any:
    """Read a truth value, a number or a quoted text; return anything else as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (bool, int, float, str)) else text


def parse_numbers(text: str, option: str) -> list[float]:
    """Read finite numbers separated by commas.

    Raises:
        BadParameter: A part of the text is not a finite number.
    """
    wrong = typer.BadParameter(
        f"{text!r} is not a list of numbers; write 1,0.5,-1", param_hint=option
    )
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise wrong from error
    if not all(map(math.isfinite, found)):
        raise wrong
    return found


def parse_place(text: str, option: str) -> Place | Pose:
    """Read degrees of latitude and longitude, and perhaps metres above the sea; or a pose.

    Raises:
        BadParameter: The text is no place on Earth.
    """
    from sensorium.memory.places.words import read_place

    try:
        place = read_place(text)
        if place is None:
            raise ValueError(text)
        return place
    except ValueError as error:  # no numbers, none on Earth, too many
        raise typer.BadParameter(
            f"{text!r} is not a place; write degrees north and east, then metres above the sea if "
            "known: 48.8584,2.2945 or -33.8568,151.2153,12; or metres in a frame: 1.5,2 in map",
            param_hint=option,
        ) from error


def check_count(number: int, option: str) -> int:
    """Return a number of hits or records.

    Raises:
        BadParameter: The number is not in 1 to 10,000.
    """
    if not 1 <= number <= MOST:
        raise typer.BadParameter(f"{number} is not in 1 to {MOST}", param_hint=option)
    return number


def check_share(number: float | None, option: str) -> float | None:
    """Return a number from 0 to 1, or `None`.

    Raises:
        BadParameter: The number is not in 0 to 1.
    """
    if number is not None and not 0 <= number <= 1:
        raise typer.BadParameter(f"{number} is not in 0 to 1", param_hint=option)
    return number


def check_choice(choices: Collection[str], text: str, option: str) -> str:
    """Return a text that is one of the choices.

    Raises:
        BadParameter: The text is not one of them.
    """
    if text not in choices:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}", param_hint=option)
    return text


def check_modality(text: str, option: str) -> str:
    """Return the name of a known modality.

    Raises:
        BadParameter: The text is not one.
    """
    from sensorium.percepts import Percept

    return check_choice(Percept.modalities, text, option)


def check_names(names: Sequence[str] | None, option: str) -> list[str]:
    """Return the names that an option was repeated with.

    Raises:
        BadParameter: A name is blank.
    """
    found = list(names or ())
    if not all(name.strip() for name in found):
        raise typer.BadParameter("a name is blank", param_hint=option)
    return found
