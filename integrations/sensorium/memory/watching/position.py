"""How far a standing question has looked, as a value and as the text of a cursor."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TypeAlias
from uuid import UUID

from sensorium.errors import FilterError, show

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
MOST_TOLD = 256  # hits of the last seconds that a cursor names
# A cursor: its version, the time, owner, whether a point follows, that, hits, and a checksum
HEAD = struct.Struct(">Bq4s?")
POINT, HIT = 16, struct.Struct(">q4s")  # bytes of a UUID; time and digest
CHECK = 4  # bytes of the checksum, and of the digests of an owner and of a point
VERSION = 1

# An arrival: its time in microseconds, and a digest of its point. A record that is replaced
# arrives anew, at another time.
Key: TypeAlias = tuple[int, bytes]


@dataclass(frozen=True)
class Position:
    """How far a standing question has looked.

    Attributes:
        since: Microseconds since 1970: what arrived before has been looked at.
        point: Of what arrived at just that time, too, all points whose ids come before this one;
            `None` is none of them.
        told: Hits that were told already, of what arrived since, in the order of telling.
    """

    since: int
    point: str | None = None
    told: tuple[Key, ...] = ()

    def at(self, since: int, point: str | None = None) -> Position:
        """Return a position further on; hits of times before it need no mention any more."""
        return Position(since, point, tuple(key for key in self.told if key[0] >= since))

    def with_told(self, key: Key) -> Position:
        """Return the position after a hit of the last seconds was told."""
        return replace(self, told=(*self.told, key))


def micros(time: datetime) -> int:
    """Return an aware time in microseconds since 1970."""
    return (time - EPOCH) // MICROSECOND


def time_of(number: int) -> datetime:
    """Return the time of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=number)


def digest_of(text: str) -> bytes:
    """Return a digest of four bytes, of a point's id or an owner's name."""
    return hashlib.blake2b(text.encode(), digest_size=CHECK).digest()


def write_cursor(position: Position, owner: str) -> str:
    """Write a position as text that a later watch of the same owner goes on from."""
    head = HEAD.pack(VERSION, position.since, digest_of(owner), position.point is not None)
    point = b"" if position.point is None else UUID(position.point).bytes
    told = b"".join(HIT.pack(time, digest) for time, digest in position.told)
    body = head + point + told
    return base64.urlsafe_b64encode(body + _checksum(body)).decode().rstrip("=")


def read_cursor(cursor: object, owner: str) -> Position:
    """Read what `write_cursor` wrote.

    Raises:
        FilterError: It is no cursor of a watch, is damaged, or is of another owner.
    """
    try:
        padded = f"{cursor}{'=' * (-len(cursor) % 4)}"  # type: ignore[arg-type]  # if it is text
        content = base64.b64decode(padded, altchars=b"-_", validate=True)
        body, check = content[:-CHECK], content[-CHECK:]
        version, since, whose, has_point = HEAD.unpack_from(body)
        if version != VERSION or check != _checksum(body):
            raise ValueError("damaged")
        time_of(since)
        rest = body[HEAD.size :]
        point = str(UUID(bytes=rest[:POINT])) if has_point else None
        told = [(time, digest) for time, digest in HIT.iter_unpack(rest[POINT * has_point :])]
    except (binascii.Error, ValueError, TypeError, OverflowError, struct.error) as error:
        raise FilterError(
            f"the cursor {show(cursor)}",
            "the cursor of a watch, as it came",
            "pass that of the last hit, or leave it out to begin now",
        ) from error
    if whose != digest_of(owner):
        raise FilterError(
            "the cursor of a watch of another owner",
            f"one of {owner!r}",
            "pass one of this memory, or leave it out to begin now",
        )
    return Position(since, point, tuple(told[:MOST_TOLD]))


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECK, person=b"watch").digest()
