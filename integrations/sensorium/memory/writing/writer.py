"""Remembering: moments are checked, encoded, their files kept, and their points written."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import NamedTuple, TypeAlias

from sensorium.encoders import check_cancelled
from sensorium.encoders.supervision import cancelled
from sensorium.enrich import Enricher, Enrichers
from sensorium.enrich.subtitles import BY
from sensorium.errors import (
    OperationCancelledError,
    PointError,
    RecordError,
    SensoriumError,
    show,
)
from sensorium.memory.checks import given_rows
from sensorium.memory.holding.links import LINKS, SUPERSEDES
from sensorium.memory.layout.derived import AUDIO, VIDEO
from sensorium.memory.layout.findings import ENRICHED, WRITTEN
from sensorium.memory.layout.ids import as_uuid
from sensorium.memory.layout.lookup import FOREVER
from sensorium.memory.layout.parts import drop_parts
from sensorium.memory.layout.payload import TEXT
from sensorium.memory.layout.points import COMPARED, Draft, points_of, says_the_same
from sensorium.memory.records import Failure, Moment, Progress, Remembered, Report, Status
from sensorium.memory.shelf import Shelf
from sensorium.memory.writing.clock import MomentClock
from sensorium.memory.writing.deriving import beside, derivable
from sensorium.memory.writing.draft import draft_moment
from sensorium.memory.writing.enriching import add_words
from sensorium.memory.writing.files import FileKeeper
from sensorium.memory.writing.preparing import (
    Prepared,
    keep_again,
    keep_dropped,
    prepare,
    subtitles_of,
)
from sensorium.memory.writing.superseding import kept_links, refused_circles, tell_former
from sensorium.qdrant import Point
from sensorium.qdrant.points import Payload, StoredPoint, iso

Result: TypeAlias = "Remembered | SensoriumError"
Results: TypeAlias = "dict[int, Result]"  # by the index of the moment
NEEDED = (
    "id",
    "part_of",
    "expires_at",
    "hashes",
    ENRICHED,
    *LINKS,
)  # keys of the payload that stands under an id
MODALITIES = "modalities"
DERIVED = {AUDIO, VIDEO}  # modalities of what a record has beside its percepts
BATCH = 256  # moments a round: one pass of the encoder, one write of the store


class PendingRecord(NamedTuple):
    """A record that is to be written.

    Attributes:
        number: Index of its moment.
        draft: The checked moment.
        status: The status to report when it is written.
        old_files: Names of the files of the record that it replaces; `None` if it replaces none.
        former: Ids of the records that the replaced record superseded.
        links: Keys of the payload that stay of the replaced record.
        points: The points to write.
    """

    number: int
    draft: Draft
    status: Status
    old_files: tuple[str, ...] | None
    former: tuple[str, ...]
    links: Payload
    points: Sequence[Point] = ()

    @property
    def files(self) -> set[str]:
        """Names of the files that its points mention."""
        return {name for point in self.points for name in point.payload.get("hashes", ())}

    def laid_out(self, points: Sequence[Point]) -> PendingRecord:
        """Return the record with its points."""
        return self._replace(points=points)

    def instead_of(self, earlier: PendingRecord | None) -> PendingRecord:
        """Return the record for the place of an earlier one of the same id, never written."""
        if earlier is None:
            return self
        old_files = (*(self.old_files or ()), *earlier.files)
        return self._replace(status="replaced", old_files=old_files)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Some moments, compared with what is stored.

    Attributes:
        pending: Records that are to be written.
        results: Results of the moments that need no more.
        known: Drafts of those among them whose records have files.
        unworded: Drafts of those among them whose records lack the subtitles that they bring.
    """

    pending: Sequence[PendingRecord]
    results: Results
    known: Sequence[Draft]
    unworded: Sequence[Draft]


class Writer:
    """Writes the memories of one owner. May be used from several threads."""

    def __init__(self, shelf: Shelf) -> None:
        """Write to a shelf."""
        self._shelf = shelf
        self._owner = shelf.owner
        self._clock = MomentClock()

    def write(
        self,
        moments: Sequence[Moment],
        *,
        keep_media: bool | None = None,
        enrich: Enrichers | None = None,
        sound: bool | None = None,
    ) -> list[Result]:
        """Remember some moments at once; one that fails gives its error in its place.

        Other threads wait only while it is looked up what exists, and while points are written.

        Args:
            moments: The moments.
            keep_media: Whether signals are kept; by default as the memory was opened.
            enrich: What finds words in their percepts; by default as the memory was opened.
            sound: Whether the sounds of videos are remembered; by default as it was opened.
        Raises:
            StoreError: The store as a whole failed; what was acknowledged before is safe.
            OperationCancelledError: The caller gave it up; nothing is kept.
            ReadOnlyError: The memory is only read.
        """
        self._shelf.check_writable()
        enrichers = self._shelf.enrichers(enrich)
        results: dict[int, Result] | None = None
        unworded: dict[str, Draft] = {}
        while results is None:
            unworded.clear()
            results = self._attempt(moments, keep_media, enrichers, sound, unworded)
        for draft in unworded.values():
            add_words(self._shelf, draft.id, draft.percepts, subtitles_of(draft.percepts))
        return [results[index] for index in range(len(moments))]

    def _attempt(
        self,
        moments: Sequence[Moment],
        keep_media: bool | None,
        enrichers: Sequence[Enricher],
        sound: bool | None,
        unworded: dict[str, Draft],
    ) -> Results | None:
        """Remember some moments; return `None` if the encoder was exchanged meanwhile.

        `unworded` receives drafts of what is known without the subtitles that they bring.
        """
        now = datetime.now(timezone.utc)
        setup = self._shelf.setup
        failed: Results = {}
        drafts = self._drafts(moments, failed, now)
        prepared: dict[int, Prepared | SensoriumError] = {}
        wanted = self._shelf.sound if sound is None else sound
        with FileKeeper(self._shelf, keep_media) as files:
            keeps_files = files.media is not None
            schema = setup.backend.schema
            derived = derivable(setup.encoder, schema.modalities, sound=wanted)
            unprepared = drafts
            if not all(map(_is_ready, drafts.values())):
                with self._shelf.held():
                    found = self._compare(drafts, now, keeps_files=keeps_files, derived=derived)
                    stored = self._with_media(found.known) if keeps_files else []
                keep_again(files, found.known, stored)
                unprepared = _unprepared(found, prepared)
            while True:
                prepared |= prepare(unprepared, setup.encoder, files, enrichers, derivable=derived)
                check_cancelled()
                with self._shelf.held():
                    if self._shelf.setup is not setup:
                        return None
                    # Other threads may have written since: what counts is what stands there now.
                    found = self._compare(drafts, now, keeps_files=keeps_files, derived=derived)
                    if all(record.number in prepared for record in found.pending):
                        writing = {record.number: record.draft for record in found.pending}
                        prepared |= keep_dropped(writing, prepared, files)
                        results = failed | found.results
                        refused = refused_circles(setup.backend, self._owner, drafts)
                        results |= refused
                        pending = [each for each in found.pending if each.number not in refused]
                        unworded |= {draft.id: draft for draft in found.unworded}
                        # What was encoded for long arrives now: nobody could know of it before
                        written = max(now, datetime.now(timezone.utc))
                        laid_out = self._lay_out(pending, prepared, results, written)
                        self._store(laid_out, results, files)
                        former = [name for each in laid_out for name in each.former]
                        tell_former(setup.backend, self._owner, drafts, results, former)
                        return results
                unprepared = _unprepared(found, prepared)

    def write_many(
        self,
        moments: Iterable[Moment],
        *,
        keep_media: bool | None = None,
        enrich: Enrichers | None = None,
        sound: bool | None = None,
        batch_size: int = BATCH,
        progress: Progress | None = None,
        total: int | None = None,
    ) -> Report:
        """Remember a stream of moments, a batch at a time.

        Raises:
            OperationCancelledError: The caller gave it up; the batches before are kept.
            RecordError: `batch_size` is not a whole number from 1.
            StoreError: The store as a whole failed. What the report of the last call of
                `progress` counted is safe; the same stream again skips it.
        """
        self._shelf.check_writable()
        if not isinstance(batch_size, int) or batch_size < 1:
            raise RecordError(
                f"batch_size={show(batch_size)}", "a whole number from 1", "leave it out"
            )
        report = Report()
        for batch in _batches(iter(moments), min(batch_size, sys.maxsize)):
            first = report.done
            try:
                results = self.write(batch, keep_media=keep_media, enrich=enrich, sound=sound)
            except OperationCancelledError as error:
                raise cancelled(first) from error
            for index, result in enumerate(results, first):
                if isinstance(result, Remembered):
                    report.remembered.append(result)
                else:
                    report.failures.append(Failure(index, result))
            if progress is not None:
                progress(report.done, total)
        return report

    def _drafts(
        self, moments: Sequence[Moment], results: Results, now: datetime
    ) -> dict[int, Draft]:
        """Check the moments."""
        drafts: dict[int, Draft] = {}
        for index, moment in enumerate(moments):
            try:
                drafts[index] = self._draft(moment, now)
            except SensoriumError as error:
                results[index] = error
        # Before anything is encoded; it is looked at again before it is written
        refused = refused_circles(self._shelf.backend, self._owner, drafts)
        results |= refused
        return {index: draft for index, draft in drafts.items() if index not in refused}

    def _draft(self, moment: Moment, now: datetime) -> Draft:
        draft = draft_moment(self._owner, moment, now=self._clock.next(now))
        if moment.vectors is None:
            return draft
        shelf = self._shelf
        rows = given_rows(moment.vectors, shelf.encoder.space, shelf.backend.schema.modalities)
        return draft._replace(vectors=rows)

    def _compare(
        self,
        drafts: Mapping[int, Draft],
        now: datetime,
        *,
        keeps_files: bool,
        derived: Collection[str],
    ) -> Comparison:
        """Find out what is known already, and what the other records will replace."""
        existing, taken = self._existing(drafts.values())
        pending: list[PendingRecord] = []
        results: Results = {}
        known: list[Draft] = []
        unworded: list[Draft] = []
        changing: set[str] = set()
        for index, given in drafts.items():
            draft = _named_by_uuid(given, existing)
            stored = existing.get(draft.point)
            if draft.point in taken or (stored is not None and "part_of" in stored):
                results[index] = RecordError(
                    f"the id {draft.id!r}, which is taken", "a free one", "choose another"
                )
                continue
            expired = stored is not None and stored.get("expires_at", FOREVER) <= iso(now)
            alive = None if expired else stored
            # An earlier moment of this batch may be about to change what is stored now.
            settled = draft.point not in changing
            if (
                settled
                and alive is not None
                and _adds_nothing(draft, alive, derived, keeps_files=keeps_files)
            ):
                results[index] = Remembered(draft.id, "known")
                if alive.get("hashes"):
                    known.append(draft)
                if BY not in alive.get(ENRICHED, ()) and subtitles_of(draft.percepts):
                    unworded.append(draft)
                continue
            status: Status = "new" if alive is None else "replaced"
            # An expired record counts as gone, but its files are still to be dropped.
            old_files = None if stored is None else tuple(stored.get("hashes", ()))
            former = tuple((stored or {}).get(SUPERSEDES) or ())
            links = kept_links(stored)
            pending.append(PendingRecord(index, draft, status, old_files, former, links))
            changing.add(draft.point)
        return Comparison(pending, results, known, unworded)

    def _with_media(self, drafts: Sequence[Draft]) -> list[StoredPoint]:
        """Read the points of drafts whose records are known, with their media."""
        names = list({draft.point for draft in drafts})
        if not names:
            return []
        backend = self._shelf.backend
        return backend.retrieve(names, owner=self._owner, payload=["media"], vectors=False)

    def _existing(self, drafts: Iterable[Draft]) -> tuple[dict[str, Payload], set[str]]:
        """Read this owner's points under the ids of some drafts, and which ids others have."""
        names: set[str] = set()
        named = False
        for draft in drafts:
            names |= {draft.point, as_uuid(draft.given_id) or draft.point}
            named = named or draft.moment.id is not None
        # What a record says is compared only with moments that bring its id.
        keys = list(dict.fromkeys([*NEEDED, *COMPARED, WRITTEN, MODALITIES])) if named else NEEDED
        points, taken = self._shelf.backend.occupied(list(names), owner=self._owner, payload=keys)
        return {point.id: point.payload for point in points}, taken

    def _lay_out(
        self,
        pending: Sequence[PendingRecord],
        prepared: Mapping[int, Prepared | SensoriumError],
        results: Results,
        now: datetime,
    ) -> list[PendingRecord]:
        """Make the points of records; the last of an id stays."""
        ready: dict[str, PendingRecord] = {}
        for record in pending:
            draft, earlier = record.draft, ready.get(record.draft.point)
            made = prepared[record.number]
            if isinstance(made, SensoriumError):
                results[record.number] = made
                continue
            if earlier is not None and draft.moment.id is None:
                # The id follows from the content, so the moment says the same as the earlier one.
                results[record.number] = Remembered(draft.id, "known")
                continue
            points = points_of(
                draft,
                made.encodings,
                made.files,
                owner=self._owner,
                now=now,
                findings=made.findings,
                derived=made.derived,
            )
            for point in points:
                point.payload.update(record.links)
            ready[draft.point] = record.laid_out(points).instead_of(earlier)
            if earlier is not None:
                results[earlier.number] = Remembered(earlier.draft.id, earlier.status)
        return list(ready.values())

    def _store(self, records: Sequence[PendingRecord], results: Results, files: FileKeeper) -> None:
        """Write all points in one request; if one is refused, each record by itself."""
        backend = self._shelf.backend
        files.replace(name for record in records for name in record.old_files or ())
        try:
            backend.upsert([point for record in records for point in record.points])
        except PointError:
            for record in records:
                try:
                    backend.upsert(record.points)
                except PointError as error:
                    results[record.number] = error
        written = [record for record in records if record.number not in results]
        for record in written:
            results[record.number] = Remembered(record.draft.id, record.status)
        replacing = [record for record in written if record.old_files is not None]
        counts = {record.draft.point: len(record.points) - 1 for record in replacing}
        drop_parts(backend, counts, owner=self._owner)
        files.settle({name for record in written for name in record.files})


def _is_ready(draft: Draft) -> bool:
    """Return whether a draft needs no encoder and no file: to look it up first takes longer."""
    texts = all(percept.modality == TEXT for percept in draft.percepts)
    return draft.vectors is not None and texts


def _unprepared(
    found: Comparison, prepared: Mapping[int, Prepared | SensoriumError]
) -> dict[int, Draft]:
    """Return the drafts that are to be written and were not prepared yet."""
    return {each.number: each.draft for each in found.pending if each.number not in prepared}


def _named_by_uuid(draft: Draft, existing: Mapping[str, Payload]) -> Draft:
    """Return the draft for the record whose UUID it was given as its id, if there is one."""
    name = as_uuid(draft.given_id)
    if name is None or name not in existing or {"id", "part_of"} & existing[name].keys():
        return draft
    return draft._replace(point=name, given_id=None)


def _adds_nothing(
    draft: Draft, stored: Payload, derived: Collection[str], *, keeps_files: bool
) -> bool:
    """Return whether a moment would change nothing: its content is stored, or all that it says."""
    if draft.moment.id is None:
        return True
    if draft.vectors is not None:  # the rows may be others
        return False
    modalities = {percept.modality for percept in draft.percepts}
    names_files = keeps_files and modalities != {TEXT}
    return (
        says_the_same(draft, stored)
        and names_files == bool(stored.get("hashes"))
        and _derives_the_same(draft, stored, derived)
    )


def _derives_the_same(draft: Draft, stored: Payload, derived: Collection[str]) -> bool:
    """Return whether a record of the same percepts has beside them what a call would derive."""
    own = {percept.modality for percept in draft.percepts}
    there = {*stored[MODALITIES]} & DERIVED - own
    if there == {*derived} - own:  # all that there can be
        return True
    return there == {each.percept.modality for each in beside(draft.percepts, derived)}


def _batches(source: Iterator[Moment], size: int) -> Iterator[list[Moment]]:
    """Cut a stream; where it fails, what came before is still handed on."""
    failure: Exception | None = None
    while failure is None:
        batch: list[Moment] = []
        try:
            for moment in islice(source, size):
                batch.append(moment)
        except Exception as error:  # whatever the caller's iterator raises, after the batch
            failure = error
        if not batch:
            break
        yield batch
    if failure is not None:
        raise failure
