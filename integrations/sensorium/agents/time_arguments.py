"""Times and ages as a model writes them: types of arguments, for pydantic."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from sensorium.agents.ages import AGE, parse_age, time_before
from sensorium.agents.wording import refusal
from sensorium.errors import ToolArgumentError

WRITTEN_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


def _read_time(value: Any) -> Any:
    # Only ISO 8601 text passes: pydantic would take "2026" for seconds since 1970.
    if isinstance(value, datetime) or value is None:
        return value
    if not isinstance(value, str) or not WRITTEN_TIME.fullmatch(value.strip()):
        raise refusal("a time in ISO 8601", "write it like 2026-07-01T12:00:00Z")
    return value.strip()


def _read_age(value: Any) -> Any:
    if isinstance(value, timedelta) or value is None:
        return value
    age = parse_age(value) if isinstance(value, str) else None
    if age:
        return age
    if age is not None:
        raise refusal("a length of time above nothing", "write more than 0, such as 30d")
    raise refusal("a length of time", "write a number and one of s, m, h, d, w, such as 30d")


def _read_bound(value: Any) -> Any:
    age = parse_age(value) if isinstance(value, str) else None
    if age is not None:
        return time_before(age)
    try:
        return _read_time(value)
    except PydanticCustomError as error:
        raise refusal(
            "a time in ISO 8601, or a length of time before now",
            "write it like 2026-07-01T12:00:00Z, or like 30d",
        ) from error


Time = Annotated[AwareDatetime, BeforeValidator(_read_time)]
Bound = Annotated[AwareDatetime, BeforeValidator(_read_bound)]  # a time, or how long ago it was
Age = Annotated[timedelta, BeforeValidator(_read_age)]


def age_schema(description: str) -> WithJsonSchema:
    """Describe an age, or null, to a model; `Field` would call it an ISO 8601 duration."""
    return _text_schema(description, pattern=f"^{AGE.pattern}$")


def bound_schema(description: str) -> WithJsonSchema:
    """Describe a bound of time, or null, to a model; `Field` would call it an ISO 8601 time."""
    return _text_schema(description)


def _text_schema(description: str, **more: str) -> WithJsonSchema:
    choices = [{"type": "string", **more}, {"type": "null"}]
    return WithJsonSchema({"anyOf": choices, "description": description})


def expiry(ttl: timedelta | None) -> datetime | None:
    """Return the time at which something expires that lives for `ttl` from now.

    Raises:
        ToolArgumentError: The time would lie beyond the calendar's end.
    """
    if ttl is None:
        return None
    try:
        return datetime.now(timezone.utc) + ttl
    except OverflowError as error:
        raise ToolArgumentError(
            f"a ttl of {ttl.days} days", "an end before the year 10000", "leave it out"
        ) from error
