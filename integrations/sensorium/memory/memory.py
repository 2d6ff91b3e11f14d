"""An agent's memory across its senses: remember, recall, forget."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict

from typing_extensions import Self, Unpack

from sensorium.encoders import Encoder, load_encoder
from sensorium.errors import (
    MediaNotFoundError,
    QueryError,
    RecordError,
    RecordNotFoundError,
    SensoriumError,
)
from sensorium.memory.calibration import RANKINGS
from sensorium.memory.editing import Editor, Sweep, changes
from sensorium.memory.keeping import reopened
from sensorium.memory.moving import Movable
from sensorium.memory.payloads import record_of
from sensorium.memory.places import CALIBRATION, HOME, STREAMS, Place, open_place
from sensorium.memory.questions import (
    Query,
    asked_of,
    checked_modalities,
    conditions,
    resembling,
)
from sensorium.memory.recalling import Recaller, Wish
from sensorium.memory.records import Hit, Medium, Moment, Record, Remembered, Report
from sensorium.memory.sampling import Calibrator
from sensorium.memory.streams import Stream, StreamOptions, open_stream
from sensorium.memory.writing import BATCH, Progress, Writer
from sensorium.percepts import Percept, Text
from sensorium.qdrant import (
    Backend,
    CollectionSchema,
    Condition,
    Equal,
    Every,
    Filter,
    Ids,
    Not,
    Range,
)
from sensorium.qdrant.filters import check_owner
from sensorium.qdrant.points import from_iso

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

LIMIT = 10
MOST = 10_000  # hits or records of one call


class Filters(TypedDict, total=False):
    """What restricts a call to some records; all that is given must hold.

    Attributes:
        since: Memories that go on at this time, or begin later (aware).
        until: Memories that begin before this time.
        tags: Every one of these.
        source: Exactly this one.
        where: Of the metadata: `{"room": "kitchen", "floor": [1, 2]}`, or any condition of
            `sensorium.qdrant`.
        having: At least one of these modalities.
        words: All of these words in the record's text.
    """

    since: datetime | None
    until: datetime | None
    tags: Collection[str] | None
    source: str | None
    where: Condition | Mapping[str, Any] | None
    having: Collection[str] | None
    words: str | None


@dataclass(frozen=True)
class Timeline:
    """A page of records in order of time.

    Attributes:
        records: Of this page.
        cursor: Pass it to `timeline` for the next page; `None` after the last.
    """

    records: Sequence[Record]
    cursor: str | None

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


class Memory(Movable):
    """What one owner perceived, kept in a vector store. May be used from several threads.

    Use it as a context manager, or close it.
    """

    def __init__(self, place: Place, encoder: Encoder, *, owner: str, keep_media: bool) -> None:
        """Use `Memory.open`."""
        self.owner = owner
        self._keep_media = keep_media
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._settle(place, encoder)

    def _settle(self, place: Place, encoder: Encoder) -> None:
        owner = self.owner
        self.encoder = encoder
        self._place = place
        self._backend = place.backend
        self._writer = Writer(self._backend, encoder, place.media, owner=owner)
        self._editor = Editor(self._backend, place.media, self._writer, owner=owner)
        self._recaller = Recaller(self._backend, owner=owner)
        self._calibrator = Calibrator(
            self._backend,
            owner=owner,
            background=encoder.background,
            file=place.file(CALIBRATION, owner, ".npz"),
        )

    @classmethod
    def open(
        cls,
        place: str | Path | QdrantClient = HOME,
        *,
        owner: str,
        encoder: str | Encoder = "sensorium-mini",
        keep_media: bool = True,
        media: str | Path | None = None,
        media_quota: int | None = None,
        collection: str = "sensorium",
        api_key: str | None = None,
        prefer_grpc: bool = False,
        schema: CollectionSchema | None = None,
    ) -> Self:
        """Open a memory, or begin one.

        Args:
            place: A folder (Qdrant Edge, in this process), the URL of a Qdrant server,
                `":memory:"` or any `QdrantClient`.
            owner: Whose memories: nobody else's are read, counted, changed or removed.
            encoder: Its name, or an encoder; that of the memory if there is one.
            keep_media: Keep the signals themselves, not only their vectors.
            media: A folder or fsspec URL for them; by default beside the memory. A server has no
                such place: without `media` the signals are not kept there.
            media_quota: Bytes of media this owner may keep.
            collection: Its name on a server.
            api_key: Of a server; by default the environment variable QDRANT_API_KEY.
            prefer_grpc: Speak gRPC to a server.
            schema: How a new collection is laid out; by default all the encoder's modalities.
        Raises:
            OwnerError: No owner.
            SpaceMismatchError: The memory was made by another encoder.
            StoreLockedError: Somebody else has the folder open.
            StoreUnavailableError: The server cannot be reached.
            StoreError: Damaged, or of another version.
            UnknownEncoderError: No encoder of that name.
        """
        check_owner(owner)
        opened = load_encoder(encoder) if isinstance(encoder, str) else encoder
        if schema is None:
            schema = CollectionSchema.for_space(opened.space, modalities=opened.modalities)
        where = open_place(
            place,
            schema,
            owner=owner,
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            media=media,
            keep_media=keep_media,
            media_quota=media_quota,
        )
        return cls(where, opened, owner=owner, keep_media=keep_media)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Memory({self._backend!r}, owner={self.owner!r})"

    @property
    def backend(self) -> Backend:
        """The store, for what this class does not offer."""
        return self._backend

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
        Raises:
            RecordError: Nothing to remember, or a field of the wrong kind.
            EncodingError: A percept cannot be encoded; nothing is kept then.
            MediaQuotaError: The media store is full.
            StoreError: The store cannot take it.
        """
        if ttl is not None:
            expires_at = _expiry(ttl, expires_at)
        moment = Moment(
            percepts=percepts,
            text=text,
            at=at,
            tags=tags,
            source=source,
            metadata=metadata,
            expires_at=expires_at,
            id=id,
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
        _check_share("min_confidence", min_confidence)
        _check_share("diversity", diversity)
        if ranking not in RANKINGS:
            raise QueryError(f"ranking={ranking!r}", f"one of {', '.join(RANKINGS)}", "pass one")
        if half_life is not None and not _is_age(half_life):
            raise QueryError(f"half_life={half_life}", "a positive timedelta", "leave it out")
        if weights is not None and query is None:
            raise QueryError("weights without a query", "parts to weigh", "leave them out")
        if keywords is not None and not (isinstance(keywords, str) and keywords.strip()):
            raise QueryError(f"keywords={keywords!r}", "words", "leave it out")
        condition = conditions(**filters)
        senses = checked_modalities(modalities, self.encoder)
        if like is not None:
            point = self._editor.find(like, vectors=True)
            asked = resembling(point)
            itself = Ids((point.id,)) | Equal("part_of", point.id)
            condition = Every((*([condition] if condition else []), Not(itself)))
        else:
            asked = asked_of(query, self.encoder, weights) if query is not None else []
        wish = Wish(
            limit=_checked_limit(limit),
            modalities=senses,
            condition=condition,
            ranking=ranking,
            keywords=keywords,
            min_confidence=min_confidence,
            half_life=half_life,
            diversity=diversity,
        )
        return self._recaller.recall(asked, wish, self._calibrator.current())

    def get(self, id: str) -> Record:
        """Return a record.

        Raises:
            RecordNotFoundError: This owner has none of that id, or it has expired.
        """
        return record_of(self._editor.find(id))

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
            limit=_checked_limit(limit),
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
        Returns:
            The record as it is now.
        Raises:
            RecordNotFoundError: There is no such record.
            RecordError: A field of the wrong kind.
            EncodingError: A percept cannot be encoded; nothing is changed then.
        """
        payload, clear = changes(tags=tags, metadata=metadata, source=source, expires_at=expires_at)
        if percepts or text is not None:
            keep = self._keep_media if keep_media is None else keep_media
            self._editor.add(id, percepts, text=text, keep_media=keep)
            self._calibrator.forgot()
        self._editor.change(id, payload, clear)
        return self.get(id)

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
        if older_than is not None and not _is_age(older_than):
            raise QueryError(f"older_than={older_than!r}", "a positive timedelta", "leave it out")
        if older_than is not None:
            every.append(Range("at", lt=datetime.now(timezone.utc) - older_than))
        if ids:
            every.append(Ids(tuple(self._existing(ids))))
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

    def _existing(self, ids: Sequence[str]) -> Iterator[str]:
        for name in ids:
            try:
                yield self._editor.find(name).id
            except RecordNotFoundError:
                continue

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

    def stats(self) -> dict[str, Any]:
        """Describe the memory, JSON-ready: records by modality, times, media, the store."""
        mine = Filter(self.owner)
        ends = [
            self._backend.scroll(mine, limit=1, newest_first=newest, payload=["at"]).points
            for newest in (False, True)
        ]
        first, last = (from_iso(p[0].payload["at"]).isoformat() if p else None for p in ends)
        media = self._place.media
        return {
            "owner": self.owner,
            "records": self.count(),
            "modalities": self._backend.facet("modalities", mine, limit=100),
            "tags": self._backend.facet("tags", mine, limit=20),
            "first": first,
            "last": last,
            "media_bytes": media.bytes_used() if media else None,
            "encoder": self.encoder.space.id,
            "store": self._backend.stats(),
        }

    def percepts(self, record: Record | Hit) -> list[Percept]:
        """Open the signals of a record again: its text, and each medium that was kept.

        Raises:
            MediaNotFoundError: Nothing of it was kept, or not any more.
        """
        record = record.record if isinstance(record, Hit) else record
        texts: list[Percept] = [Text(record.text, at=record.at)] if record.text else []
        kept = [self.open_medium(medium) for medium in record.media if medium.file]
        if not texts and not kept:
            raise MediaNotFoundError(
                f"the record {record.id}, of which no signal was kept",
                "a record remembered with keep_media",
                "remember it again with keep_media=True",
            )
        return [*texts, *kept]

    def open_medium(self, medium: Medium) -> Percept:
        """Open one kept percept of a record of this owner.

        Raises:
            MediaNotFoundError: It was not kept, or is not kept any more.
        """
        if medium.file is None or self._place.media is None:
            raise MediaNotFoundError(
                f"a {medium.modality} that was not kept", "one with a file", "see Medium.file"
            )
        path = self._place.media.path(medium.file)
        content = path if path is not None else self._place.media.read(medium.file)
        at = from_iso(medium.at) if medium.at else None
        return reopened(
            content, modality=medium.modality, units=medium.units, at=at, uri=medium.uri
        )

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

    def _moved(self) -> None:
        self._calibrator.forgot()

    def flush(self) -> None:
        """Make all that was remembered safe against loss of power; see also docs/memory.md."""
        if self._place.media is not None:
            self._place.media.flush()
        self._backend.flush()

    def compact(self) -> bool:
        """Index what is not indexed yet, for faster recalls; say whether there was anything.

        May take a minute for 50,000 memories. Other threads can work meanwhile, but wait when they
        use this memory.
        """
        return self._backend.compact()

    def close(self) -> None:
        """Close what streams are open, flush and release the store; again, nothing happens.

        Raises:
            StreamError: The last windows of a stream could not be remembered.
        """
        try:
            for stream in list(self._streams):
                stream.close()
        finally:
            self._place.close()


def _expiry(ttl: timedelta, expires_at: datetime | None) -> datetime:
    if expires_at is not None or not isinstance(ttl, timedelta):
        raise RecordError(
            f"ttl={ttl!r}" + (" and expires_at" if expires_at else ""),
            "a timedelta, or a time: one of them",
            "write ttl=timedelta(days=30)",
        )
    return datetime.now(timezone.utc) + ttl


def _is_age(age: object) -> bool:
    return isinstance(age, timedelta) and age > timedelta(0)


def _checked_limit(limit: object) -> int:
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
        raise QueryError(f"limit={limit!r}", f"1 to {MOST}", "ask page by page: timeline()")
    return limit


def _check_share(name: str, share: object) -> None:
    numeric = isinstance(share, (int, float)) and not isinstance(share, bool)
    if share is not None and not (numeric and 0 <= share <= 1):  # type: ignore[operator]  # numeric
        raise QueryError(f"{name}={share!r}", "a number from 0 to 1", "leave it out")
