"""Remembering: moments are checked, encoded, their files kept, and their points written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TypeAlias

from sensorium.encoders import Encoding
from sensorium.errors import BatchError, PointError, RecordError, SensoriumError
from sensorium.memory.checks import given_rows
from sensorium.memory.layout.ids import as_uuid
from sensorium.memory.layout.lookup import FOREVER
from sensorium.memory.layout.parts import drop_parts
from sensorium.memory.layout.payload import TEXT
from sensorium.memory.layout.points import COMPARED, Draft, points_of, says_the_same
from sensorium.memory.media.store import MediaStore
from sensorium.memory.records import Failure, Moment, Progress, Remembered, Report, Status
from sensorium.memory.shelf import Shelf
from sensorium.memory.writing.draft import draft_moment, given_encodings
from sensorium.memory.writing.files import drop_files, keep_files
from sensorium.qdrant import Point
from sensorium.qdrant.points import Payload, iso

Result: TypeAlias = "Remembered | SensoriumError"
Results: TypeAlias = "dict[int, Result]"  # by the index of the moment
NEEDED = ("id", "part_of", "expires_at", "hashes")  # keys of the payload that stands under an id
TICK = timedelta(microseconds=1)  # between moments that state no time: they keep their order
BATCH = 256  # moments a round: one pass of the encoder, one write of the store


@dataclass(frozen=True, eq=False)
class PendingRecord:
    """A record that is to be written.

    Attributes:
        index: Index of its moment.
        draft: The checked moment.
        status: The status to report when it is written.
        old_files: Names of the files of the record that it replaces; `None` if it replaces none.
        points: The points to write.
    """

    index: int
    draft: Draft
    status: Status
    old_files: tuple[str, ...] | None
    points: Sequence[Point] = ()

    @property
    def files(self) -> set[str]:
        """Names of the files that its points mention."""
        return {name for point in self.points for name in point.payload.get("hashes", ())}

    def instead_of(self, earlier: PendingRecord | None) -> PendingRecord:
        """Return the record for the place of an earlier one of the same id, never written."""
        if earlier is None:
            return self
        old_files = (*(self.old_files or ()), *earlier.files)
        return replace(self, status="replaced", old_files=old_files)


class Writer:
    """Writes the memories of one owner. May be used from several threads."""

    def __init__(self, shelf: Shelf) -> None:
        """Write to a shelf."""
        self._shelf = shelf
        self._owner = shelf.owner
        self._latest = datetime.min.replace(tzinfo=timezone.utc)

    def write(self, moments: Sequence[Moment], *, keep_media: bool | None = None) -> list[Result]:
        """Remember some moments at once; one that fails gives its error in its place.

        Raises:
            StoreError: The store as a whole failed; what was acknowledged before is safe.
        """
        now = datetime.now(timezone.utc)
        results: Results = {}
        with self._shelf.lock:
            media = self._shelf.media_for(keep_media)
            drafts = self._drafts(moments, results, now)
            pending = self._pending(drafts, results, now, media)
            laid_out = self._lay_out(pending, results, now, media)
            self._store(laid_out, results)
        return [results[index] for index in range(len(moments))]

    def write_many(
        self,
        moments: Iterable[Moment],
        *,
        keep_media: bool | None = None,
        batch_size: int = BATCH,
        progress: Progress | None = None,
        total: int | None = None,
    ) -> Report:
        """Remember a stream of moments, a batch at a time.

        Raises:
            RecordError: `batch_size` is not a whole number from 1.
            StoreError: The store as a whole failed. What the report of the last call of
                `progress` counted is safe; the same stream again skips it.
        """
        if not isinstance(batch_size, int) or batch_size < 1:
            raise RecordError(f"batch_size={batch_size!r}", "a whole number from 1", "leave it out")
        report = Report()
        for batch in _batches(iter(moments), batch_size):
            first = report.done
            for index, result in enumerate(self.write(batch, keep_media=keep_media), first):
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
        return drafts

    def _draft(self, moment: Moment, now: datetime) -> Draft:
        if not isinstance(moment, Moment):
            raise RecordError(
                f"an object of type {type(moment).__name__} to remember",
                "a Moment, or a percept",
                "write Moment((Image(...),), text=...)",
            )
        self._latest = max(now, self._latest + TICK)
        draft = draft_moment(self._owner, moment, now=self._latest)
        if moment.vectors is None:
            return draft
        shelf = self._shelf
        rows = given_rows(moment.vectors, shelf.encoder.space, shelf.backend.schema.modalities)
        return replace(draft, vectors=rows)

    def _pending(
        self,
        drafts: Mapping[int, Draft],
        results: Results,
        now: datetime,
        media: MediaStore | None,
    ) -> list[PendingRecord]:
        """Leave out what is known already, and note what the other records will replace."""
        existing, taken = self._existing(drafts.values())
        pending: list[PendingRecord] = []
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
            if settled and alive is not None and _adds_nothing(draft, alive, media):
                results[index] = Remembered(draft.id, "known")
                continue
            status: Status = "new" if alive is None else "replaced"
            # An expired record counts as gone, but its files are still to be dropped.
            old_files = None if stored is None else tuple(stored.get("hashes", ()))
            pending.append(PendingRecord(index, draft, status, old_files))
            changing.add(draft.point)
        return pending

    def _existing(self, drafts: Iterable[Draft]) -> tuple[dict[str, Payload], set[str]]:
        """Read this owner's points under the ids of some drafts, and which ids others have."""
        names: set[str] = set()
        named = False
        for draft in drafts:
            names |= {draft.point, as_uuid(draft.given_id) or draft.point}
            named = named or draft.moment.id is not None
        # What a record says is compared only with moments that bring its id.
        keys = list(dict.fromkeys([*NEEDED, *COMPARED])) if named else NEEDED
        points, taken = self._shelf.backend.occupied(list(names), owner=self._owner, payload=keys)
        return {point.id: point.payload for point in points}, taken

    def _lay_out(
        self,
        pending: Sequence[PendingRecord],
        results: Results,
        now: datetime,
        media: MediaStore | None,
    ) -> list[PendingRecord]:
        """Encode records, keep their files, and make their points; the last of an id stays."""
        ready: dict[str, PendingRecord] = {}
        in_use: set[str] = set()
        encoded = self._encode([record.draft for record in pending])
        for record, encodings in zip(pending, encoded, strict=True):
            draft, earlier = record.draft, ready.get(record.draft.point)
            if isinstance(encodings, SensoriumError):
                results[record.index] = encodings
                continue
            if earlier is not None and draft.moment.id is None:
                # The id follows from the content, so the moment says the same as the earlier one.
                results[record.index] = Remembered(draft.id, "known")
                continue
            try:
                files = keep_files(self._shelf, media, draft.percepts, in_use=in_use)
            except SensoriumError as error:
                results[record.index] = error
                continue
            points = points_of(draft, encodings, files, owner=self._owner, now=now)
            ready[draft.point] = replace(record, points=points).instead_of(earlier)
            in_use |= ready[draft.point].files
            if earlier is not None:
                results[earlier.index] = Remembered(earlier.draft.id, earlier.status)
        return list(ready.values())

    def _encode(self, drafts: Sequence[Draft]) -> list[list[Encoding] | SensoriumError]:
        """Encode the percepts of all drafts in one batch; a draft fails with its percept."""
        percepts = [
            percept for draft in drafts if draft.vectors is None for percept in draft.percepts
        ]
        encoded = iter(self._shelf.encoder.try_encode(percepts) if percepts else ())
        results: list[list[Encoding] | SensoriumError] = []
        for draft in drafts:
            if draft.vectors is None:
                results.append(_all_or_error(list(islice(encoded, len(draft.percepts))), draft))
            else:
                results.append(given_encodings(draft.percepts, draft.vectors))
        return results

    def _store(self, records: Sequence[PendingRecord], results: Results) -> None:
        """Write all points in one request; if one is refused, each record by itself."""
        backend = self._shelf.backend
        try:
            backend.upsert([point for record in records for point in record.points])
        except PointError:
            for record in records:
                try:
                    backend.upsert(record.points)
                except PointError as error:
                    results[record.index] = error
        refused = [record for record in records if record.index in results]
        written = [record for record in records if record.index not in results]
        for record in written:
            results[record.index] = Remembered(record.draft.id, record.status)
        replacing = [record for record in written if record.old_files is not None]
        counts = {record.draft.point: len(record.points) - 1 for record in replacing}
        drop_parts(backend, counts, owner=self._owner)
        unused = {name for record in refused for name in record.files}
        unused.update(name for record in replacing for name in record.old_files or ())
        drop_files(self._shelf, unused)


def _named_by_uuid(draft: Draft, existing: Mapping[str, Payload]) -> Draft:
    """Return the draft for the record whose UUID it was given as its id, if there is one."""
    name = as_uuid(draft.given_id)
    if name is None or name not in existing or {"id", "part_of"} & existing[name].keys():
        return draft
    return replace(draft, point=name, given_id=None)


def _adds_nothing(draft: Draft, stored: Payload, media: MediaStore | None) -> bool:
    """Return whether a moment would change nothing: its content is stored, or all that it says."""
    if draft.moment.id is None:
        return True
    if draft.vectors is not None:  # the rows may be others
        return False
    modalities = {percept.modality for percept in draft.percepts}
    keeps_files = media is not None and modalities != {TEXT}
    return says_the_same(draft, stored) and keeps_files == bool(stored.get("hashes"))


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


def _all_or_error(
    encoded: Sequence[Encoding | SensoriumError], draft: Draft
) -> list[Encoding] | SensoriumError:
    encodings = [result for result in encoded if isinstance(result, Encoding)]
    if len(encodings) == len(encoded):
        return encodings
    failures = {
        index: result for index, result in enumerate(encoded) if isinstance(result, SensoriumError)
    }
    index, first = next(iter(failures.items()))
    if len(encoded) == 1:
        return first
    return BatchError(
        f"a memory of {len(encoded)} percepts whose {draft.percepts[index].modality} "
        f"({index + 1} of {len(encoded)}) failed: {type(first).__name__}: {first}",
        "percepts that can all be encoded",
        "mend that percept, or remember the others without it",
        failures,
        [result if isinstance(result, Encoding) else None for result in encoded],
    )
