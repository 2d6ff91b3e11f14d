"""Ids of records: derived from the owner, so that no owner can name another's record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sensorium.errors import RecordError, show

NAMESPACE = UUID("8d3a4b52-6a5e-5c1e-9f0b-0d6c4b2f7a11")  # of all ids that are derived here
IN_BYTES = NAMESPACE.bytes
LONGEST_ID = 512  # characters


def point_id(owner: str, name: str) -> str:
    """Return the UUID under which an owner's record of a given id is stored."""
    return _derived(f"id\0{owner}\0{name}")


def content_id(owner: str, digests: Sequence[str], at: str | None) -> str:
    """Return the id of content: the same percepts of the same owner and time have the same.

    Args:
        owner: Owner of the record.
        digests: Digests of the percepts, in any order.
        at: The stated time, if there is one: the same content at another time is another memory.
    """
    return _derived("\0".join(["content", owner, at or "", *sorted(digests)]))


def part_id(record: str, number: int) -> str:
    """Return the id of the point that continues a record, `number` counted from 1."""
    return _derived(f"part\0{record}\0{number}")


def _derived(name: str) -> str:
    """Return what `str(uuid5(NAMESPACE, name))` does, in a third of the time (RFC 9562, 5.5)."""
    made = bytearray(hashlib.sha1(IN_BYTES + name.encode(), usedforsecurity=False).digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    text = made.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def as_uuid(name: str | None) -> str | None:
    """Return a name as a UUID in its usual form; `None` if it is not one."""
    try:
        return str(UUID(name)) if name is not None else None
    except ValueError:
        return None


def owner_key(owner: str) -> str:
    """Name an owner's folder: 32 hex digits."""
    return hashlib.sha256(owner.encode()).hexdigest()[:32]


def check_id(name: object) -> str:
    """Return an id as text.

    Raises:
        RecordError: Neither text nor a UUID, empty, or longer than 512 characters.
    """
    text = str(name) if isinstance(name, UUID) else name
    if not isinstance(text, str) or not text or len(text) > LONGEST_ID or not text.isprintable():
        several = isinstance(name, (list, tuple, set, frozenset))
        raise RecordError(
            f"id={show(name)}",
            f"text of 1 to {LONGEST_ID} printable characters, or a UUID",
            "pass several as forget(*ids) or get_many(ids)"
            if several
            else "pass the id of a record; when remembering, leave it out to have one derived",
        )
    return text
