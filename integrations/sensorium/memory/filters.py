"""Filters, which restrict a call to some records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias, TypedDict

from sensorium.errors import Doors, FilterError, QueryError, show
from sensorium.memory.checks import are_names, check_tags, check_time
from sensorium.memory.lengths import parse_span
from sensorium.memory.records import ORIGINS, Progress, Whereabouts
from sensorium.percepts import Percept
from sensorium.qdrant import Condition, Either, Equal, Every, Not, OneOf, Range, Words
from sensorium.qdrant.filters import matching, named_place
from sensorium.qdrant.schema import TENANT

# A place with a distance, or the name of a place, which has a distance of its own
Near: TypeAlias = str | tuple[str | Whereabouts, str | float]


class Filters(TypedDict, total=False):
    """Filters, which restrict a call to some records; all of them must hold.

    Attributes:
        since: Only memories that end at or after this time (aware); else FilterError.
        until: Only memories that start before this time (aware); else FilterError.
        tags: Only memories with all of these tags; RecordError if they are not names.
        source: Only memories from exactly this source; FilterError if it is not text.
        where: Conditions on the metadata: `{"room": "kitchen", "floor": [1, 2]}`, or any condition
            of `sensorium.qdrant`. A dot reaches into a dictionary (`a.b`); a key that has a dot is
            quoted (`'"a.b"'`). FilterError for a value that cannot be compared, a key with a quote
            or a backslash in it, and a condition on a key that no record has: in a condition,
            metadata is written in full, `Equal("metadata.room", "kitchen")`.
        with_modalities: Only memories with at least one of these modalities; QueryError if one is
            not a modality.
        text_contains: Only memories whose text contains all of these words; FilterError if there
            is no word.
        near: Only memories near a place: `(place, "200 m")`, where the place is `(latitude,
            longitude)`, a `Place`, a `Pose` in a frame or the name of a place; or the name alone.
            FilterError for a name that no place has, and a distance that is none.
        origins: Only memories of which one of these says so: "person", "sensor", "file", "tool",
            "model", "web"; FilterError for another word. What has no origin is left out.
        owners: Only memories of these owners, among those that may be read: one's own, and what
            others share; FilterError if they are not names.
    """

    since: datetime | None
    until: datetime | None
    tags: Collection[str] | None
    source: str | None
    where: Condition | Mapping[str, Any] | None
    with_modalities: Collection[str] | None
    text_contains: str | None
    near: Near | None
    origins: Collection[str] | None
    owners: Collection[str] | None


class Forgetting(Filters, total=False):
    """Arguments of `Memory.forget`, which describes them."""

    older_than: str | timedelta | None
    everything: bool
    media_only: bool


class Purging(Forgetting, total=False):
    """Arguments of `Memory.forget` with `purge=True`."""

    progress: Progress | None


def conditions(call: str, filters: Filters, *, near: Condition | None = None) -> Condition | None:
    """Join the filters of a call; `None` if there are none.

    Args:
        call: Name of the method that was called, for its errors.
        filters: Keyword arguments of the call.
        near: What their `near` means, which depends on what is stored.
    Raises:
        TypeError: A keyword that is not a filter.
        FilterError: A time, a source, a value of `where` or `text_contains` is wrong, or `until` is
            before `since`.
        QueryError: A modality that does not exist, or `where` of another type.
        RecordError: Tags that are not names.
    """
    unknown = filters.keys() - Filters.__annotations__.keys()
    if unknown:
        raise TypeError(
            f"{call}() got an unexpected keyword argument {min(unknown)!r}; "
            f"its filters are {', '.join(Filters.__annotations__)}"
        )
    found = [*_conditions_on_time(filters), *_conditions_on_content(filters)]
    if filters.get("near") is not None:
        if near is None:
            raise FilterError(
                f"near={show(filters['near'])} for {call}", "other filters", "leave near out"
            )
        found.append(near)
    if len(found) > 1:
        return Every(tuple(found))
    return found[0] if found else None


def events_among(condition: Condition | None) -> Condition:
    """Return the condition that a record fulfils another one, and is an event: it names no place.

    A name that was given to a place is kept as a record, of the time at which it was given, and
    nothing happened there then.
    """
    is_event = Not(named_place())
    return is_event if condition is None else Every((condition, is_event))


def _conditions_on_time(filters: Filters) -> Iterator[Condition]:
    since, until = filters.get("since"), filters.get("until")
    check_time("since", since, error=FilterError)
    check_time("until", until, error=FilterError)
    if since is not None and until is not None and until < since:
        raise FilterError(
            f"since={since.isoformat()}, which is after until={until.isoformat()}",
            "since before until",
            "exchange the two, or leave one out",
        )
    if since is not None:
        # What has a duration may begin before this time and still go on at it.
        yield Either((Range("at", gte=since), Range("until", gte=since)))
    if until is not None:
        yield Range("at", lt=until)


def _conditions_on_content(filters: Filters) -> Iterator[Condition]:
    tags, source, where = filters.get("tags"), filters.get("source"), filters.get("where")
    modalities, words = filters.get("with_modalities"), filters.get("text_contains")
    if tags is not None:
        yield from (Equal("tags", tag) for tag in check_tags(tags))
    if source is not None:
        if not isinstance(source, str):
            raise FilterError(f"source={show(source)}", "its name", 'write source="camera"')
        yield Equal("source", source)
    if isinstance(where, Condition):
        yield where
    elif isinstance(where, Mapping):
        yield from matching(where)
    elif where is not None:
        raise QueryError(
            f"where={show(where)}",
            "a dictionary of metadata, or a condition",
            'write where={"room": "kitchen"}',
        )
    if modalities is not None:
        known = Percept.modalities.keys()
        if not are_names(modalities) or not set(modalities) <= known:
            raise QueryError(
                f"with_modalities={show(modalities)}",
                f"a list of modalities, of {', '.join(sorted(known))}",
                'write with_modalities=["audio"]',
            )
        yield OneOf("modalities", tuple(modalities))
    if words is not None:
        yield Words("page_content", words)
    yield from _conditions_on_names(filters)


def _conditions_on_names(filters: Filters) -> Iterator[Condition]:
    """Yield the conditions on who says so, and whose it is."""
    origins = filters.get("origins")
    if origins is not None:
        if not are_names(origins) or not set(origins) <= set(ORIGINS):
            raise FilterError(
                Doors(
                    f"origins={show(origins)}",
                    command=f"--origin {_joined(origins)}",
                    rest=f"origins {show(origins)}",
                ),
                f"some of {', '.join(ORIGINS)}",
                Doors(
                    'write origins=["person"]',
                    command="write --origin person, and repeat it for several",
                    rest='write "origins": ["person"], or ?origin=person',
                ),
            )
        yield OneOf("provenance", tuple(origins))
    owners = filters.get("owners")
    if owners is not None:
        if not are_names(owners) or not owners:
            raise FilterError(
                f"owners={show(owners)}", "a list of names", 'write owners=["ana", "ben"]'
            )
        yield OneOf(TENANT, tuple(owners))


def _joined(names: object) -> str:
    return ", ".join(map(str, names)) if are_names(names) else show(names)  # type: ignore[call-overload]  # names are texts


def parse_age(age: object) -> timedelta:
    """Return the age beyond which records are forgotten: as `parse_span` reads it, or zero.

    Raises:
        QueryError: Not a length of time, or one that is negative.
    """
    if isinstance(age, timedelta) and not age:
        return age
    return parse_span(age, name="older_than")


def older(age: object) -> Range:
    """Return the condition that a memory's time is longer ago than an age.

    Raises:
        QueryError: Not an age; see `parse_age`.
    """
    length = parse_age(age)
    try:
        return Range("at", lt=datetime.now(timezone.utc) - length)
    except OverflowError:
        return Range("at", lt=datetime.min.replace(tzinfo=timezone.utc))
