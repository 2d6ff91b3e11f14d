"""Times and ages as a model writes them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import AwareDatetime, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

WRITTEN_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
WRITTEN_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # by the letter of an age


def refusal(needed: str, remedy: str) -> PydanticCustomError:
    """Build the error of an argument, in words for a model."""
    return PydanticCustomError("refused", "{needed}", {"needed": needed, "remedy": remedy})


def _written_time(given: Any) -> Any:
    """Let only ISO 8601 text through: pydantic would take "2026" for seconds since 1970."""
    if isinstance(given, datetime) or given is None:
        return given
    if not isinstance(given, str) or not WRITTEN_TIME.fullmatch(given.strip()):
        raise refusal("a time in ISO 8601", "write it like 2026-07-01T12:00:00Z")
    return given.strip()


def _written_age(given: Any) -> Any:
    if isinstance(given, timedelta) or given is None:
        return given
    if age := _age(given):
        return age
    raise refusal("a length of time", "write a number and one of s, m, h, d, w, such as 30d")


def _written_bound(given: Any) -> Any:
    age = _age(given)
    if age is not None:
        return ago(age)
    try:
        return _written_time(given)
    except PydanticCustomError as error:
        raise refusal(
            "a time in ISO 8601, or a length of time before now",
            "write it like 2026-07-01T12:00:00Z, or like 30d",
        ) from error


def _age(given: Any) -> timedelta | None:
    """Read a length of time; `None` where it is none, or longer than any."""
    found = WRITTEN_AGE.fullmatch(given.strip()) if isinstance(given, str) else None
    try:
        return timedelta(seconds=float(found[1]) * SECONDS[found[2]]) if found else None
    except OverflowError:
        return None


Time = Annotated[AwareDatetime, BeforeValidator(_written_time)]
Bound = Annotated[AwareDatetime, BeforeValidator(_written_bound)]  # a time, or how long ago it was
Age = Annotated[timedelta, BeforeValidator(_written_age)]


def age_schema(description: str) -> WithJsonSchema:
    """Describe an age to a model; `Field` would call it an ISO 8601 duration."""
    pattern = f"^{WRITTEN_AGE.pattern}$"
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": description})


def bound_schema(description: str) -> WithJsonSchema:
    """Describe a bound of time to a model; `Field` would call it an ISO 8601 time."""
    return WithJsonSchema({"type": "string", "description": description})


def after(ttl: timedelta | None) -> datetime | None:
    """Return the time so long from now.

    Raises:
        ToolError: Beyond the calendar's end.
    """
    if ttl is None:
        return None
    try:
        return datetime.now(timezone.utc) + ttl
    except OverflowError as error:
        raise ToolError(
            f"a ttl of {ttl.days} days; needed an end before the year 10000; leave it out"
        ) from error


def ago(age: timedelta) -> datetime:
    """Return the time so long ago, or the beginning of all."""
    try:
        return datetime.now(timezone.utc) - age
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)
