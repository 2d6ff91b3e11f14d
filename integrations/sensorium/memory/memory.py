"""An agent's memory across its senses: remember, recall, forget."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, overload

from numpy.typing import ArrayLike
from typing_extensions import Self, Unpack

from sensorium.encoders import Encoder, supervised
from sensorium.encoders.source import EncoderSource
from sensorium.encoders.supervision import Cancel
from sensorium.enrich import Enrichers
from sensorium.errors import MediaNotFoundError, SensoriumError, StoreFormatError, StreamError
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.checks import check_field, check_limit, check_several
from sensorium.memory.chronology.counting import (
    FLOOR,
    By,
    Occurrences,
    check_by,
    count_matches,
)
from sensorium.memory.chronology.ends import SURE, end_hit, hit_of_time
from sensorium.memory.chronology.neighbours import (
    Anchor,
    records_after,
    records_around,
    records_before,
)
from sensorium.memory.chronology.sequences import check_within, recall_sequence
from sensorium.memory.chronology.zones import read_zone
from sensorium.memory.closing import Closing
from sensorium.memory.digesting.wish import Keep, Wish
from sensorium.memory.elsewhere import opener_of
from sensorium.memory.episodes.finder import Asked, EpisodeFinder
from sensorium.memory.episodes.grouping import best_of_episodes, check_group
from sensorium.memory.filters import Filters, Forgetting, Purging, conditions, events_among
from sensorium.memory.holding.conflicts import Conflict, find_conflicts
from sensorium.memory.holding.versions import read_history
from sensorium.memory.layout.lookup import find_record, find_records
from sensorium.memory.layout.payload import record_of
from sensorium.memory.lengths import parse_span
from sensorium.memory.media.signals import no_more_shared, open_file, open_medium, open_percepts
from sensorium.memory.media.verifying import verify_media
from sensorium.memory.place import HOME, StorePlace, has_room_beside, open_place, place_of
from sensorium.memory.places import Area
from sensorium.memory.places.naming import named_areas, naming
from sensorium.memory.places.near import near_condition
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.query import Query
from sensorium.memory.recalling.recaller import Recaller
from sensorium.memory.receipts import (
    BackupSummary,
    CopySummary,
    DigestReceipt,
    Enriched,
    ExportSummary,
    ImportSummary,
    PurgeReceipt,
    Reembedded,
    Sweep,
    Verification,
)
from sensorium.memory.recipe import Recipe, Reopening
from sensorium.memory.records import (
    Episode,
    Hit,
    Medium,
    Moment,
    Origin,
    Progress,
    Record,
    Remembered,
    Report,
    Timeline,
    Whereabouts,
)
from sensorium.memory.sharing.shares import Share
from sensorium.memory.shelf import Setup, Shelf
from sensorium.memory.streams import Stream, StreamOptions, open_stream
from sensorium.memory.telemetry import DELETE, SEARCH, STORE, UPDATE, observed
from sensorium.memory.times import limit_by_times
from sensorium.memory.watching.watch import Watch
from sensorium.memory.watching.watches import Watches
from sensorium.memory.writing.draft import each_moment, expiry
from sensorium.memory.writing.editor import Editor, changes
from sensorium.memory.writing.enriching import Enriching
from sensorium.memory.writing.purging import Purger
from sensorium.memory.writing.writer import BATCH, Writer
from sensorium.percepts import Percept
from sensorium.percepts.locations import without_credentials
from sensorium.qdrant import Backend, CollectionSchema, Condition, Filter
from sensorium.qdrant.filters import Shared, check_owner
from sensorium.qdrant.read_only import ReadOnlyBackend

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

LIMIT = 10  # hits of a recall
WITHIN, AROUND = "1 min", "10 min"  # from one step to the next; on both sides of a moment
COMPARED = 1_000  # texts whose neighbours are looked at for conflicts
NAMED_RADIUS = 100.0  # metres that a named place reaches: a house with its garden


class Memory(Closing, Reopening):
    """All that one owner perceived, kept in a vector store. May be used from several threads.

    Use it as a context manager, or close it. It can be pickled for other processes of this machine:
    there it is opened when it is first used, and closed on its own. A copy is the memory itself.
    """

    _parts = frozenset(
        {"_shelf", "_calibrator", "_writer", "_editor", "_recaller", "_episodes", "_streams"}
        | {"_watches"}
    )

    def __init__(
        self,
        place: StorePlace,
        encoder: Encoder,
        *,
        owner: str,
        keep_media: bool,
        enrich: Enrichers = False,
        sound: bool = True,
    ) -> None:
        """Use `Memory.open`."""
        self._shelf = Shelf(
            place, encoder, owner=owner, keep_media=keep_media, enrich=enrich, sound=sound
        )
        self._calibrator = Calibrator(self._shelf)
        self._writer = Writer(self._shelf)
        self._editor = Editor(self._shelf)
        self._recaller = Recaller(self._shelf, self._calibrator)
        self._episodes = EpisodeFinder(self._shelf, self._calibrator.mark)
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._watches = Watches(self._shelf, self._recaller, self._calibrator)

    @classmethod
    def open(
        cls,
        place: str | Path | Sequence[str] | QdrantClient = HOME,
        *,
        owner: str | None = None,
        encoder: str | Encoder = "sensorium-mini",
        keep_media: bool = True,
        enrich: Enrichers = False,
        sound: bool = True,
        media: str | Path | None = None,
        media_quota: int | None = None,
        collection: str = "sensorium",
        api_key: str | None = None,
        token: str | None = None,
        prefer_grpc: bool = False,
        grpc_port: int | Sequence[int] = 6334,
        timeout: float = 30.0,
        schema: CollectionSchema | None = None,
        read_only: bool = False,
        share: bool = True,
    ) -> Self:
        """Open a memory, or begin a new one.

        Args:
            place: A folder (Qdrant Edge, in this process), the URL of a Qdrant server, those of
                several nodes of one cluster, any `QdrantClient`, or `":memory:"`, a temporary store
                that is deleted on close: its vectors are in RAM on Linux if there is room, its
                media on disk. Or the address of a Sensorium server, `"sensorium+https://host"`:
                see docs/server.md.
            owner: Owner of the memories. Other owners' memories are never changed or removed, and
                only those are read or counted that they `share`. Only of a Sensorium server it may
                be left out: the token names it.
            encoder: Name of an encoder, or an encoder; the one that an existing memory was made by.
            keep_media: Keep the signals themselves, not only their vectors.
            enrich: Find the words in what is remembered: `True`, or names such as `["read",
                "listen"]`; see `sensorium.enrich`.
            sound: Remember the sound of a video with it, in the same record.
            media: A folder or fsspec URL for the signals; by default beside the memory. A server
                has no such place: without `media` the signals are not kept there.
            media_quota: Bytes of media this owner may keep; ArgumentTypeError for anything else.
            collection: Name of the collection on a server.
            api_key: Key of a server; by default the environment variable QDRANT_API_KEY.
            token: Token of a Sensorium server; by default the variable SENSORIUM_TOKEN.
            prefer_grpc: Speak gRPC to a server.
            grpc_port: Port of gRPC; one for all nodes of a cluster, or one for each URL.
            timeout: Seconds for which a call of a server is tried, while it does not answer.
            schema: Layout of a new collection; by default all modalities of the encoder.
            read_only: Only read: what would write raises `ReadOnlyError`. A folder is read as it
                is now, from a temporary copy of its vectors; nothing in it is touched.
            share: Let other processes of this user open the same folder meanwhile.
        Raises:
            OwnerError: `owner` is not a name.
            SpaceMismatchError: The memory was made by another encoder.
            StoreLockedError: Another process has the folder open and does not share it, or does not
                respond.
            ReadOnlyError: The folder cannot be written.
            StoreUnavailableError: The server or the media's URL cannot be reached.
            StoreError: The place cannot be one, or its collection is damaged or of another version.
            UnknownEncoderError: `encoder` is neither an encoder nor the name of one.
            MissingExtraError: The package that the encoder or the place needs is not installed.
        """
        place = place_of(place)
        elsewhere = opener_of(place)
        if token is not None and elsewhere is None:
            raise StoreFormatError(
                f"a token with the place {without_credentials(str(place))!r}",
                "the address of a Sensorium server",
                'write "sensorium+https://host", or leave token= out; a Qdrant server has api_key=',
            )
        recipe = Recipe(
            place,
            "" if elsewhere and owner is None else check_owner(owner),
            EncoderSource(encoder),
            schema=schema,
            collection=collection,
            api_key=api_key,
            token=token,
            prefer_grpc=prefer_grpc,
            grpc_port=grpc_port,
            timeout=timeout,
            media=media,
            keep_media=keep_media,
            enrich=enrich,
            sound=sound,
            media_quota=media_quota,
            read_only=read_only,
            share=share,
        )
        return elsewhere(recipe) if elsewhere else cls._opened(recipe)

    @classmethod
    def _opened(cls, recipe: Recipe) -> Self:
        setup = Setup.open(recipe)
        return cls(
            setup.place,
            setup.encoder,
            owner=recipe.owner,
            keep_media=recipe.keep_media,
            enrich=recipe.enrich,
            sound=recipe.sound,
        )

    def _open(self, recipe: Recipe) -> None:
        vars(self).update(vars(self._opened(recipe)))

    def _recipe(self) -> Recipe:
        return self._shelf.place.for_others()

    def for_owner(self, owner: str) -> Self:
        """Open another owner's memories in the same place, which this memory keeps open.

        Args:
            owner: Owner of the other memories.
        Returns:
            A memory to be closed before this one; closing it ends its streams alone.
        Raises:
            OwnerError: `owner` is not a name.
        """
        shelf = self._shelf
        other = type(self)(
            shelf.place.borrowed(check_owner(owner)),
            self.encoder,
            owner=owner,
            keep_media=shelf.keep_media,
            enrich=shelf.enrich,
            sound=shelf.sound,
        )
        other._shelf.opened_enrichers = shelf.opened_enrichers  # each is a model
        return other

    def __repr__(self) -> str:
        if self._unopened is not None:
            return f"Memory({self._unopened.shown!r}, owner={self.owner!r}, not opened yet)"
        return f"Memory({self.backend!r}, owner={self.owner!r})"

    @property
    def owner(self) -> str:
        """Owner of the memories."""
        return self._unopened.owner if self._unopened else self._shelf.owner

    @property
    def encoder(self) -> Encoder:
        """The encoder of the vectors."""
        return self._shelf.encoder

    @property
    def backend(self) -> Backend:
        """The store, for what this class does not offer."""
        return self._shelf.backend

    @property
    def read_only(self) -> bool:
        """Whether it was opened only to be read."""
        return isinstance(self.backend, ReadOnlyBackend)

    @property
    def shared(self) -> tuple[Shared, ...]:
        """What others let this owner read now, for filters of `backend`."""
        return self._shelf.shared()

    @property
    def keeps_media(self) -> bool:
        """Whether the signals themselves are kept, unless a call says otherwise."""
        return self._shelf.media_for(None) is not None

    @observed(STORE)
    def remember(
        self,
        *percepts: Percept,
        text: str | None = None,
        at: datetime | None = None,
        tags: Sequence[str] = (),
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        ttl: str | timedelta | None = None,
        id: str | None = None,
        keep_media: bool | None = None,
        enrich: Enrichers | None = None,
        sound: bool | None = None,
        vectors: Mapping[str, ArrayLike] | None = None,
        dated: datetime | None = None,
        place: Whereabouts | None = None,
        supersedes: str | Sequence[str] | None = None,
        origin: Origin | None = None,
        cancel: Cancel | None = None,
    ) -> Remembered:
        """Keep percepts that belong together as one record.

        The same content of the same stated time is one record: remembering it again changes
        nothing and returns the status `"known"`. A record of a given id is replaced.

        Args:
            percepts: One or several, of any modalities.
            text: Words that belong to them: embedded, and searchable by keyword.
            at: Time of the moment (aware); by default the earliest `at` of the percepts, else
                `dated`, else when the earliest of them was `captured`, else now.
            tags: Names to filter by.
            source: Name of the sensor, file or conversation it came from.
            metadata: JSON values; kept exactly, and filterable.
            expires_at: Time (aware) from which on the record is not recalled any more.
            ttl: The same as a length of time from now: `"30d"`, `"12 h"`, or a timedelta.
            id: Any text that names the record among this owner's.
            keep_media: Keep the signals themselves; by default as the memory was opened.
            enrich: Find the words in the percepts; by default as the memory was opened. What fails
                there is logged, and the record kept without those words.
            sound: Remember the sound of a video with it, beside which no sound was given; by
                default as the memory was opened. A silent track is left out.
            vectors: Vectors by modality that exist already: nothing is encoded then; see `Moment`.
            dated: Time of the moment (aware) where none is stated, such as a file's modification
                time: the same content with another is the same record.
            place: Where it was: `(latitude, longitude)`, a `Place`, or a `Pose` in a frame; by
                default where the percepts were taken, if their files say so.
            supersedes: Id of a record that holds no more, or several: recalls leave them out while
                this one lives, and the timeline lists both.
            origin: Who says so: `"person"`, `"sensor"`, `"file"`, `"tool"`, `"model"` or `"web"`.
            cancel: A `threading.Event`, or another object with `is_set()`, that gives the call up.
        Raises:
            OperationCancelledError: It was given up; nothing is kept.
            RecordError: Nothing to remember, or a field is wrong, as `supersedes` in a circle.
            RecordNotFoundError: There is no record of an id that it supersedes.
            PerceptError: A percept's content cannot be read.
            EncodingError: A percept cannot be encoded, or a vector is wrong; nothing is kept then.
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
            dated=dated,
            place=place,
            supersedes=supersedes,
            origin=origin,
        )
        with supervised(cancel=cancel):
            [result] = self._writer.write(
                [moment], keep_media=keep_media, enrich=enrich, sound=sound
            )
        if isinstance(result, SensoriumError):
            raise result
        self._calibrator.added(int(result.new))
        self._watches.wake()
        return result

    @observed(STORE)
    def remember_many(
        self,
        moments: Iterable[Moment | Percept],
        *,
        batch_size: int = BATCH,
        progress: Progress | None = None,
        keep_media: bool | None = None,
        enrich: Enrichers | None = None,
        sound: bool | None = None,
        cancel: Cancel | None = None,
    ) -> Report:
        """Keep a stream of moments: failures are reported, and what is known already is skipped.

        Only `batch_size` moments are held at a time. After an interruption, give the same stream
        again: it goes on where it ended.

        Args:
            moments: Moments, or percepts, each of which becomes a record of its own.
            batch_size: How many are encoded and written together.
            progress: Called after each batch with how many are done, and of how many if known.
            keep_media: Keep the signals themselves; by default as the memory was opened.
            enrich: Find the words in the percepts; by default as the memory was opened.
            sound: Remember the sounds of videos with them; by default as the memory was opened.
            cancel: Gives the call up; looked at between batches of windows.
        Raises:
            ArgumentTypeError: Something in the stream is neither a moment nor a percept; what came
                before it is kept.
            OperationCancelledError: It was given up; its `done` moments are kept.
            RecordError: `batch_size` is not a whole number from 1.
            StoreError: The store as a whole failed.
        """
        total = len(moments) if isinstance(moments, Sequence) else None
        with supervised(cancel=cancel):
            report = self._writer.write_many(
                each_moment(moments),
                keep_media=keep_media,
                enrich=enrich,
                sound=sound,
                batch_size=batch_size,
                progress=progress,
                total=total,
            )
        self._calibrator.added(report.new)
        self._watches.wake()
        return report

    def enrich(
        self,
        enrich: Enrichers = True,
        *,
        again: bool = False,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        **filters: Unpack[Filters],
    ) -> Enriched:
        """Find the words in the kept signals of records that are there already.

        Records that an enricher has looked through are left out, so an interrupted call can be
        repeated. Who wrote what stays apart: `record.text` is the owner's, `record.findings` were
        found.

        Args:
            enrich: What finds the words: `True`, names, or enrichers; see `sensorium.enrich`.
            again: Look through all of them; what is found takes the place of what was.
            progress: Called after each record with how many are done, and of how many.
            cancel: Gives the call up; what was found before is kept.
            filters: Which records; see `Filters`.
        Raises:
            PerceptFormatError: An enricher is not known.
            MissingExtraError: An extra that one of them needs is not installed.
            WeightsError: Weights that one of them needs are not on this machine.
            OperationCancelledError: It was given up.
            StoreError: The store cannot take it.
            FilterError: A filter is wrong; see `Filters`.
        """
        enrichers = self._shelf.enrichers(enrich)
        chosen = self._conditions("enrich", filters)
        with supervised(cancel=cancel):
            return Enriching(self._shelf).enrich(chosen, enrichers, again=again, progress=progress)

    @observed(SEARCH)
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
        read_times: bool = False,
        sequence: Sequence[Query] | None = None,
        within: str | timedelta | None = None,
        group: str | None = None,
        **filters: Unpack[Filters],
    ) -> list[Hit]:
        """Find the memories that answer a question best, in whichever modality they match.

        Args:
            query: Words, a percept, a vector, or several of these, which are added up. Of words,
                only what they ask for is encoded ("show me pictures of ..."); of a `Text`, all.
            like: Id of a record; instead of `query`, finds what resembles it.
            limit: The most hits to return.
            modalities: Modalities to search; by default all.
            weights: A number for each part of the query; negative ones subtract.
            keywords: Words to look for in the records' text, beside the query or alone.
            min_confidence: From 0 to 1: leave out hits that may well be coincidence, even all.
            half_life: Age at which a memory's score counts half.
            diversity: From 0 (by score alone) to 1 (as different as possible from each other).
            ranking: `"centred"`, or `"z"`, `"raw"`, `"rrf"`, `"dbsf"`: see docs/calibration.md.
            read_times: Read times in the words of the query, such as "yesterday morning", as
                `since` and `until`, unless one of these is given; `read_times()` says what is read.
            sequence: Instead of `query`, several questions that happened in this order: of each row
                the first hit is returned, with the others in `then`, its score their joint
                confidence.
            within: Only with `sequence`: longest time from one step to the next, `"10 s"` or a
                timedelta; by default `"1 min"`.
            group: `"episode"`: of each episode only the best hit, which tells of its `episode`.
            filters: See `Filters`.
        Returns:
            Hits, best first.
        Raises:
            QueryError: No question, or an argument that is wrong or contradicts another.
            EncodingError: A percept of the query cannot be encoded, or the encoder does not know
                one of `modalities`.
            RecordNotFoundError: No record has the id `like`.
            RecordError: `like` cannot be an id.
            FilterError: A filter is wrong, or QueryError or RecordError, as `Filters` says.
        """
        check_group(group)
        check_within(sequence, within)
        if sequence is not None:
            beside = {
                "query": query,
                "group": group,
                "like": like,
                "keywords": keywords,
                "weights": weights,
                "half_life": half_life,
                "diversity": diversity,
            }
            return recall_sequence(
                self.recall,
                sequence,
                WITHIN if within is None else within,
                beside=beside,
                ranking=ranking,
                limit=limit,
                min_confidence=min_confidence,
                modalities=modalities,
                read_times=read_times,
                filters=filters,
            )
        if read_times:
            query, filters, _ = limit_by_times(query, filters)
        options = RecallOptions(
            limit=limit,
            modalities=modalities,
            condition=self._conditions("recall", filters),
            ranking=ranking,
            keywords=keywords,
            min_confidence=min_confidence,
            half_life=half_life,
            diversity=diversity,
        )
        ask = partial(self._recaller.recall, query, like=like, weights=weights)
        if group is None:
            return ask(options)
        wide = lambda most: ask(replace(options, limit=most))  # noqa: E731  # one argument of many
        return best_of_episodes(wide, self._episodes, limit)

    @observed(SEARCH)
    def episodes(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        newest_first: bool = True,
        moments: int = 3,
    ) -> list[Episode]:
        """List episodes: stretches that belong together by time, place and content.

        They are found, not declared. The first call reads all memories, later ones what was added;
        see docs/episodes.md.

        Args:
            since: Only episodes that end at or after this time (aware).
            until: Only episodes that start before this time (aware).
            limit: The most episodes to return.
            newest_first: Whether the newest comes first, or the oldest.
            moments: How many telling records of each to read, from 0 to 20.
        Raises:
            QueryError: `limit` or `moments` is out of range.
            FilterError: `since` or `until` is no time with its zone, or `until` is not after it.
        """
        return self._episodes.episodes(Asked(since, until, limit, newest_first, moments))

    def first(
        self,
        query: Query | None = None,
        *,
        modalities: Collection[str] | None = None,
        min_confidence: float = SURE,
        **filters: Unpack[Filters],
    ) -> Hit | None:
        """Return the earliest memory that matches a question; `None` if none does surely enough.

        Args:
            query: As of `recall`; without it, the earliest of all that the filters let through.
            modalities: Modalities to search; by default all.
            min_confidence: Least confidence of a match, above 0.
            filters: See `Filters`.
        Raises:
            QueryError: As of `recall`; no confidence is known, or too many memories match to look
                at all of them.
            EncodingError: A percept of the query cannot be encoded.
            FilterError: A filter is wrong; see `Filters`.
        """
        return self._end(query, modalities, min_confidence, filters, last=False)

    def last(
        self,
        query: Query | None = None,
        *,
        modalities: Collection[str] | None = None,
        min_confidence: float = SURE,
        **filters: Unpack[Filters],
    ) -> Hit | None:
        """Return the latest memory that matches a question: where did I last see it?

        The arguments and errors are those of `first`.
        """
        return self._end(query, modalities, min_confidence, filters, last=True)

    def before(
        self, moment: Anchor, *, limit: int = LIMIT, **filters: Unpack[Filters]
    ) -> list[Record]:
        """List what began before a moment, the nearest first.

        Args:
            moment: A hit, whose stretch counts, a record, or a time (aware).
            limit: The most records to return.
            filters: See `Filters`.
        Raises:
            QueryError: A moment that is none, or a wrong limit.
            FilterError: A filter is wrong; see `Filters`.
        """
        return records_before(self._listed_events, moment, limit, filters)

    def after(
        self, moment: Anchor, *, limit: int = LIMIT, **filters: Unpack[Filters]
    ) -> list[Record]:
        """List what began after a moment had ended, the nearest first: what happened then?

        The arguments and errors are those of `before`.
        """
        return records_after(self._listed_events, moment, limit, filters)

    def around(
        self,
        moment: Anchor,
        within: str | timedelta = AROUND,
        *,
        limit: int = 50,
        **filters: Unpack[Filters],
    ) -> Timeline:
        """List what was within some time of a moment, in order of time, itself included.

        Args:
            moment: A hit, whose stretch counts, a record, or a time (aware).
            within: How far before and after it: `"10 min"`, or a timedelta.
            limit: Records of the page.
            filters: See `Filters`; without `since` and `until`.
        Raises:
            QueryError: A moment or a length that is none, a wrong limit, or times as filters.
            FilterError: A filter is wrong; see `Filters`.
        """
        return records_around(self._listed_events, moment, within, limit, filters)

    def how_often(
        self,
        query: Query,
        *,
        by: By | None = None,
        apart: str | timedelta | None = None,
        zone: tzinfo | str = timezone.utc,
        modalities: Collection[str] | None = None,
        **filters: Unpack[Filters],
    ) -> Occurrences:
        """Count the memories that match a question, with an interval: how often did the dog bark?

        All that may match is counted by its confidence, not only the best hits; the method and its
        sources stand in docs/memory.md. `count` counts what filters can name, exactly.

        Args:
            query: As of `recall`.
            by: Count by `"hour"`, `"day"`, `"week"`, `"month"` or `"modality"`, too.
            apart: Matches nearer in time than this are one occurrence, such as `"10 s"`; by default
                each memory is one.
            zone: Zone of the hours, days, weeks and months: `"Europe/Berlin"`, `"+02:00"`, or a
                tzinfo.
            modalities: Modalities to search; by default all.
            filters: See `Filters`.
        Raises:
            QueryError: As of `recall`, a wrong argument; no confidence is known, or more than 4,096
                memories may match.
            EncodingError: A percept of the query cannot be encoded.
            FilterError: A filter is wrong; see `Filters`.
        """
        check_by(by)
        length = None if apart is None else parse_span(apart, name="apart")
        named = read_zone(zone)
        options = RecallOptions(
            limit=LIMIT,
            modalities=modalities,
            condition=events_among(self._conditions("how_often", filters)),
            min_confidence=FLOOR,
        )
        return count_matches(self._recaller.matches(query, options), by, named, length)

    def watch(
        self,
        query: Query | None = None,
        *,
        min_confidence: float = SURE,
        modalities: Collection[str] | None = None,
        weights: Sequence[float] | None = None,
        cursor: str | None = None,
        after: datetime | None = None,
        timeout: float | None = None,
        **filters: Unpack[Filters],
    ) -> Watch:
        """Tell what matches a question as it arrives: tell me when the glass breaks.

        The iterator waits for the next hit. Whatever process remembers it, each is told once, with
        the confidence that `recall` would give it; see docs/memory.md for what counts as new.

        Args:
            query: As of `recall`; without it, all that the filters let through.
            min_confidence: Least confidence of a hit; 0 for all that is compared.
            modalities: Modalities to search; by default all.
            weights: As of `recall`.
            cursor: `Watch.cursor` of an earlier watch: tells what came after. By default what
                arrives from now on is told.
            after: Instead of a cursor, what was remembered at or after this time (aware).
            timeout: Seconds to wait for the next hit, after which the iteration ends; 0 tells
                what has arrived. By default it waits without end.
            filters: See `Filters`; `since` and `until` are of the moments, not of their arrival.
        Raises:
            QueryError: As of `recall`, or no confidence is known, or a wrong argument.
            EncodingError: A percept of the query cannot be encoded.
            FilterError: A filter is wrong, or the cursor is damaged, or another owner's.
            ReadOnlyError: The memory is a folder that is only read, as it was when it was opened.
        """
        return self._watches.begin(
            query,
            modalities=modalities,
            weights=weights,
            min_confidence=min_confidence,
            cursor=cursor,
            after=after,
            timeout=timeout,
            filters=filters,
        )

    def get(self, id: str) -> Record:
        """Return a record.

        Raises:
            RecordNotFoundError: This owner has no record of that id, or it has expired.
            RecordError: `id` cannot be an id: empty, too long, or not text.
        """
        shared = self._shelf.shared()
        found = self._shelf.ask(lambda now: find_record(now.backend, self.owner, id, shared=shared))
        return record_of(found, self.owner)

    def get_many(self, ids: Iterable[str]) -> list[Record]:
        """Return records in the order of their ids; absent and expired ones are left out.

        Raises:
            ArgumentTypeError: `ids` is a single id, or nothing that can be gone through.
            RecordError: One of `ids` cannot be an id.
        """
        check_several(ids, "the ids of records", "write get_many([id])")
        names = list(ids)
        shared = self._shelf.shared()
        found = self._shelf.ask(
            lambda now: find_records(now.backend, self.owner, names, shared=shared)
        )
        return [record_of(point, self.owner) for point in found.values()]

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
            newest_first: Whether the newest comes first, or the oldest.
            cursor: The `cursor` of the page before.
            filters: See `Filters`.
        Raises:
            QueryError: `limit` is not a number from 1 to 10,000, or a filter is wrong.
            FilterError: A filter is wrong, see `Filters`, or the cursor is of another memory.
        """
        return self._page_of(self._conditions("timeline", filters), limit, newest_first, cursor)

    @observed(UPDATE)
    def update(
        self,
        id: str,
        *percepts: Percept,
        text: str | None = None,
        tags: Sequence[str] | None = None,
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        at: datetime | None = None,
        place: Whereabouts | tuple[()] | None = None,
        origin: Origin | None = None,
        keep_media: bool | None = None,
        sound: bool | None = None,
        vectors: Mapping[str, ArrayLike | None] | None = None,
        retain: Collection[str] | None = None,
        history: bool = False,
    ) -> Record:
        """Change a record, or add percepts to it; fields that are left out stay as they are.

        Args:
            id: Id of the record.
            percepts: Percepts that join the record's.
            text: Replaces all of its words.
            tags: Replace its tags; an empty list removes them.
            source: Replaces its source.
            metadata: Replaces its metadata.
            expires_at: Time (aware) from which on the record is not recalled any more.
            at: Replaces the time of the moment (aware); its length stays.
            place: Replaces where it was; `()` removes it.
            origin: Replaces who says so.
            keep_media: Keep the signals themselves; by default as the memory was opened.
            sound: Let the sound of a video join with it; by default as the memory was opened. A
                record that has, or gets, a sound of its own has none of its videos.
            vectors: Vectors by modality that exist already: they replace those of their modalities,
                and `None` removes them. Percepts and text then replace those of their modalities,
                and nothing is encoded.
            retain: Only with `vectors`: digests of the percepts, of any modality, that stay.
            history: Keep the record as it was, too: see `history`. It goes with the record.
        Returns:
            The record as it is now.
        Raises:
            RecordNotFoundError: This owner has no record of that id, or it has expired.
            RecordError: A field of the wrong kind.
            PerceptError: A percept's content cannot be read.
            EncodingError: A percept cannot be encoded, or a vector is wrong; nothing is changed.
            MediaQuotaError: The media store is full.
        """
        payload, clear = changes(
            tags=tags,
            metadata=metadata,
            source=source,
            expires_at=expires_at,
            place=place,
            at=at,
            origin=origin,
        )
        record = self._editor.update(
            id,
            percepts,
            text=text,
            payload=payload,
            clear=clear,
            keep_media=keep_media,
            sound=sound,
            vectors=vectors,
            retain=retain,
            history=history,
        )
        moved = at is not None or place is not None  # which episodes are found by
        if percepts or text is not None or vectors is not None or moved:
            self._calibrator.invalidate()
        return record

    @overload
    def forget(
        self, *ids: str, purge: Literal[False] = False, **options: Unpack[Forgetting]
    ) -> int: ...

    @overload
    def forget(
        self, *ids: str, purge: Literal[True], **options: Unpack[Purging]
    ) -> PurgeReceipt: ...

    @observed(DELETE)
    def forget(
        self,
        *ids: str,
        older_than: str | timedelta | None = None,
        everything: bool = False,
        media_only: bool = False,
        purge: bool = False,
        progress: Progress | None = None,
        **filters: Unpack[Filters],
    ) -> int | PurgeReceipt:
        """Remove records, or only their media.

        Args:
            ids: Ids of records; absent ones are passed over.
            older_than: Only records whose `at` is longer ago: `"30d"`, or a timedelta.
            everything: Needed to remove all of this owner's records.
            media_only: Remove the signals and keep the vectors.
            purge: Erase from the disk what is removed, and what earlier calls removed: see
                docs/memory.md. Takes minutes, and room for a second copy. Without an id and a
                condition nothing more is removed.
            progress: Called during a purge with how many points are done, and of how many.
            filters: See `Filters`; all conditions must hold.
        Returns:
            How many records were removed, or changed; of a purge a receipt.
        Raises:
            QueryError: No id and no condition without `everything` or `purge`, or a filter is
                wrong.
            RecordError: One of `ids` cannot be an id.
            FilterError: A filter is wrong, see `Filters`.
            StoreFullError: There is no room to purge; nothing was removed.
        """
        given = self._conditions("forget", filters)
        if purge:
            purger = Purger(self._shelf, self._editor, self._calibrator.erase)
            choice = {"everything": everything, "media_only": media_only}
            return purger.forget(ids, given, older_than, progress=progress, **choice)
        condition = self._editor.condition(ids, given, older_than, everything=everything)
        if media_only:
            return self._editor.forget_media(condition)
        count = self._editor.forget(condition)
        if count:
            self._calibrator.invalidate()
        return count

    @observed(DELETE)
    def digest(
        self,
        *,
        older_than: str | timedelta = "90d",
        keep: Keep = "episodes",
        most_bytes: str | int | None = None,
        protect: Collection[str] = (),
        dry_run: bool = False,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        **filters: Unpack[Filters],
    ) -> DigestReceipt:
        """Let the telling moments of old streams and recordings stay, and drop the other frames.

        Frames are records of sensors, and rows of records of one recording. Records with words of
        their own or words that were heard, with an expiry, superseding or superseded ones and those
        of people stay. See docs/digest.md.

        Args:
            older_than: Age of the youngest frames that may go: `"90d"`, or a timedelta.
            keep: `"episodes"`: the typical moments of each episode, and the most novel of each day;
                a number of frames, or a share of them such as 0.02, the most telling ones.
            most_bytes: The most bytes that all records may take, such as `"2 GB"`: more frames go
                if need be, and the store's files are written anew, which takes minutes.
            protect: Tags of records that stay.
            dry_run: Change nothing, and return the same receipt.
            progress: Called with how many frames went, and of how many.
            cancel: Gives the call up; looked at between pieces. Another call goes on with the rest.
            filters: See `Filters`: only these may go. A `source` that is named is a row of frames,
                whether or not its records have an origin.
        Raises:
            QueryError: A wrong age, number or bound; what must stay takes more than the bound, and
                nothing was dropped; or what people said is asked for.
            RecordError: `protect` is not names of tags.
            FilterError: A filter is wrong; see `Filters`.
            OperationCancelledError: It was given up.
            StoreFullError: There is no room to write the store anew; nothing was dropped.
        """
        from sensorium.memory.digesting.digester import Digester

        wish = Wish.parsed(older_than, keep, most_bytes, protect)
        condition = events_among(self._conditions("digest", filters))
        digester = Digester(self._shelf, self._editor, self._calibrator)
        with supervised(cancel=cancel):
            return digester.digest(wish, filters, condition, dry_run=dry_run, progress=progress)

    def sweep(self) -> Sweep:
        """Remove records that have expired, and media that no record names."""
        swept = self._editor.sweep()
        if swept.records:
            self._calibrator.invalidate()
        return swept

    def verify(self, *, progress: Progress | None = None) -> Verification:
        """Read all kept media, and compare each with the digest and the size it was kept with."""
        shelf = self._shelf
        return verify_media(shelf.backend, shelf.media, owner=self.owner, progress=progress)

    def count(self, **filters: Unpack[Filters]) -> int:
        """Count records.

        Args:
            filters: See `Filters`.
        Raises:
            FilterError: A filter is wrong, or QueryError or RecordError, as `Filters` says.
        """
        alive = self._alive("count", filters)
        return self._shelf.ask(lambda now: now.backend.count(alive))

    def tally(self, field: str, *, limit: int = 100, **filters: Unpack[Filters]) -> dict[str, int]:
        """Count records by their tags, sources or modalities, the most frequent first.

        Args:
            field: `"tags"`, `"source"` or `"modalities"`.
            limit: The most values to return.
            filters: See `Filters`.
        Raises:
            QueryError: Another field, or a `limit` that is not a number from 1 to 10,000.
            FilterError: A filter is wrong, or QueryError or RecordError, as `Filters` says.
        """
        alive, name, most = self._alive("tally", filters), check_field(field), check_limit(limit)
        return self._shelf.ask(lambda now: now.backend.facet(name, alive, limit=most))

    def stats(self) -> dict[str, Any]:
        """Describe this owner's memories, JSON-ready: how many by modality, since when, where.

        What all owners have together, as points and bytes, is `memory.backend.stats()`.
        """
        return self._shelf.statistics()

    def percepts(self, record: Record | Hit) -> list[Percept]:
        """Open the signals of a record again: its text, and each medium that was kept.

        Raises:
            MediaNotFoundError: No signal of it was kept, a file is gone, or its owner shares it no
                more.
        """
        record = record.record if isinstance(record, Hit) else record
        try:
            return open_percepts(record, self.open_medium)
        except MediaNotFoundError:
            if getattr(record, "shared", False) and not self.get_many([record.id]):
                raise no_more_shared(record) from None
            raise

    def open_medium(self, medium: Medium) -> Percept:
        """Open one kept percept of a record of this owner.

        Raises:
            MediaNotFoundError: It was not kept, or its file is gone.
        """
        return open_medium(self._shelf.media_with(medium), medium)

    def open_file(self, medium: Medium) -> BinaryIO:
        """Open the kept file of a medium for reading, at its start; the caller closes it.

        It is the file as it was kept, byte for byte; `open_medium` makes a percept of it.

        Raises:
            MediaNotFoundError: It was not kept, or its file is gone.
        """
        return open_file(self._shelf.media_with(medium), medium)

    def stream(
        self,
        modality: str,
        *,
        on_remembered: Callable[[Remembered], object] | None = None,
        **options: Unpack[StreamOptions],
    ) -> Stream:
        """Open a stream of live samples or frames, whose windows are remembered as they fill.

        Args:
            modality: `"imu"`, `"audio"`, `"image"`, `"depth"` or `"thermal"`.
            on_remembered: Called in the stream's own thread with each window that is remembered.
            options: See `StreamOptions` and docs/streams.md.
        Raises:
            UnsupportedModalityError: Another modality.
            UnitError: A unit or the rate is missing.
        """
        self._shelf.check_writable()
        state = self._shelf.place.streams_folder(self.owner)
        sink = partial(self._remember_windows, on_remembered)
        stream = open_stream(modality, sink=sink, state_dir=state, **options)
        self._streams.add(stream)
        return stream

    def backup(
        self,
        file: str | Path,
        *,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> BackupSummary:
        """Write the whole folder of the memory to one file: all owners, and their media.

        It is as it was at one moment, whoever writes meanwhile, and `sensorium restore` or
        `sensorium.memory.moving.restore` makes a folder of it again. The encoder plays no part.

        Args:
            file: The file, a zip. One that is there is replaced if it is a backup.
            progress: Called with how many files are done, and of how many.
            cancel: Gives the call up; looked at between pieces of files.
        Raises:
            StoreError: The memory is on a server, which has snapshots of its own.
            StoreFormatError: `file` is there and is no backup.
            OperationCancelledError: It was given up; nothing is left of the backup.
            StoreFullError: The disk has no room; nothing is left of the backup.
        """
        from sensorium.memory.moving.backing_up import back_up, folder_of, media_beside

        shelf = self._shelf
        folder = folder_of(shelf.place.state, shelf.backend)
        with supervised(cancel=cancel):
            return back_up(
                shelf.backend, folder, file, media=media_beside(shelf.media), progress=progress
            )

    def export(
        self,
        directory: str | Path,
        *,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> ExportSummary:
        """Write all memories of this owner to a directory: Parquet, and the media as files.

        The layout is described in docs/schema.md. The directory appears when it is complete.

        Args:
            directory: A new or empty directory.
            progress: Called with how many points are done, and of how many.
            cancel: Gives the call up; looked at between pages.
        Raises:
            ExportFormatError: The directory is not empty.
            OperationCancelledError: It was given up; nothing is left of the export.
            MissingExtraError: pyarrow is not installed: `pip install "sensorium[export]"`.
            StoreFullError: The disk has no room; nothing is left of the export.
        """
        from sensorium.memory.moving.exporting import export_records

        shelf = self._shelf
        with supervised(cancel=cancel):
            return export_records(
                shelf.backend, shelf.media, owner=self.owner, directory=directory, progress=progress
            )

    def import_(
        self,
        directory: str | Path,
        *,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> ImportSummary:
        """Read an export into this memory; repeating it, or going on after a break, is harmless.

        Args:
            directory: An export of this owner or another, made with the same encoder.
            progress: Called with how many points are done, and of how many.
            cancel: Gives the call up; looked at between pages.
        Raises:
            ExportFormatError: Not an export, or a damaged one.
            OperationCancelledError: It was given up; its `done` points are kept.
            SpaceMismatchError: It was made with another encoder.
            MissingExtraError: pyarrow is not installed: `pip install "sensorium[export]"`.
        """
        from sensorium.memory.moving.importing import import_records

        shelf = self._shelf
        shelf.check_writable()
        try:
            with supervised(cancel=cancel):
                return import_records(
                    directory,
                    shelf.backend,
                    shelf.media,
                    owner=self.owner,
                    held=shelf.held,
                    progress=progress,
                )
        finally:
            self._calibrator.invalidate()

    def promote(
        self,
        place: str | Path | Sequence[str] | QdrantClient,
        *,
        collection: str = "sensorium",
        api_key: str | None = None,
        prefer_grpc: bool = False,
        grpc_port: int | Sequence[int] = 6334,
        timeout: float = 30.0,
        media: str | Path | None = None,
        replace: bool = False,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> CopySummary:
        """Copy all memories of this owner to a server, or any other place; this one stays.

        It can be interrupted and repeated: what arrived already is passed over.

        Args:
            place: Folder, or URL of a server, as `open` takes it.
            collection: Name of the collection on a server; made if it is missing.
            api_key: Key of a server; by default the environment variable QDRANT_API_KEY.
            prefer_grpc: Speak gRPC to a server.
            grpc_port: Port of gRPC; one for all nodes of a cluster, or one for each URL.
            timeout: Seconds for which a call of a server is tried, while it does not answer.
            media: A folder or fsspec URL for the signals; needed to take them to a server.
            replace: Write again what arrived already.
            progress: Called with how many points are done, and of how many.
            cancel: Gives the call up; looked at between pages.
        Raises:
            OperationCancelledError: It was given up; its `done` points are there.
            SpaceMismatchError: The collection there was made by another encoder.
            StoreUnavailableError: The server cannot be reached.
        """
        shelf = self._shelf
        recipe = Recipe(
            place_of(place),
            self.owner,
            EncoderSource(shelf.encoder),
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            grpc_port=grpc_port,
            timeout=timeout,
            media=media,
            keep_media=shelf.media is not None and (media is not None or has_room_beside(place)),
        )
        from sensorium.memory.moving.copying import copy_records

        target = open_place(recipe, shelf.backend.schema)
        try:
            with supervised(cancel=cancel):
                return copy_records(
                    shelf.backend,
                    target.backend,
                    owner=self.owner,
                    source_media=shelf.media,
                    target_media=target.media,
                    progress=progress,
                    replace=replace,
                )
        finally:
            target.close()

    def reembed(
        self,
        encoder: str | Encoder,
        *,
        drop: bool = False,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Reembedded:
        """Make all vectors anew with another encoder, from the signals that were kept.

        The new collection is built beside the old one, which stays in use until it is complete;
        then this memory switches to it. Cut short, it leaves the memory as it was. Recalls go on
        meanwhile; what would write waits. Other processes that have the memory open on a server
        may read and write until it is complete; then their calls raise `SpaceMismatchError`.

        Args:
            encoder: Name of an encoder, or an encoder.
            drop: Leave out records whose signals were not kept; otherwise nothing is changed.
            progress: Called with how many records are done, and of how many.
            cancel: Gives the call up; looked at between batches of windows.
        Raises:
            OperationCancelledError: It was given up; nothing was changed.
            RecordError: Some records cannot be made anew.
            StoreLockedError: Another process re-embeds this memory.
            StoreError: Other owners' memories are in the same collection.
            UnknownEncoderError: `encoder` is neither an encoder nor the name of one.
        """
        from sensorium.memory.moving.reembedding import reembed

        with supervised(cancel=cancel):
            return reembed(
                self._shelf,
                EncoderSource(encoder),
                invalidate=self._calibrator.invalidate,
                drop=drop,
                progress=progress,
            )

    def history(self, id: str) -> list[Record]:
        """Return a record with its former versions and what it supersedes, the latest first.

        What supersedes the record itself comes before it.

        Raises:
            RecordNotFoundError: This owner has no record of that id, or it has expired.
            RecordError: `id` cannot be an id.
        """
        shared = self._shelf.shared()
        return self._shelf.ask(lambda now: read_history(now.backend, self.owner, id, shared=shared))

    def conflicts(
        self, *, limit: int = 50, among: int = COMPARED, **filters: Unpack[Filters]
    ) -> list[Conflict]:
        """List records that may contradict each other: near-equal texts that differ in one point.

        Other numbers, other names, or a negation. Words are compared, of one text with its nearest
        neighbours: nothing is decided or changed.

        Args:
            limit: The most conflicts to return, the most alike texts first.
            among: How many texts are compared with their neighbours, the newest first.
            filters: See `Filters`.
        Raises:
            QueryError: `limit` or `among` is not a number from 1 to 10,000.
            FilterError: A filter is wrong; see `Filters`.
        """
        chosen, most = self._conditions("conflicts", filters), check_limit(limit)
        count = check_limit(among)
        return self._shelf.ask(
            lambda now: find_conflicts(now.backend, self.owner, chosen, among=count, limit=most)
        )

    def name_place(
        self, name: str, place: Whereabouts, radius: str | float = NAMED_RADIUS
    ) -> Remembered:
        """Give a place a name, by which `near` may ask for it; a name given again is moved.

        The name is a record of the id `place:NAME`, without vectors: `forget` removes it. It is no
        event, and never shared: of all calls only `timeline`, `count`, `tally`, `stats`, `get` and
        a recall by its words have it.

        Args:
            name: The name, such as "home".
            place: `(latitude, longitude)`, a `Place`, or a `Pose` in a frame.
            radius: How far it reaches: `"200 m"`, or metres.
        Raises:
            RecordError: The name cannot be one, or the place is of another type.
            FilterError: `radius` is not a distance.
            PerceptValueError: The place cannot be one, such as a latitude of 91.
        """
        [result] = self._writer.write([naming(name, place, radius)])
        if isinstance(result, SensoriumError):
            raise result
        return result

    def places(self) -> dict[str, Area]:
        """Return the places that have a name, by name."""
        return named_areas(self._shelf)

    def share(
        self,
        *,
        with_: str,
        tags: Collection[str] | None = None,
        everything: bool = False,
        rights: Literal["read"] = "read",
    ) -> Share:
        """Let another owner of the same place read memories, those that are yet to come, too.

        They are found by the other's calls like their own, and say whose they are. The other cannot
        change, forget or pass them on. Shared twice, it is one share. See docs/sharing.md.

        Args:
            with_: The other owner, of whom nothing needs to be there yet.
            tags: Tags that a memory must have to be read, all of them.
            everything: Instead of tags: share all memories.
            rights: What the other may do; `"read"` is all there is.
        Raises:
            OwnerError: `with_` is not a name, or this owner's own.
            RecordError: Tags that are none, neither tags nor `everything`, both, or other rights.
            ReadOnlyError: The memory was opened to be read only.
        """
        self._shelf.check_writable()
        return self._shelf.sharing.give(with_, tags, everything=everything, rights=rights)

    def unshare(
        self,
        *,
        with_: str | None = None,
        from_: str | None = None,
        tags: Collection[str] | None = None,
        everything: bool = False,
    ) -> int:
        """End shares: no call that begins when this has returned reads by them, in any process.

        Args:
            with_: With whom; by default with everybody.
            from_: Instead: leave what another owner shares with this one.
            tags: Only the share of just these tags.
            everything: Needed to end all that this owner shares.
        Returns:
            How many shares have ended.
        Raises:
            OwnerError: A name that is none, or both `with_` and `from_`.
            RecordError: Nothing says which shares are meant, or tags that are none.
            ReadOnlyError: The memory was opened to be read only.
        """
        self._shelf.check_writable()
        return self._shelf.sharing.end(with_, from_, tags, everything=everything)

    def shares(self) -> list[Share]:
        """List what this owner shares with others, then what others share with this owner."""
        return self._shelf.sharing.all()

    def flush(self) -> None:
        """Make all that was remembered safe against loss of power; see also docs/memory.md."""
        if self._shelf.media is not None:
            self._shelf.media.flush()
        self.backend.flush()

    def compact(self) -> bool:
        """Index new points, for faster recalls; return whether there was anything to gain.

        Takes about a minute for 200,000 memories of one modality. Other threads can work meanwhile,
        but wait when they use this memory. While a modality has few vectors, recalls compare all of
        them as fast as an index would find them: then nothing is done.
        """
        return self.backend.compact()

    def close(self) -> None:
        """Close the open streams, flush and release the store; a second call does nothing.

        Raises:
            StreamError: The last windows of a stream could not be remembered; all is closed.
        """
        if self._close_unopened():
            return
        self._watches.close()
        failure: StreamError | None = None
        for stream in list(self._streams):
            try:
                stream.close()
            except StreamError as error:
                failure = failure or error
        self._shelf.place.close()
        if failure is not None:
            raise failure

    def _end(
        self,
        query: Query | None,
        modalities: Collection[str] | None,
        min_confidence: float,
        filters: Filters,
        *,
        last: bool,
    ) -> Hit | None:
        if query is None:
            return hit_of_time(self._listed_events(limit=1, newest_first=last, **filters).records)
        options = RecallOptions(
            limit=LIMIT,
            modalities=modalities,
            condition=events_among(self._conditions("last" if last else "first", filters)),
            min_confidence=min_confidence,
        )
        return end_hit(self._recaller, query, options, last=last)

    def _conditions(self, call: str, filters: Filters) -> Condition | None:
        """Join the filters of a call; what is near a place depends on what is stored."""
        near = filters.get("near")
        return conditions(call, filters, near=near_condition(self._shelf, near))

    def _alive(self, call: str, filters: Filters) -> Filter:
        """Return the filter of the records this owner may read that have not expired."""
        return self._shelf.readable(self._conditions(call, filters))

    def _listed_events(
        self,
        *,
        limit: int,
        newest_first: bool,
        cursor: str | None = None,
        **filters: Unpack[Filters],
    ) -> Timeline:
        """List records as `timeline` does, but for those that are no events."""
        condition = events_among(self._conditions("timeline", filters))
        return self._page_of(condition, limit, newest_first, cursor)

    def _page_of(
        self, condition: Condition | None, limit: int, newest_first: bool, cursor: str | None
    ) -> Timeline:
        alive, most = self._shelf.readable(condition), check_limit(limit)
        page = self._shelf.ask(
            lambda now: now.backend.scroll(
                alive, limit=most, newest_first=newest_first, cursor=cursor
            )
        )
        return Timeline([record_of(point, self.owner) for point in page.points], page.cursor)

    def _remember_windows(
        self, heard: Callable[[Remembered], object] | None, moments: Sequence[Moment]
    ) -> None:
        """Remember a stream's windows, and tell of each.

        Raises:
            SensoriumError: The first failure; the other windows are remembered.
        """
        felt = [moment if moment.origin else replace(moment, origin="sensor") for moment in moments]
        report = self.remember_many(felt)
        if heard is not None:
            for remembered in report.remembered:
                heard(remembered)
        report.raise_first()
