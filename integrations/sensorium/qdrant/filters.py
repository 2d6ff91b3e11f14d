"""Which points are meant: conditions on a payload, always within one owner.

A `Filter` cannot be made without an owner, and stores take nothing else: no read, count, change or
deletion can reach another owner's points. Conditions combine with `&`, `|` and `~`.

A field is a path: `metadata.a.b` is the key `b` of the dictionary `a`. A key that has a dot in it
is written in quotes, `metadata."a.b"`; keys with other signs are quoted by themselves. The first
key is one of a record's payload (docs/schema.md): no record has another, so that a condition on one
would hold for nothing, and its opposite for everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from sensorium.errors import FilterError, OwnerError, show
from sensorium.percepts.text import LONE_SURROGATE
from sensorium.qdrant.schema import (
    AT,
    CREATED,
    FLAGS,
    FLOAT_KEY,
    NUMBER_KEY,
    OBJECT_KEY,
    OBJECTS_KEY,
    PAYLOAD,
    PLACE,
    PLACE_ID,
    PLACE_RADIUS,
    PLACE_TAG,
    TAGS,
    TENANT,
    TEXTS_KEY,
    TIME_KEY,
    VERSION_OF,
)

Scalar: TypeAlias = "str | int | float | bool"
Bound: TypeAlias = "int | float | datetime"
LONGEST_OWNER = 512  # characters
LEDGER = " shares"  # owner of the points that say who may read what: no name begins with a blank
INT64 = 2**63  # integers of a payload are smaller
EXACT_FLOAT = 2**53  # smaller integers are each a float of their own
# Without an index, engines compare each point with each value: texts by one look-up, but a thousand
# numbers with a thousand points in seconds
MOST_TEXTS, MOST_NUMBERS = 100_000, 1_000
DEEPEST = 40  # conditions within conditions: protobuf reads 100 messages deep, two for each
# A UUID in its usual form, which needs no reading; `UUID` takes ten times as long
CANONICAL = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
QUOTE = '"'
ONE_KEY = r'(?:"[^"\\]*"|[^."\\]*)'
PATH = re.compile(rf"{ONE_KEY}(?:\.{ONE_KEY})*")
KEY = re.compile(rf"(?:^|(?<=\.)){ONE_KEY}")  # one key of a path
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+(?:\[\d*\])*")  # engines read it without quotes


class Condition:
    """Something that a point must fulfil."""

    _depth: ClassVar[int] = 0  # levels of conditions within this one

    def __and__(self, other: Condition) -> Condition:
        """Return the condition that both hold."""
        return Every((*(self.conditions if isinstance(self, Every) else (self,)), other))

    def __or__(self, other: Condition) -> Condition:
        """Return the condition that at least one holds."""
        return Either((*(self.conditions if isinstance(self, Either) else (self,)), other))

    def __invert__(self) -> Condition:
        """Return the condition that this one does not hold."""
        return Not(self)


@dataclass(frozen=True)
class Equal(Condition):
    """The field equals a value, or is a list that contains it. `a.b` reaches into a dictionary."""

    field: str
    value: Scalar

    def __post_init__(self) -> None:
        _settle_field(self)
        _check_scalar(self.field, self.value)


@dataclass(frozen=True)
class OneOf(Condition):
    """The field equals one of the values, or is a list that contains one of them."""

    field: str
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        _settle_field(self)
        _check_several(f"the values of {self.field}", self.values)
        for value in self.values:
            _check_scalar(self.field, value)
        kinds = {isinstance(value, str) for value in self.values}
        most = MOST_TEXTS if kinds == {True} else MOST_NUMBERS
        if len(self.values) > most:
            raise FilterError(
                f"{len(self.values):,} values of {self.field!r}",
                f"at most {MOST_TEXTS:,} texts, or {MOST_NUMBERS:,} values with numbers among them",
                "ask for a Range, or for some of the values at a time",
            )


@dataclass(frozen=True)
class Range(Condition):
    """The field is a number or a time within bounds; a bound that is left out does not count."""

    field: str
    gt: Bound | None = None
    gte: Bound | None = None
    lt: Bound | None = None
    lte: Bound | None = None

    def __post_init__(self) -> None:
        _settle_field(self)
        if not self.bounds:
            raise FilterError(
                f"a range of {self.field!r} without bounds",
                "at least one of gt, gte, lt, lte",
                "use Present to ask whether there is a value",
            )
        if len({isinstance(bound, datetime) for bound in self.bounds.values()}) > 1:
            raise FilterError(
                f"a range of {self.field!r} from a number to a time",
                "bounds of one kind",
                "compare like with like",
            )
        for bound in self.bounds.values():
            _check_bound(self.field, bound)
        _check_comparable(self)

    @property
    def bounds(self) -> dict[str, Bound]:
        """The bounds that count, by name."""
        named = {"gt": self.gt, "gte": self.gte, "lt": self.lt, "lte": self.lte}
        return {name: bound for name, bound in named.items() if bound is not None}


@dataclass(frozen=True)
class Words(Condition):
    """The text field contains every word of a text, in any order and case."""

    field: str
    text: str

    def __post_init__(self) -> None:
        _settle_field(self)
        if not isinstance(self.text, str) or not self.text.strip() or _is_broken(self.text):
            raise FilterError(f"{show(self.text)} as words", "at least one word", "leave Words out")


@dataclass(frozen=True)
class Present(Condition):
    """The point has the field, and it is neither null nor empty."""

    field: str

    def __post_init__(self) -> None:
        _settle_field(self)


@dataclass(frozen=True)
class Near(Condition):
    """The point's `place` is within a distance on Earth.

    Attributes:
        latitude: Degrees.
        longitude: Degrees.
        radius: Metres over the surface of a sphere of 6,371,008.8 m.
    """

    latitude: float
    longitude: float
    radius: float

    def __post_init__(self) -> None:
        most = {"latitude": 90.0, "longitude": 180.0, "radius": math.inf}
        for name, limit in most.items():
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not abs(value) <= limit or (name == "radius" and value < 0):
                raise FilterError(
                    f"{name}={show(value)} of Near",
                    "degrees of a place on Earth, and metres from 0",
                    "write Near(48.8584, 2.2945, 200), latitude first",
                )


@dataclass(frozen=True)
class Ids(Condition):
    """The point has one of these ids; an id that is not a UUID belongs to no point."""

    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_several("the ids", self.ids)


@dataclass(frozen=True)
class Every(Condition):
    """All of the conditions hold; without conditions, always true."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        _check_several("the conditions", self.conditions)
        _check_depth(self, self.conditions)


@dataclass(frozen=True)
class Either(Condition):
    """At least one of the conditions holds; without conditions, never true."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        _check_several("the conditions", self.conditions)
        _check_depth(self, self.conditions)


@dataclass(frozen=True)
class Not(Condition):
    """The condition does not hold."""

    condition: Condition

    def __post_init__(self) -> None:
        _check_depth(self, (self.condition,))


def named_place() -> Condition:
    """Return the condition that a point names a place, or did before it was changed.

    Such a point is no event, and is never shared. It has the tag and the radius that
    `Memory.name_place` gives it, and an id that begins so; its tag is looked at first, for which
    there is an index.
    """
    begins = Either((Words("id", PLACE_ID), Words(VERSION_OF, PLACE_ID)))
    return Every((Equal(TAGS, PLACE_TAG), Present(f"metadata.{PLACE_RADIUS}"), begins))


def names_a_place(payload: Mapping[str, Any]) -> bool:
    """Return whether a payload fulfils `named_place`."""
    names = (payload.get("id"), payload.get(VERSION_OF))
    return (
        PLACE_TAG in (payload.get(TAGS) or ())
        and (payload.get("metadata") or {}).get(PLACE_RADIUS) is not None
        and any(PLACE_ID in str(name) for name in names if name)
    )


@dataclass(frozen=True)
class Shared:
    """What another owner lets somebody read: all points that have some tags.

    Former versions are not among them: they may have tags that their record has lost. Neither are
    the owner's named places.

    Attributes:
        owner: The other owner.
        tags: Tags that a point must have; without any, all points of the owner are meant.
    """

    owner: str
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_owner(self.owner)
        _check_several("the tags of what is shared", self.tags)

    @property
    def condition(self) -> Condition:
        """The condition that a point is among them."""
        tags = (Equal(TAGS, tag) for tag in self.tags)
        never = Not(Present(VERSION_OF)), Not(named_place())
        return Every((Equal(TENANT, self.owner), *tags, *never))

    def covers(self, payload: Mapping[str, Any]) -> bool:
        """Return whether a point is among them, by its payload as it is read."""
        return (
            payload.get(TENANT) == self.owner
            and VERSION_OF not in payload
            and not names_a_place(payload)
            and set(self.tags) <= set(payload.get(TAGS) or ())
        )


@dataclass(frozen=True)
class Filter:
    """The points of one owner that a condition lets through, and what others share with the owner.

    Attributes:
        owner: Owner of the points. There is no filter without one.
        condition: Condition that a point must fulfil, too.
        alive_at: Time at which a point must not have expired yet.
        parts: Whether points that continue a long record are let through, too.
        shared: What others let the owner read. Only what reads may name any.
    """

    owner: str
    condition: Condition | None = None
    alive_at: datetime | None = None
    parts: bool = False
    shared: tuple[Shared, ...] = ()

    def __post_init__(self) -> None:
        if self.owner != LEDGER:
            check_owner(self.owner)
        if self.condition is not None and not isinstance(self.condition, Condition):
            raise FilterError(
                f"a condition of type {type(self.condition).__name__}",
                "Equal, OneOf, Range, Words, Present, Ids, or these joined with & | ~",
                "see sensorium.qdrant",
            )
        if self.alive_at is not None:
            _check_bound("alive_at", self.alive_at)

    @property
    def whose(self) -> Condition:
        """The condition that a point is the owner's, or shared with the owner."""
        own = Equal(TENANT, self.owner)
        return Either((own, *(each.condition for each in self.shared))) if self.shared else own


def first_key(given: Condition) -> str | None:
    """Return the key of a payload that a condition is on; `None` if it is on no single one."""
    if isinstance(given, Equal) and isinstance(given.value, bool):
        return FLAGS
    if isinstance(given, Near):
        return PLACE
    if not isinstance(given, (Equal, OneOf, Range, Words, Present)):
        return None
    first: str = KEY.findall(given.field)[0]
    return first.strip(QUOTE).partition("[")[0]


def check_owner(owner: object) -> str:
    """Check the name of an owner, and return it.

    Raises:
        OwnerError: It is not text, empty, longer than 512 characters, or has a blank at an end.
    """
    if not isinstance(owner, str) or not owner or owner != owner.strip():
        raise OwnerError(
            f"owner={show(owner)}", "a name: text that is not empty", 'write owner="rex"'
        )
    if len(owner) > LONGEST_OWNER or _is_broken(owner):
        raise OwnerError(
            f"an owner of {len(owner)} characters, {owner[:40]!r}",
            f"at most {LONGEST_OWNER} Unicode characters",
            "use a short name or an id",
        )
    return owner


def uuids(ids: Iterable[str | None]) -> Iterator[str]:
    """Yield the ids that are UUIDs: no point has another id, and engines refuse to look for it."""
    for point_id in ids:
        if isinstance(point_id, str) and CANONICAL.fullmatch(point_id):
            yield point_id
            continue
        with suppress(ValueError, TypeError, AttributeError):
            yield str(UUID(point_id))


def with_the_time_of(given: Condition) -> Condition | None:
    """Return the condition to try on points without a time of remembering of their own.

    Returns:
        The same one of the time of the moment; `None` if the condition is not on that key.
    """
    fields = (Equal, OneOf, Range, Words, Present)
    return (
        replace(given, field=AT) if isinstance(given, fields) and given.field == CREATED else None
    )


def flag(field: str, value: bool) -> str:
    """Return the text in a payload's `flags` that says that a field is true, or false.

    Edge cannot match booleans, so they are stored as text, too. `[]` after a key stands for every
    element of a list, which the text says without it.

    Raises:
        FilterError: The field names one element of a list by its number.
    """
    return (
        f"{'.'.join(_key_of_flag(key, field) for key in KEY.findall(field))}={str(value).lower()}"
    )


def _key_of_flag(key: str, field: str) -> str:
    if key.startswith(QUOTE):
        return key.strip(QUOTE)
    name, *places = key.split("[")
    if any(place != "]" for place in places):
        raise FilterError(
            f"{field} compared with a truth value",
            "any element of a list: truth values are not kept by their place",
            "write [] in place of the number",
        )
    return name


def matching(fields: Mapping[str, Any], *, prefix: str = "metadata.") -> list[Condition]:
    """Turn `{"room": "kitchen", "floor": [1, 2]}` into conditions: equal, or one of a list.

    Args:
        fields: Values by path: `a.b` is the key `b` within `a`, `"a.b"` in quotes is one key. A
            value is a scalar, a collection of scalars, or a condition.
        prefix: Text put before each path.
    Raises:
        FilterError: A value of another kind, or a path that is not text.
    """
    conditions: list[Condition] = []
    for name, value in fields.items():
        if isinstance(value, Condition):
            conditions.append(value)
        elif not isinstance(name, str):
            raise FilterError(f"{show(name)} as a field", "its name", 'write {"room": "kitchen"}')
        elif isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping)):
            conditions.append(OneOf(prefix + name, tuple(value)))
        else:
            conditions.append(Equal(prefix + name, value))
    return conditions


def _settle_field(given: Equal | OneOf | Range | Words | Present) -> None:
    """Check a condition's field, and quote the keys in it that engines read only in quotes."""
    field = given.field
    if not isinstance(field, str) or not field:
        raise FilterError(f"{show(field)} as a field", "its name", 'write "metadata.room"')
    if not PATH.fullmatch(field) or _is_broken(field):
        raise FilterError(
            f"{show(field)} as a field",
            "keys without quotes and backslashes in them, which engines cannot look up",
            'rename the key; a key with dots is written in quotes: metadata."a.b"',
        )
    object.__setattr__(given, "field", KEY.sub(_quote, field))
    _check_first_key(given)


def _check_first_key(given: Equal | OneOf | Range | Words | Present) -> None:
    """Check that a record can have a condition's field: the keys of a payload are known."""
    first, *deeper = KEY.findall(given.field)
    name, brackets, _ = first.strip(QUOTE).partition("[")
    kind = PAYLOAD.get(name)
    if kind is None:
        raise FilterError(
            f"a condition on {given.field!r}, a key that no record has",
            f"one of a record's keys: {', '.join(PAYLOAD)}",
            f"write {_key_meant(given.field)}",
        )
    if brackets and kind == TEXTS_KEY:
        object.__setattr__(given, "field", _any_of_texts(given.field, name))
        return
    holds_objects = kind in (OBJECT_KEY, OBJECTS_KEY)
    if (deeper and not holds_objects) or (brackets and kind != OBJECTS_KEY):
        raise FilterError(
            f"a condition on {given.field!r}, which no record has: {name} is of type {kind}",
            f"{name} alone, or a path into the metadata",
            f'write "{name}", or "metadata.{given.field}"',
        )
    if holds_objects and not deeper and not isinstance(given, Present):
        raise FilterError(
            f"{show(name)} compared as a whole, which is of type {kind}",
            "a key within it",
            f'write "{name}.room", with the name of the key; Present("{name}") asks for any',
        )


def _any_of_texts(field: str, name: str) -> str:
    """Return the key of texts that is meant by `tags[]`: a single one is stored without a list."""
    if field.strip(QUOTE) != f"{name}[]":
        raise FilterError(
            f"a condition on {field!r}: the texts of {name} are not kept by their place",
            "any of them",
            f'write "{name}"',
        )
    return name


def _key_meant(field: str) -> str:
    """Return how to write what a caller who named a key that no record has may have meant."""
    known = {"text": "page_content", "modality": "modalities", "tag": "tags"}.get(field)
    metadata = f'"metadata.{field}" for a key of the metadata'
    return f'"{known}", or {metadata}' if known else metadata


def _check_comparable(given: Range) -> None:
    """Check that a key of the payload itself has values that a range's bounds can order."""
    kind = PAYLOAD.get(given.field)
    timed = any(isinstance(bound, datetime) for bound in given.bounds.values())
    if kind is not None and kind not in ((TIME_KEY,) if timed else (NUMBER_KEY, FLOAT_KEY)):
        bounds = "times" if timed else "numbers"
        raise FilterError(
            f"a range of {bounds} of {given.field!r}, which is of type {kind}",
            "bounds of the kind of the value",
            "write aware datetimes for times, Equal or OneOf for text",
        )


def _quote(found: re.Match[str]) -> str:
    key = found[0]
    return key if PLAIN_KEY.fullmatch(key) or key.startswith(QUOTE) else f'"{key}"'


def _check_depth(joined: Condition, parts: Collection[Condition]) -> None:
    """Check that conditions are not nested without end, and note how deep they are.

    Raises:
        FilterError: They are nested too deep, or too many.
    """
    if len(parts) > MOST_NUMBERS:
        raise FilterError(
            f"{len(parts):,} conditions joined",
            f"at most {MOST_NUMBERS:,}",
            "write OneOf for several values of one field",
        )
    depth = 1 + max((part._depth for part in parts if isinstance(part, Condition)), default=0)
    if depth > DEEPEST:
        raise FilterError(
            f"conditions nested {depth} deep",
            f"at most {DEEPEST} levels",
            "join many in one Every((...)) or Either((...))",
        )
    object.__setattr__(joined, "_depth", depth)


def _check_several(what: str, given: object) -> None:
    if isinstance(given, (str, bytes)) or not isinstance(given, Collection):
        raise FilterError(f"{what}: {show(given)}", "a tuple of them", "put it into a tuple: (it,)")


def _check_scalar(field: str, value: object) -> None:
    if isinstance(value, str):
        fits = not _is_broken(value)
    elif isinstance(value, float):
        fits = math.isfinite(value)
    else:  # booleans are integers, too
        fits = isinstance(value, int) and -INT64 <= value < INT64
    if not fits:
        raise FilterError(
            f"{field} compared with {show(value)}",
            "text, a finite number of 64 bits, True or False",
            "use Range for times, Present for missing values",
        )


def _is_broken(text: str) -> bool:
    """Return whether text holds half a surrogate pair, which cannot be stored."""
    return not text.isascii() and LONE_SURROGATE.search(text) is not None


def _check_bound(field: str, bound: object) -> None:
    if isinstance(bound, datetime):
        if bound.utcoffset() is None:
            raise FilterError(
                f"the naive time {bound.isoformat()} as a bound of {show(field)}",
                "a time with its zone",
                "write datetime(..., tzinfo=timezone.utc)",
            )
        try:
            bound.astimezone(timezone.utc)
        except OverflowError as error:
            raise FilterError(
                f"{bound.isoformat()} as a bound of {show(field)}",
                "a time of the years 1 to 9999 in UTC",
                "leave the bound out: nothing is beyond it",
            ) from error
        return
    numeric = isinstance(bound, (int, float)) and not isinstance(bound, bool)
    if not numeric or not _fits(bound):
        raise FilterError(
            f"{show(bound)} as a bound of {field!r}", "a number or an aware datetime", "convert it"
        )


def _fits(number: Any) -> bool:
    """Return whether a number can be compared with others as a float."""
    try:
        return not math.isnan(float(number))
    except OverflowError:
        return False
