"""An agent's memory across its senses: remember, recall, forget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from numpy.typing import ArrayLike
from typing_extensions import Unpack

from sensorium.errors import QueryError, SensoriumError
from sensorium.memory.calibrating.calibration import Asked
from sensorium.memory.filters import Filters, Wish, check_limit, older
from sensorium.memory.layout.payload import record_of
from sensorium.memory.movable import MovableMemory
from sensorium.memory.place import STREAMS
from sensorium.memory.recalling.query import (
    Query,
    asked_of,
    checked_modalities,
    conditions,
    resembling,
)
from sensorium.memory.records import (
    Hit,
    Moment,
    Progress,
    Record,
    Remembered,
    Report,
    Sweep,
    Timeline,
)
from sensorium.memory.streams import Stream, StreamOptions, open_stream
from sensorium.memory.writing.draft import expiry
from sensorium.memory.writing.editor import changes
from sensorium.memory.writing.writer import BATCH
from sensorium.percepts import Percept
from sensorium.qdrant import Every, Filter, Ids

LIMIT = 10
TALLIED = ("tags", "source", "modalities")


class Memory(MovableMemory):
    """What one owner perceived, kept in a vector store. May be used from several threads.

    Use it as a context manager, or close it.
    """

    def remember(
        self,
        *percepts: Percept,
        text: str | None = None,
        at: datetime | None = None,
        tags: Sequence[str] = (),
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        ttl: timedelta | None = None,
        id: str | None = None,
        keep_media: bool | None = None,
        vectors: Mapping[str, ArrayLike] | None = None,
    ) -> Remembered:
        """Keep percepts that belong together as one record.

        The same content of the same stated time is one record: remembering it again changes
        nothing, and says so. A record of a given id is replaced.

        Args:
            percepts: Of any modalities.
            text: Words that belong to them: embedded, and searchable by keyword.
            at: When it was; by default the earliest `at` of the percepts, else now.
            tags: To filter by.
            source: Where it came from.
            metadata: JSON-ready; kept exactly, filterable.
            expires_at: From when on it is not recalled.
            ttl: The same, counted from now.
            id: Any text that names the record among this owner's.
            keep_media: Keep the signals themselves; by default as the memory was opened.
            vectors: By modality, made already: nothing is encoded then; see `Moment`.
        Raises:
            RecordError: Nothing to remember, or a field of the wrong kind.
            EncodingError: A percept cannot be encoded, or a wrong vector; nothing is kept then.
            MediaQuotaError: The media store is full.
            StoreError: The store cannot take it.
        """
        if ttl is not None:
            expires_at = expiry(ttl, expires_at)
        moment = Moment(
            percepts=percepts,
            text=text,
            at=at,
            tags=tags,
            source=source,
            metadata=metadata,
            expires_at=expires_at,
            id=id,
            vectors=vectors,
        )
        keep = self._keep_media if keep_media is None else keep_media
        [result] = self._writer.write([moment], keep_media=keep)
        if isinstance(result, SensoriumError):
            raise result
        if result.new:
            self._calibrator.wrote(1)
        return result

    def remember_many(
        self,
        moments: Iterable[Moment | Percept],
        *,
        batch_size: int = BATCH,
        progress: Progress | None = None,
        keep_media: bool | None = None,
    ) -> Report:
        """Keep a stream of moments: what fails is reported, what is there already is skipped.

        Only `batch_size` of them are held at a time. After an interruption, give the same stream
        again: it goes on where it ended.

        Args:
            moments: Or percepts, each of which becomes a record of its own.
            batch_size: Encoded and written together.
            progress: Called after each batch with how many are done, and of how many if known.
            keep_media: Keep the signals themselves; by default as the memory was opened.
        Raises:
            StoreError: The store as a whole failed.
        """
        keep = self._keep_media if keep_media is None else keep_media
        total = len(moments) if isinstance(moments, Sequence) else None
        wrapped = (Moment((one,)) if isinstance(one, Percept) else one for one in moments)
        report = self._writer.write_many(
            wrapped, keep_media=keep, batch_size=batch_size, progress=progress, total=total
        )
        self._calibrator.wrote(report.new)
        return report

    def recall(
        self,
        query: Query | None = None,
        *,
        like: str | None = None,
        limit: int = LIMIT,
        modalities: Collection[str] | None = None,
        weights: Sequence[float] | None = None,
        keywords: str | None = None,
        min_confidence: float | None = None,
        half_life: timedelta | None = None,
        diversity: float | None = None,
        ranking: str = "centred",
        **filters: Unpack[Filters],
    ) -> list[Hit]:
        """Find the memories that answer a question best, whichever sense they came by.

        Args:
            query: Words, a percept, a vector, or several of these, which are added up.
            like: Instead: what resembles the record of this id.
            limit: Hits at most.
            modalities: Senses to search; by default all.
            weights: One for each part of the query; negative ones subtract.
            keywords: Words to look for in the records' text besides, or alone.
            min_confidence: From 0 to 1: leave out what may well be coincidence, even everything.
            half_life: Age at which a memory counts half.
            diversity: From 0 (by score alone) to 1 (as different as possible from each other).
            ranking: `"centred"`, or `"z"`, `"raw"`, `"rrf"`, `"dbsf"`: see docs/calibration.md.
            filters: See `Filters`.
        Returns:
            Best first.
        Raises:
            QueryError: Nothing asked, or arguments that contradict each other.
            EncodingError: A percept of the query cannot be encoded.
            RecordNotFoundError: No record of the id `like`.
        """
        if query is None and like is None and keywords is None:
            raise QueryError(
                "a recall without a question", "query, like or keywords", "use timeline() to list"
            )
        if query is not None and like is not None:
            raise QueryError("both query and like", "one of them", "call recall twice")
        if weights is not None and query is None:
            raise QueryError("weights without a query", "parts to weigh", "leave them out")
        wish = Wish(
            limit=limit,
            modalities=checked_modalities(modalities, self.encoder),
            condition=conditions(**filters),
            ranking=ranking,
            keywords=keywords,
            min_confidence=min_confidence,
            half_life=half_life,
            diversity=diversity,
        )
        asked: list[Asked] = []
        if like is not None:
            point, rows = self._editor.find_whole(like)
            asked = resembling(rows)
            wish = wish.but_not(point)
        elif query is not None:
            asked = asked_of(query, self.encoder, weights)
        return self._recaller.recall(asked, wish, self._calibrator.current())

    def get(self, id: str) -> Record:
        """Return a record.

        Raises:
            RecordNotFoundError: This owner has none of that id, or it has expired.
        """
        return record_of(self._editor.find(id))

    def get_many(self, ids: Iterable[str]) -> list[Record]:
        """Return records in the order of their ids; those that are not there are left out.

        Raises:
            RecordError: An id that is none.
        """
        return [record_of(point) for point in self._editor.find_all(ids).values()]

    def timeline(
        self,
        *,
        limit: int = 50,
        newest_first: bool = True,
        cursor: str | None = None,
        **filters: Unpack[Filters],
    ) -> Timeline:
        """List records in order of time, a page at a time.

        Args:
            limit: Records of a page.
            newest_first: Or oldest first.
            cursor: Of the page before.
            filters: See `Filters`.
        """
        now = datetime.now(timezone.utc)
        page = self._backend.scroll(
            Filter(self.owner, conditions(**filters), alive_at=now),
            limit=check_limit(limit),
            newest_first=newest_first,
            cursor=cursor,
        )
        return Timeline([record_of(point) for point in page.points], page.cursor)

    def update(
        self,
        id: str,
        *percepts: Percept,
        text: str | None = None,
        tags: Sequence[str] | None = None,
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        keep_media: bool | None = None,
        vectors: Mapping[str, ArrayLike | None] | None = None,
        retain: Collection[str] | None = None,
    ) -> Record:
        """Change a record, or add percepts to it; what is not given stays as it is.

        Args:
            id: Of the record.
            percepts: Join those it has.
            text: Takes the place of all of its words.
            tags: Take the place of its tags; an empty list removes them.
            source: Where it came from.
            metadata: Takes the place of its metadata.
            expires_at: From when on it is not recalled.
            keep_media: Keep the signals themselves; by default as the memory was opened.
            vectors: Rows that were made already, in the place of those of their modalities, or
                `None` to remove those; then percepts and text take the place of those of theirs,
                and nothing is encoded.
            retain: With `vectors`: digests of its percepts, of any sense, that stay; others go.
        Returns:
            The record as it is now.
        Raises:
            RecordNotFoundError: There is no such record.
            RecordError: A field of the wrong kind.
            EncodingError: A percept cannot be encoded, or a wrong vector; nothing is changed then.
        """
        payload, clear = changes(tags=tags, metadata=metadata, source=source, expires_at=expires_at)
        keep = self._keep_media if keep_media is None else keep_media
        record = self._editor.update(
            id,
            percepts,
            text=text,
            payload=payload,
            clear=clear,
            keep_media=keep,
            vectors=vectors,
            retain=retain,
        )
        if percepts or text is not None or vectors is not None:
            self._calibrator.forgot()
        return record

    def forget(
        self,
        *ids: str,
        older_than: timedelta | None = None,
        everything: bool = False,
        media_only: bool = False,
        **filters: Unpack[Filters],
    ) -> int:
        """Remove records, or only their media.

        Args:
            ids: Of records; those that are not there are passed over.
            older_than: Those whose `at` is longer ago.
            everything: Needed to remove all of this owner's records.
            media_only: Remove the signals and keep the vectors.
            filters: See `Filters`; all conditions must hold.
        Returns:
            How many records were removed, or changed.
        Raises:
            QueryError: No id and no condition, without `everything`.
        """
        found = conditions(**filters)
        every = [found] if found else []
        if older_than is not None:
            every.append(older(older_than))
        if ids:
            there = self._editor.find_all(ids, expired=True)
            every.append(Ids(tuple(point.id for point in there.values())))
        if not every and not everything:
            raise QueryError(
                "forget() without an id or a condition",
                "what to forget",
                "pass ids or filters, or everything=True",
            )
        condition = Every(tuple(every)) if every else None
        if media_only:
            return self._editor.forget_media(condition)
        count = self._editor.forget(condition)
        if count:
            self._calibrator.forgot()
        return count

    def sweep(self) -> Sweep:
        """Remove records that have expired, and media that no record names."""
        swept = self._editor.sweep()
        if swept.records:
            self._calibrator.forgot()
        return swept

    def count(self, **filters: Unpack[Filters]) -> int:
        """Count records."""
        now = datetime.now(timezone.utc)
        return self._backend.count(Filter(self.owner, conditions(**filters), alive_at=now))

    def tally(self, field: str, *, limit: int = 100, **filters: Unpack[Filters]) -> dict[str, int]:
        """Count records by their tags, sources or modalities, the most frequent first.

        Args:
            field: `"tags"`, `"source"` or `"modalities"`.
            limit: Values at most.
            filters: See `Filters`.
        Raises:
            QueryError: Another field, or a limit that is none.
        """
        if field not in TALLIED:
            raise QueryError(f"field={field!r}"[:200], f"one of {', '.join(TALLIED)}", "pass one")
        now = datetime.now(timezone.utc)
        mine = Filter(self.owner, conditions(**filters), alive_at=now)
        return self._backend.facet(field, mine, limit=check_limit(limit))

    def stream(self, modality: str, **options: Unpack[StreamOptions]) -> Stream:
        """Open a stream of live samples or frames, whose windows are remembered as they fill.

        Args:
            modality: `"imu"`, `"audio"`, `"image"`, `"depth"` or `"thermal"`.
            options: See `StreamOptions` and docs/streams.md.
        Raises:
            UnsupportedModalityError: Another modality.
            UnitError: A unit or the rate is missing.
        """
        state = self._place.file(STREAMS, self.owner, "")
        if state is not None:
            state.mkdir(exist_ok=True)
        stream = open_stream(modality, sink=self._take, state_dir=state, **options)
        self._streams.add(stream)
        return stream

    def _take(self, moments: Sequence[Moment]) -> None:
        """Remember a stream's windows.

        Raises:
            SensoriumError: The first that failed; the others are remembered.
        """
        report = self.remember_many(moments)
        if report.failures:
            raise report.failures[0].error
