"""Remembering: moments are checked, encoded, their media kept, and their points written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from sensorium.encoders import Encoding
from sensorium.errors import BatchError, PointError, RecordError, SensoriumError
from sensorium.memory.checks import given_rows
from sensorium.memory.layout.parts import drop_parts
from sensorium.memory.layout.payload import TEXT
from sensorium.memory.media.store import MediaStore
from sensorium.memory.records import Failure, Moment, Progress, Remembered, Report, Status
from sensorium.memory.shelf import Shelf
from sensorium.memory.writing.draft import (
    SAID,
    Draft,
    drafted,
    given_encodings,
    points_of,
    says_the_same,
)
from sensorium.percepts import Percept
from sensorium.percepts.files import file_from_percept
from sensorium.qdrant import Equal, Filter, Point
from sensorium.qdrant.filters import uuids
from sensorium.qdrant.points import Payload, Vectors, iso

Result: TypeAlias = "Remembered | SensoriumError"
SEEN = ("owner", "id", "part_of", "expires_at", "hashes")  # of what stands under an id
FOREVER = "~"  # sorts after every time
TICK = timedelta(microseconds=1)  # by which moments that say no time follow each other
BATCH = 256  # moments a round: one pass of the encoder, one write of the store


@dataclass(frozen=True, eq=False)
class Fresh:
    """A moment that is to be written.

    Attributes:
        index: Its place in what was given.
        draft: As it was checked.
        status: What is said of it when it is written.
        stale: Files of the record it takes the place of; `None` where there is none.
        points: As which it is written.
    """

    index: int
    draft: Draft
    status: Status
    stale: tuple[str, ...] | None
    points: Sequence[Point] = ()

    @property
    def files(self) -> set[str]:
        """Names of the files that its points mention."""
        return {name for point in self.points for name in point.payload.get("hashes", ())}

    def after(self, earlier: Fresh | None) -> Fresh:
        """Take the place of an earlier one of the same id, which is written no more."""
        if earlier is None:
            return self
        return replace(self, status="replaced", stale=(*(self.stale or ()), *earlier.files))


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
        with self._shelf.lock:
            media = self._shelf.media_for(keep_media)
            results: list[Result | None] = [None] * len(moments)
            drafts = list(self._drafts(moments, results, now))
            fresh = self._fresh(drafts, results, now, media)
            encodings = self._encoded([one.draft for one in fresh])
            ready: dict[str, Fresh] = {}
            taken: set[str] = set()  # files of what is ready
            for one, made in zip(fresh, encodings, strict=True):
                if isinstance(made, SensoriumError):
                    results[one.index] = made
                    continue
                earlier = ready.get(one.draft.point)
                if earlier is not None and one.draft.moment.id is None:
                    results[one.index] = Remembered(one.draft.id, "known")
                    continue
                try:
                    kept = self._kept(one.draft.percepts, media, taken)
                except SensoriumError as error:
                    results[one.index] = error
                    continue
                points = points_of(one.draft, made, kept, owner=self._owner, now=now)
                ready[one.draft.point] = replace(one, points=points).after(earlier)
                taken |= ready[one.draft.point].files
                if earlier is not None:
                    results[earlier.index] = Remembered(earlier.draft.id, earlier.status)
            self._upsert(list(ready.values()), results)
        return [result for result in results if result is not None]

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
            RecordError: A batch size that is none.
            StoreError: The store as a whole failed. What the report of the last call of
                `progress` counted is safe; the same stream again skips it.
        """
        if not isinstance(batch_size, int) or batch_size < 1:
            raise RecordError(f"batch_size={batch_size!r}", "a whole number from 1", "leave it out")
        report, source = Report(), iter(moments)
        for batch in _batches(source, batch_size):
            before = report.done
            for offset, result in enumerate(self.write(batch, keep_media=keep_media)):
                _count(report, before + offset, result)
            if progress is not None:
                progress(report.done, total)
        return report

    def _drafts(
        self, moments: Sequence[Moment], results: list[Result | None], now: datetime
    ) -> Iterator[tuple[int, Draft]]:
        for index, moment in enumerate(moments):
            try:
                if not isinstance(moment, Moment):
                    raise RecordError(
                        f"a {type(moment).__name__} to remember",
                        "a Moment, or a percept",
                        "write Moment((Image(...),), text=...)",
                    )
                self._latest = max(now, self._latest + TICK)
                draft = drafted(self._owner, moment, now=self._latest)
                if moment.vectors is not None:
                    draft = replace(draft, vectors=self.given(moment.vectors))
                yield index, draft
            except SensoriumError as error:
                results[index] = error

    def _fresh(
        self,
        drafts: Sequence[tuple[int, Draft]],
        results: list[Result | None],
        now: datetime,
        media: MediaStore | None,
    ) -> list[Fresh]:
        """Leave out what is there already, and see what the others take the place of."""
        existing, taken = self._existing([draft for _, draft in drafts])
        fresh: list[Fresh] = []
        changing: set[str] = set()  # what stands there will not when the moment's turn comes
        for index, checked in drafts:
            draft = checked
            for name in uuids([draft.given_id]):  # the id that a record got from its content
                if name in existing and not {"id", "part_of"} & existing[name].keys():
                    draft = replace(draft, point=name, given_id=None)
            stands = existing.get(draft.point)
            if draft.point in taken or (stands is not None and "part_of" in stands):
                results[index] = RecordError(
                    f"the id {draft.id!r}, which is taken"[:200], "a free one", "choose another"
                )
                continue
            alive = stands is not None and stands.get("expires_at", FOREVER) > iso(now)
            same = stands and alive and self._known(draft, stands, media)
            if same and draft.point not in changing:
                results[index] = Remembered(draft.id, "known")
            else:
                status: Status = "replaced" if alive else "new"
                files = None if stands is None else tuple(stands.get("hashes", ()))
                fresh.append(Fresh(index, draft, status, files))
                changing.add(draft.point)
        return fresh

    def _existing(self, drafts: Sequence[Draft]) -> tuple[dict[str, Payload], set[str]]:
        """Read this owner's points under the ids of some drafts, and which ids others have."""
        names = {name for draft in drafts for name in (draft.point, *uuids([draft.given_id]))}
        named = any(draft.moment.id is not None for draft in drafts)
        keys = list(dict.fromkeys([*SEEN, *SAID])) if named else SEEN
        backend = self._shelf.backend
        read = backend.retrieve(list(names), owner=self._owner, payload=keys, vectors=False)
        existing = {point.id: point.payload for point in read}
        return existing, backend.taken(list(names - existing.keys()), owner=self._owner)

    def _known(self, draft: Draft, stands: Payload, media: MediaStore | None) -> bool:
        """Whether a moment would change nothing: its content is there, or all it says."""
        if draft.moment.id is None:
            return True
        if draft.vectors is not None:  # which may be others
            return False
        senses = {percept.modality for percept in draft.percepts}
        kept = media is not None and senses != {TEXT}
        return says_the_same(draft, stands) and kept == bool(stands.get("hashes"))

    def _encoded(self, drafts: Sequence[Draft]) -> list[list[Encoding] | SensoriumError]:
        """Encode the percepts of all drafts in one batch; a draft fails with its percept."""
        percepts = [one for draft in drafts if draft.vectors is None for one in draft.percepts]
        made = iter(self._shelf.encoder.try_encode(percepts) if percepts else ())
        grouped = [
            list(islice(made, len(draft.percepts)))
            if draft.vectors is None
            else given_encodings(draft.percepts, draft.vectors)
            for draft in drafts
        ]
        return [_all_or_error(group, draft) for group, draft in zip(grouped, drafts, strict=True)]

    def given(self, vectors: Mapping[str, ArrayLike]) -> dict[str, Vectors]:
        """Check rows that a caller made; arguments and errors as of `given_rows`."""
        return given_rows(vectors, self._shelf.encoder.space, self._shelf.backend.schema.modalities)

    def prepared(
        self,
        percepts: Sequence[Percept],
        *,
        keep_media: bool | None,
        vectors: Mapping[str, Vectors] | None = None,
    ) -> tuple[list[str], Sequence[Encoding], dict[int, dict[str, Any]]]:
        """Digest, encode and keep percepts that join a record: what `media_and_rows` needs of them.

        Args:
            percepts: That join it.
            keep_media: Keep their files.
            vectors: Their rows, where nothing is to be encoded.
        Raises:
            EncodingError: One of them cannot be encoded.
        """
        digests = [percept.digest for percept in percepts]
        encodings = (
            self._shelf.encoder.encode(percepts)
            if vectors is None
            else given_encodings(percepts, vectors)
        )
        return digests, encodings, self._kept(percepts, self._shelf.media_for(keep_media), ())

    def _kept(
        self, percepts: Sequence[Percept], media: MediaStore | None, taken: Collection[str]
    ) -> dict[int, dict[str, Any]]:
        """Keep the files of a record: all of them, or none but those `taken` by others."""
        kept: dict[int, dict[str, Any]] = {}
        if media is None:
            return kept
        try:
            for index, percept in enumerate(percepts):
                if percept.modality != TEXT:  # which the payload holds
                    kept[index] = _keep(percept, media)
        except BaseException:
            self.drop_files({fields["file"] for fields in kept.values()} - set(taken))
            raise
        return kept

    def _upsert(self, ready: Sequence[Fresh], results: list[Result | None]) -> None:
        """Write all points in one request; where one is refused, each record by itself."""
        try:
            self._shelf.backend.upsert([point for one in ready for point in one.points])
        except PointError:
            for one in ready:
                try:
                    self._shelf.backend.upsert(one.points)
                except PointError as error:
                    results[one.index] = error
        unused = {name for one in ready if results[one.index] is not None for name in one.files}
        written = [one for one in ready if results[one.index] is None]
        for one in written:
            results[one.index] = Remembered(one.draft.id, one.status)
        replaced = [one for one in written if one.stale is not None]
        last = {one.draft.point: len(one.points) - 1 for one in replaced}
        drop_parts(self._shelf.backend, last, owner=self._owner)
        self.drop_files(unused.union(*(one.stale or () for one in replaced)))

    def drop_files(self, names: Iterable[str]) -> None:
        """Remove files of records that are gone, unless another record names them, too."""
        media = self._shelf.media
        if media is None:
            return
        with self._shelf.lock:  # a record that is being written may have found its file there
            unused = [
                name
                for name in set(names)
                if not self._shelf.backend.count(
                    Filter(self._owner, Equal("hashes", name), parts=True)
                )
            ]
            media.drop(unused)


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


def _keep(percept: Percept, media: MediaStore) -> dict[str, Any]:
    """Put a percept's file into the media store; return what a `Medium` says of it."""
    kept = file_from_percept(percept)
    with kept.source.open() as content:
        name = media.put(content, extension=kept.extension)
    size, units = kept.source.size, dict(kept.units)
    return {"file": name, "mime": kept.mime, "bytes": size, "units": units}


def _count(report: Report, index: int, result: Result) -> None:
    if isinstance(result, SensoriumError):
        report.failures.append(Failure(index, result))
    else:
        setattr(report, result.status, getattr(report, result.status) + 1)
        report.remembered.append(result)


def _all_or_error(
    made: Sequence[Encoding | SensoriumError], draft: Draft
) -> list[Encoding] | SensoriumError:
    encodings = [one for one in made if isinstance(one, Encoding)]
    if len(encodings) == len(made):
        return encodings
    failures = {i: one for i, one in enumerate(made) if isinstance(one, SensoriumError)}
    index, first = next(iter(failures.items()))
    if len(made) == 1:
        return first
    return BatchError(
        f"a memory of {len(made)} percepts whose {draft.percepts[index].modality} "
        f"({index + 1} of {len(made)}) failed: {type(first).__name__}: {first}",
        "percepts that can all be encoded",
        "mend that percept, or remember the others without it",
        failures,
        [one if isinstance(one, Encoding) else None for one in made],
    )
