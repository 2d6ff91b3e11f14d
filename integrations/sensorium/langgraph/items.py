"""Items as moments and records of a memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from langgraph.store.base import Item, PutOp, SearchItem

from sensorium.errors import MediaNotFoundError, PerceptError, RecordError
from sensorium.langgraph.index import Indexed
from sensorium.langgraph.media import put_back, take_out
from sensorium.langgraph.namespaces import MARK, Namespace, item_id, source_of, tags_of
from sensorium.memory import Memory, Moment, Record
from sensorium.percepts import Text
from sensorium.percepts.source import Encoded
from sensorium.qdrant.points import from_iso, iso

DIGEST = 64  # hex digits at the beginning of a kept file's name


@dataclass(frozen=True)
class StoredItem:
    """An item that was read from a record.

    Attributes:
        record: Record of the item.
        namespace: Namespace of the item.
        key: Key of the item.
        value: Value of the item, without the contents of its media.
        taken: `path` and `sha256` of each content that was taken out of the value.
        created_at: Time at which the item was first put.
        ttl: Minutes that the item is kept after its last use; `None` for ever.
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
        """Read an item from its record; return `None` if the record is not an item."""
        fields = record.metadata
        try:
            stored = cls(
                record,
                tuple(fields["namespace"]),
                fields["key"],
                fields["value"],
                fields.get("taken", ()),
                from_iso(fields["created_at"]),
                fields.get("ttl"),
            )
            has_id = record.id == item_id(stored.namespace, stored.key)
        except (KeyError, TypeError, ValueError, AttributeError):  # somebody else's metadata
            return None
        is_item = has_id and MARK in record.tags and isinstance(stored.value, dict)
        return stored if is_item else None

    def completed(self, memory: Memory) -> StoredItem | None:
        """Return the item with its whole value, or the item that replaced it in the meantime.

        Media that were forgotten on purpose (`Memory.forget(media_only=True)`) stay left out.

        Returns:
            The item; `None` if it was deleted in the meantime.
        Raises:
            MediaNotFoundError: A file is missing.
            PerceptError: A file is damaged.
        """
        item = self
        while True:
            try:
                return replace(item, value=item._whole_value(memory), taken=())
            except (MediaNotFoundError, PerceptError):  # perhaps the item was put again
                records = memory.get_many([item.record.id])
                again = StoredItem.of(records[0]) if records else None
                if again is None:
                    return None
                if again.record.at == item.record.at:
                    raise
                item = again

    def _whole_value(self, memory: Memory) -> dict[str, Any]:
        value = self.value
        own = [medium for medium in self.record.media if medium.of is None]
        files = {medium.file[:DIGEST]: medium for medium in own if medium.file}
        for taken in self.taken:
            medium = files.get(taken["sha256"])
            if medium is not None:
                source = memory.open_medium(medium).source
                assert isinstance(source, Encoded)  # as every file
                value = put_back(value, tuple(taken["path"]), source.read())
        return value

    def item(self) -> Item:
        """Return a completed item as the result of `get`."""
        return Item(**self._fields())

    def search_item(self, score: float | None) -> SearchItem:
        """Return a completed item as a result of `search`."""
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
    """Return the moment by which a memory remembers an item.

    Args:
        op: Operation that puts the item.
        value: Value of the item, as JSON.
        indexed: Parts of the value that are embedded.
        created_at: Time at which the item was first put; `None` if it is new.
        now: Time at which the item is put, which orders it among others.
        keep_media: Whether the memory keeps files of media, so that the value need not.
    """
    metadata: dict[str, Any] = {"namespace": list(op.namespace), "key": op.key, "value": value}
    if keep_media:
        metadata["value"], metadata["taken"] = take_out(value, indexed.media)
    metadata["created_at"] = iso(created_at or now)
    if op.ttl is not None:
        metadata["ttl"] = op.ttl
    texts = [Text(text) for text in indexed.texts]
    media = [medium.percept for medium in indexed.media]
    return Moment(
        percepts=[*texts, *media],
        text=None if indexed.embedded else indexed.written or None,
        at=now,
        tags=tags_of(op.namespace),
        source=source_of(op.namespace),
        metadata=metadata,
        expires_at=expiry(op.ttl, now),
        id=item_id(op.namespace, op.key),
        vectors=None if indexed.embedded else {},
        origin="model",  # agents put items there, of whatever they were told
    )


def expiry(ttl: float | None, now: datetime) -> datetime | None:
    """Return the time at which an item expires that is used now.

    Args:
        ttl: Minutes that the item is kept; `None` for ever.
        now: Time of the use.
    Raises:
        RecordError: `ttl` is not a positive number, or ends after the year 9999.
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
        f"ttl={ttl!r}", "a positive number of minutes", "pass None to keep the item for ever"
    )
