"""Changing and removing what is kept, without losing what was not meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from numpy.typing import ArrayLike

from sensorium.errors import QueryError, RecordError
from sensorium.memory.checks import (
    check_metadata,
    check_percepts,
    check_tags,
    check_time,
    check_words,
)
from sensorium.memory.filters import older
from sensorium.memory.layout.parts import (
    CONTINUING,
    drop_parts,
    pages,
    rows_of,
    spread_over_points,
    stacked,
    without_orphans,
)
from sensorium.memory.layout.payload import (
    TEXT,
    end_of,
    media_and_rows,
    media_in,
    media_payload,
    record_of,
)
from sensorium.memory.lookup import find_record, find_records
from sensorium.memory.records import Medium, Record, Sweep
from sensorium.memory.shelf import Shelf
from sensorium.memory.writing.writer import Writer
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Condition, Either, Equal, Every, Filter, Ids, OneOf, Range
from sensorium.qdrant.points import Payload, StoredPoint, Vectors, from_iso, iso

PAGE = 256  # records looked at in one go


class Editor:
    """Changes and removes the records of one owner by id or by condition."""

    def __init__(self, shelf: Shelf, writer: Writer) -> None:
        """Work on the records that a writer adds."""
        self._shelf = shelf
        self._owner = shelf.owner
        self._writer = writer

    def update(
        self,
        name: str,
        percepts: Sequence[Percept] = (),
        *,
        text: str | None = None,
        payload: Payload,
        clear: Sequence[str],
        keep_media: bool | None,
        vectors: Mapping[str, ArrayLike | None] | None = None,
        retain: Collection[str] | None = None,
    ) -> Record:
        """Change a record in one write: all of what is asked for, or nothing.

        Args:
            name: Its id.
            percepts: That join it; its other vectors stay.
            text: Takes the place of its words.
            payload: Keys to write.
            clear: Keys to remove.
            keep_media: Keep the percepts' files.
            vectors: Take the place of the rows of their senses, which go where they are `None`, and
                percepts and text that of the percepts of theirs; nothing is encoded.
            retain: Then digests of the percepts, of any sense, that are to stay.
        Returns:
            The record as it is then.
        Raises:
            RecordNotFoundError: There is no such record.
            RecordError: Something that is not a percept, or blank text.
            EncodingError: A percept cannot be encoded.
        """
        check_percepts(percepts)
        if retain is not None and vectors is None:
            raise RecordError("retain without vectors", "both", "pass vectors={} if all rows stay")
        if text is not None:
            percepts = [Text(check_words(text)), *percepts]
        with self._shelf.lock:  # what is forgotten meanwhile must not come back
            main = find_record(
                self._shelf.backend,
                self._owner,
                name,
                vectors=bool(percepts) or vectors is not None,
            )
            unchanged = {key: value for key, value in main.payload.items() if key not in clear}
            changed = replace(main, payload=unchanged | payload)
            if vectors is not None:
                there, gone = _parted(vectors)
                rows = self._writer.given(there)
                changed = self._replaced(
                    changed, percepts, rows, gone, retain=retain, keep_media=keep_media
                )
            elif percepts:
                changed = self._joined(
                    changed, percepts, anew=text is not None, keep_media=keep_media
                )
            elif payload or clear:
                whole = Either((Ids((main.id,)), Equal("part_of", main.id)))
                meant = Filter(self._owner, whole, parts=True)
                self._shelf.backend.set_payload(meant, payload, clear=clear)
            return record_of(changed)

    def _joined(
        self, main: StoredPoint, percepts: Sequence[Percept], *, anew: bool, keep_media: bool | None
    ) -> StoredPoint:
        """Add percepts to a record, which loses its other words if the text is `anew`."""
        rows = rows_of(self._shelf.backend, self._owner, main)
        before = "" if anew else str(main.payload["page_content"])
        media = _whole(main.payload, rows)
        if anew:
            rows.pop(TEXT, None)
            media = [medium for medium in media if medium.modality != TEXT]
        added, encodings, kept = self._writer.prepared(percepts, keep_media=keep_media)
        more, joining = media_and_rows(percepts, added, encodings, kept, before=before)
        for modality, found in joining.items():
            had = [rows[modality]] if modality in rows else []
            rows[modality] = stacked([*had, found])
        counts = _rows_before(media)
        media += [replace(one, row=one.row + counts.get(one.modality, 0)) for one in more]
        return self._rewritten(main, media, rows, _lines(percepts, after=before))

    def _replaced(
        self,
        main: StoredPoint,
        percepts: Sequence[Percept],
        vectors: Mapping[str, Vectors],
        gone: Collection[str],
        *,
        retain: Collection[str] | None,
        keep_media: bool | None,
    ) -> StoredPoint:
        """Put given rows, and percepts, in the place of those of their senses; some rows go.

        Where it is said which percepts stay, those given join them: before them, if they have rows.
        """
        rows = {**rows_of(self._shelf.backend, self._owner, main), **vectors}
        rows = {name: found for name, found in rows.items() if name not in gone}
        before = _whole(main.payload, rows)
        senses = {percept.modality for percept in percepts}
        added, encodings, kept = self._writer.prepared(percepts, keep_media=keep_media, vectors={})
        more, _ = media_and_rows(percepts, added, encodings, kept)
        stay = _staying(before, more, retain)
        leading = [one for one in more if one.modality in vectors]
        media = [*leading, *stay, *(one for one in more if one not in leading)]
        media = _assigned(media, rows, {*senses, *vectors, *gone})
        said = any(one.modality == TEXT for one in stay)
        text = str(main.payload["page_content"]) if said else _lines(percepts)
        changed = self._rewritten(main, media, rows, text)
        self._drop_files([main])
        return changed

    def _rewritten(
        self, main: StoredPoint, media: Sequence[Medium], rows: Mapping[str, Vectors], text: str
    ) -> StoredPoint:
        payload = {key: v for key, v in main.payload.items() if key not in ("media", "hashes")}
        if "id" not in payload:
            payload.setdefault("origin", payload["digest"])  # from which its id follows
        payload["digest"] = [medium.digest for medium in media]
        payload |= {key: value for key, value in media_payload(media).items() if value}
        payload["page_content"] = text
        end = end_of(media, from_iso(payload["at"]))
        if iso(end) > payload.get("until", payload["at"]):
            payload["until"] = iso(end)
        points = spread_over_points(main.id, payload, rows)
        self._shelf.backend.upsert(points)
        drop_parts(self._shelf.backend, {main.id: len(points) - 1}, owner=self._owner)
        return StoredPoint(main.id, points[0].payload)

    def condition(
        self,
        ids: Sequence[str],
        condition: Condition | None,
        older_than: timedelta | None,
        *,
        everything: bool,
    ) -> Condition | None:
        """Return the condition for the records that a call of `forget` means; `None` means all.

        Raises:
            QueryError: No id and no condition without `everything`, or a wrong age.
            RecordError: One of `ids` cannot be an id.
        """
        required = [condition] if condition is not None else []
        if older_than is not None:
            required.append(older(older_than))
        if ids:
            found = find_records(self._shelf.backend, self._owner, ids, expired=True)
            required.append(Ids(tuple(point.id for point in found.values())))
        if not required and not everything:
            raise QueryError(
                "forget() without an id or a condition",
                "what to forget",
                "pass ids or filters, or everything=True",
            )
        return Every(tuple(required)) if required else None

    def forget(self, condition: Condition | None) -> int:
        """Remove the records a condition means, with their files; return how many.

        Each round removes the first page, so that a call that is cut short can be made again.
        """
        removed = 0
        meant = Filter(self._owner, condition)
        with self._shelf.lock:
            while points := self._shelf.backend.scroll(
                meant, limit=PAGE, payload=["hashes"]
            ).points:
                ids = tuple(point.id for point in points)
                whole = Either((Ids(ids), OneOf("part_of", ids)))
                self._shelf.backend.delete(Filter(self._owner, whole, parts=True))
                removed += len(ids)
                self._drop_files(points)
            if condition is None:  # what continued no record, too
                self._shelf.backend.delete(Filter(self._owner, parts=True))
        return removed

    def forget_media(self, condition: Condition | None) -> int:
        """Remove the files of the records a condition means; their vectors stay."""
        changed = 0
        meant = Filter(self._owner, condition)
        with self._shelf.lock:
            for page in pages(self._shelf.backend, meant, limit=PAGE, payload=["hashes", "media"]):
                kept = [point for point in page if point.payload.get("hashes")]
                for point in kept:
                    bare = [
                        replace(one, file=None, mime=None, bytes=0, units={})
                        for one in media_in(point.payload)
                    ]
                    own = Filter(self._owner, Ids((point.id,)))
                    media = media_payload(bare)["media"]
                    self._shelf.backend.set_payload(own, {"media": media}, clear=["hashes"])
                self._drop_files(kept)
                changed += len(kept)
        return changed

    def _drop_files(self, points: Sequence[StoredPoint]) -> None:
        self._writer.drop_files(name for p in points for name in p.payload.get("hashes", ()))

    def sweep(self) -> Sweep:
        """Remove what has expired, and what interrupted calls have left: points and media."""
        records = self.forget(Range("expires_at", lte=datetime.now(timezone.utc)))
        with self._shelf.lock:
            self._drop_stray_parts()
        media = self._shelf.media
        if media is None:
            return Sweep(0, 0, records)
        everything = Filter(self._owner, parts=True)
        named = {
            name
            for page in pages(self._shelf.backend, everything, limit=PAGE, payload=["hashes"])
            for point in page
            for name in point.payload.get("hashes", ())
        }
        return replace(media.sweep(named), records=records)

    def _drop_stray_parts(self) -> None:
        """Remove points that continue a record which is gone, or is shorter now."""
        meant = Filter(self._owner, CONTINUING, parts=True)
        for page in pages(self._shelf.backend, meant, limit=PAGE, payload=["part_of", "part"]):
            rightful = {
                point.id for point in without_orphans(self._shelf.backend, page, owner=self._owner)
            }
            stray = tuple(point.id for point in page if point.id not in rightful)
            if stray:
                self._shelf.backend.delete(Filter(self._owner, Ids(stray), parts=True))


def changes(
    *,
    tags: Sequence[str] | None,
    metadata: Mapping[str, Any] | None,
    source: str | None,
    expires_at: datetime | None,
) -> tuple[Payload, list[str]]:
    """Return the payload keys to write and those to remove; what is `None` stays as it is.

    Raises:
        RecordError: A field of the wrong kind.
    """
    payload: Payload = {}
    if tags is not None:
        payload["tags"] = list(check_tags(tags))
    if metadata is not None:
        payload |= {"flags": check_metadata(metadata), "metadata": dict(metadata)}
    if source is not None:
        if not isinstance(source, str):
            raise RecordError(f"source={source!r}", "text", "write where it came from")
        payload["source"] = source
    if expires_at is not None:
        check_time("expires_at", expires_at)
        payload["expires_at"] = iso(expires_at)
    empty = [key for key, value in payload.items() if not value]
    return {key: value for key, value in payload.items() if value}, empty


def _parted(
    vectors: Mapping[str, ArrayLike | None],
) -> tuple[Mapping[str, ArrayLike], Collection[str]]:
    """Tell rows that are given from modalities whose rows are to go."""
    if not isinstance(vectors, Mapping):  # which is refused where rows are checked
        return vectors, ()
    gone = {name for name, rows in vectors.items() if rows is None}
    return {name: rows for name, rows in vectors.items() if rows is not None}, gone


def _whole(payload: Payload, rows: Mapping[str, Vectors]) -> list[Medium]:
    """List all percepts of a record: also its one text, if the payload says nothing more of it."""
    media, text = media_in(payload), str(payload["page_content"])
    if media or not text:
        return media
    return [
        Medium(TEXT, payload["digest"][0], rows=len(rows.get(TEXT, ())), spans=[[0, len(text)]])
    ]


def _staying(
    before: Sequence[Medium], more: Sequence[Medium], retain: Collection[str] | None
) -> list[Medium]:
    """Tell which media stay: those of other senses, or those that are to, but for the words."""
    senses = {one.modality for one in more}
    if retain is None:
        return [one for one in before if one.modality not in senses]
    fresh = {one.digest for one in more}
    stay = [one for one in before if one.digest in retain and one.digest not in fresh]
    return [one for one in stay if one.modality != TEXT or TEXT not in senses]


def _lines(percepts: Sequence[Percept], *, after: str = "") -> str:
    texts = [one.text for one in percepts if isinstance(one, Text)]
    return "\n".join([after, *texts] if after else texts)


def _assigned(
    media: Sequence[Medium], rows: Mapping[str, Vectors], senses: Collection[str]
) -> list[Medium]:
    """Say that the rows of some senses, which were given, are those of their first percepts."""
    left = {name: len(found) for name, found in rows.items()}
    return [
        replace(one, row=0, rows=left.pop(one.modality, 0), spans=())
        if one.modality in senses
        else one
        for one in media
    ]


def _rows_before(media: Sequence[Medium]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for medium in media:
        counts[medium.modality] = counts.get(medium.modality, 0) + medium.rows
    return counts
