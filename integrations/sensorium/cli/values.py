"""What is typed on the command line, as the values the library takes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import typer

from sensorium.cli.files import SUFFIXES

if TYPE_CHECKING:
    from sensorium.memory import Filters

AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
MOST = 10_000  # hits or records of one call
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # by the letter of an age


def age(text: str, option: str) -> timedelta:
    """Read an age: "90s", "15m", "36h", "7d", "2w".

    Raises:
        BadParameter: It is none.
    """
    found = AGE.fullmatch(text.strip())
    try:
        if found:
            return timedelta(seconds=float(found[1]) * SECONDS[found[2]])
    except OverflowError:
        pass
    raise typer.BadParameter(
        f"{text!r} is no age; write a number and one of s, m, h, d, w: 7d", param_hint=option
    )


def positive(text: str, option: str) -> timedelta:
    """Read an age that is not zero; raises as `age`."""
    found = age(text, option)
    if not found:
        raise typer.BadParameter(f"{text!r} is no time at all; write 7d", param_hint=option)
    return found


def ago(text: str, option: str) -> datetime:
    """Return the time that is an age before now.

    Raises:
        BadParameter: It is no age, or one before the calendar begins.
    """
    try:
        return datetime.now(timezone.utc) - age(text, option)
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is too long ago", param_hint=option) from error


def after(text: str, option: str) -> datetime:
    """Return the time that is an age from now.

    Raises:
        BadParameter: It is no age, or one beyond the calendar's end.
    """
    try:
        return datetime.now(timezone.utc) + age(text, option)
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is too long", param_hint=option) from error


def time(text: str, option: str) -> datetime:
    """Read a time: ISO 8601, local where it has no zone, or an age before now.

    Raises:
        BadParameter: It is neither.
    """
    written = text.strip()
    if AGE.fullmatch(written):
        return ago(written, option)
    if written.endswith("Z"):
        written = f"{written[:-1]}+00:00"  # as Python 3.10 reads it
    try:
        return datetime.fromisoformat(written).astimezone()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f"{text!r} is no time; write 2026-05-01, 2026-05-01T08:30+02:00, or an age such as 7d",
            param_hint=option,
        ) from error


def whole(number: int, option: str) -> int:
    """Return how many are wanted.

    Raises:
        BadParameter: Not 1 to 10,000.
    """
    if not 1 <= number <= MOST:
        raise typer.BadParameter(f"{number} is not in 1 to {MOST}", param_hint=option)
    return number


def share(number: float | None, option: str) -> float | None:
    """Return a number from 0 to 1, where one was given.

    Raises:
        BadParameter: It is another.
    """
    if number is not None and not 0 <= number <= 1:
        raise typer.BadParameter(f"{number} is not in 0 to 1", param_hint=option)
    return number


def one_of(choices: Collection[str], text: str, option: str) -> str:
    """Return a name that is one of those there are.

    Raises:
        BadParameter: It is another.
    """
    if text not in choices:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(choices)}", param_hint=option)
    return text


def names(given: Sequence[str] | None, option: str) -> list[str]:
    """Return the names that an option was repeated with.

    Raises:
        BadParameter: A blank one.
    """
    found = list(given or ())
    if not all(name.strip() for name in found):
        raise typer.BadParameter("a blank name", param_hint=option)
    return found


def filters(
    *,
    since: str | None = None,
    until: str | None = None,
    tags: Sequence[str] | None = None,
    source: str | None = None,
    where: Sequence[str] | None = None,
    with_modalities: Sequence[str] | None = None,
    text_contains: str | None = None,
) -> Filters:
    """Gather what restricts a call; what was not given is left out.

    Raises:
        BadParameter: One of these cannot be read.
    """
    if text_contains is not None and not text_contains.strip():
        raise typer.BadParameter("blank words", param_hint="--text-contains")
    given: dict[str, Any] = {
        "since": time(since, "--since") if since else None,
        "until": time(until, "--until") if until else None,
        "tags": list(tags) if tags else None,
        "source": source,
        "where": metadata(where, "--where") if where else None,
        "with_modalities": [one_of(SUFFIXES, each, "--modality") for each in with_modalities or ()]
        or None,
        "text_contains": text_contains,
    }
    found: Filters = {}
    found.update({key: value for key, value in given.items() if value is not None})  # type: ignore[typeddict-item]  # of the keys above
    return found


def metadata(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Read KEY=VALUE pairs; a key given more than once has a list of its values.

    Raises:
        BadParameter: A pair without a key or "=".
    """
    found: dict[str, list[Any]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise typer.BadParameter(
                f"{pair!r} is no KEY=VALUE; write room=kitchen", param_hint=option
            )
        found.setdefault(key, []).append(_value(value))
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _value(text: str) -> Any:
    """Read true, false and numbers as such; anything else, quoted or not, is text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (bool, int, float, str)) else text


def numbers(text: str, option: str) -> list[float]:
    """Read numbers with commas between them.

    Raises:
        BadParameter: Something in it is none.
    """
    wrong = typer.BadParameter(f"{text!r} are no numbers; write 1,0.5,-1", param_hint=option)
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise wrong from error
    if not all(map(math.isfinite, found)):
        raise wrong
    return found
