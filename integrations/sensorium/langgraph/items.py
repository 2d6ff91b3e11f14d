"""Items as records of a memory, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from langgraph.store.base import Item, PutOp, SearchItem

from sensorium.errors import MediaNotFoundError, PerceptError, RecordError
from sensorium.langgraph.indexing import Indexed
from sensorium.langgraph.media import put_back, taken_out
from sensorium.langgraph.namespaces import MARK, Namespace, item_id, source_of, tags_of
from sensorium.memory import Memory, Moment, Record
from sensorium.memory.checks import DEEPEST
from sensorium.percepts import Text
from sensorium.percepts.source import Encoded
from sensorium.qdrant.points import from_iso, iso

DIGEST = 64  # hex digits that the name of a kept file begins with


@dataclass(frozen=True)
class StoredItem:
    """An item as its record says it.

    Attributes:
        record: As it was read.
        namespace: Of the item.
        key: Of the item.
        value: Without the content of its media.
        taken: Of each content that was taken out of the value, its `path` and `sha256`.
        created_at: When it was first put.
        ttl: Minutes it is kept after it was last used; `None` for ever.
    """

    record: Record
    namespace: Namespace
    key: str
    value: dict[str, Any]
    taken: Sequence[Mapping[str, Any]]
    created_at: datetime
    ttl: float | None

    @classmethod
    def of(cls, record: Record) -> StoredItem | None:
        """Read a record; `None` if it is no item, or not any more."""
        said = record.metadata
        try:
            stored = cls(
                record,
                tuple(said["namespace"]),
                said["key"],
                said["value"],
                said.get("taken", ()),
                from_iso(said["created_at"]),
                said.get("ttl"),
            )
            itself = record.id == item_id(stored.namespace, stored.key)
        except (KeyError, TypeError, ValueError, AttributeError):  # somebody else's metadata
            return None
        return stored if itself and MARK in record.tags and isinstance(stored.value, dict) else None

    def completed(self, memory: Memory) -> StoredItem | None:
        """Return the item with its value as it was put, or as it is now if it was put again since.

        What was forgotten of it on purpose (`Memory.forget(media_only=True)`) stays away.

        Returns:
            `None` if it was deleted meanwhile.
        Raises:
            MediaNotFoundError: A file is not there that should be.
            PerceptError: A file is damaged.
        """
        item = self
        while True:
            try:
                return replace(item, value=item._whole_value(memory), taken=())
            except (MediaNotFoundError, PerceptError):  # gone, or another file by now
                records = memory.get_many([item.record.id])
                again = StoredItem.of(records[0]) if records else None
                if again is None:
                    return None
                if again.record.at == item.record.at:
                    raise
                item = again

    def _whole_value(self, memory: Memory) -> dict[str, Any]:
        value = self.value
        files = {medium.file[:DIGEST]: medium for medium in self.record.media if medium.file}
        for taken in self.taken:
            medium = files.get(taken["sha256"])
            if medium is not None:
                source = memory.open_medium(medium).source
                assert isinstance(source, Encoded)  # files are
                value = put_back(value, tuple(taken["path"]), source.read())
        return value

    def item(self) -> Item:
        """Return a completed item as `get` does."""
        return Item(**self._fields())

    def search_item(self, score: float | None) -> SearchItem:
        """Return a completed item as `search` does."""
        return SearchItem(**self._fields(), score=score)

    def _fields(self) -> dict[str, Any]:
        return {
            "namespace": self.namespace,
            "key": self.key,
            "value": self.value,
            "created_at": self.created_at,
            "updated_at": self.record.at,
        }


def moment_of(
    op: PutOp,
    value: Mapping[str, Any],
    indexed: Indexed,
    *,
    created_at: datetime | None,
    now: datetime,
    keep_media: bool,
) -> Moment:
    """Write an item as what a memory remembers.

    Args:
        op: That puts it.
        value: Of it, as JSON.
        indexed: What of the value is embedded.
        created_at: When it was first put, if it is there.
        now: When it is put: its order among others.
        keep_media: Whether the memory keeps the files of media, so that values need not hold them.
    """
    said: dict[str, Any] = {"namespace": list(op.namespace), "key": op.key, "value": value}
    if keep_media:
        said["value"], said["taken"] = taken_out(value, indexed.media)
    said["created_at"] = iso(created_at or now)
    if op.ttl is not None:
        said["ttl"] = op.ttl
    texts = [Text(text) for text in indexed.texts]
    media = [one.percept for one in indexed.media]
    return Moment(
        percepts=[*texts, *media],
        text=None if indexed.embedded else indexed.written or None,
        at=now,
        tags=tags_of(op.namespace),
        source=source_of(op.namespace),
        metadata=said,
        expires_at=expiry(op.ttl, now),
        id=item_id(op.namespace, op.key),
        vectors=None if indexed.embedded else {},
    )


def expiry(ttl: float | None, now: datetime) -> datetime | None:
    """Return when an item expires that is used now, of a time to live in minutes.

    Raises:
        RecordError: Not a positive number, or beyond the year 9999.
    """
    if ttl is None:
        return None
    numeric = isinstance(ttl, (int, float)) and not isinstance(ttl, bool)
    if numeric and math.isfinite(ttl) and ttl > 0:
        try:
            return now + timedelta(minutes=ttl)
        except OverflowError:
            pass
    raise RecordError(
        f"ttl={ttl!r}"[:200], "minutes: a positive number", "pass None to keep the item for ever"
    )


def json_value(value: object, *, depth: int = 1, path: str = "value") -> Any:
    """Copy a value as JSON has it: tuples are lists. What text and which numbers is left to memory.

    Args:
        value: Of an item.
        depth: Of what this is within.
        path: That leads here.
    Raises:
        RecordError: No dictionary, one with what JSON has not, or dictionaries without end.
    """
    if depth == 1 and not isinstance(value, Mapping):
        raise RecordError(f"value={value!r}"[:200], "a dictionary", 'write {"text": "..."}')
    if depth >= DEEPEST and isinstance(value, (Mapping, list, tuple)):
        raise RecordError(
            f"a value nested {depth} deep or more", f"less than {DEEPEST}", "flatten it, or dump it"
        )
    if isinstance(value, Mapping):
        return {
            _plain(key): json_value(inner, depth=depth + 1, path=f'{path}["{key}"]')
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [
            json_value(inner, depth=depth + 1, path=f"{path}[{place}]")
            for place, inner in enumerate(value)
        ]
    if value is None or isinstance(value, (str, int, float)):
        return _plain(value)
    raise RecordError(
        f"{path}, a {type(value).__name__}"[:200],
        "text, numbers, true, false, None, lists and dictionaries",
        "convert it with str(), .isoformat() or .tolist(); write a picture or another medium as a "
        'content block: {"type": "image", "base64": ..., "mime_type": ...}',
    )


def _plain(value: Any) -> Any:
    """Return text or a number of a class of its own, an enumeration's for one, as what it is."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, float) else value
