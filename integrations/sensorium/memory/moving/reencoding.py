"""The records of a memory copied with the vectors of another encoder, and kept up to date."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, TypeAlias

from sensorium.encoders import Encoder, Encoding, check_cancelled
from sensorium.encoders.passages import encode_passages
from sensorium.errors import MediaNotFoundError, SensoriumError
from sensorium.memory.layout.findings import Findings, taken_apart
from sensorium.memory.layout.parts import pages, spread_over_points
from sensorium.memory.layout.payload import media_and_rows, media_payload, record_of
from sensorium.memory.receipts import Reembedded
from sensorium.memory.records import Failure, Medium, Progress, Record
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Backend, Filter
from sensorium.qdrant.filters import Ids, OneOf
from sensorium.qdrant.points import Point, StoredPoint

Recipe: TypeAlias = "tuple[int, StoredPoint, list[Percept]]"  # place, point, its signals
PAGE = 64  # records encoded together
DERIVED = frozenset({"media", "hashes"})  # made anew with the vectors


class Reencoding:
    """A copy of an owner's records in another collection, with vectors of its encoder."""

    def __init__(
        self,
        source: Backend,
        target: Backend,
        encoder: Encoder,
        *,
        owner: str,
        open_medium: Callable[[Medium], Percept],
    ) -> None:
        """Begin with an empty copy.

        Args:
            source: The collection as it is; only read.
            target: An empty collection.
            encoder: Encoder of the target's space.
            owner: Owner of the records.
            open_medium: Makes the percept of a kept file.
        """
        self._source = source
        self._target = target
        self._encoder = encoder
        self._owner = owner
        self._open_medium = open_medium
        self._seen: dict[str, bytes] = {}  # fingerprint of each record as it was copied, by id
        self._failures: dict[str, Failure] = {}

    @property
    def result(self) -> Reembedded:
        """How many records were copied, and which could not be."""
        failures = sorted(self._failures.values(), key=lambda failure: failure.index)
        return Reembedded(len(self._seen) - len(failures), failures)

    def catch_up(self, progress: Progress | None = None) -> None:
        """Copy the records that are new or changed since the last call; remove those that are gone.

        Args:
            progress: Called after every page with how many records are done, and of how many.
        Raises:
            OperationCancelledError: The caller gave it up.
            StoreError: One of the two stores failed.
        """
        everything = Filter(self._owner)
        total = self._source.count(everything)
        found: set[str] = set()
        for page in pages(self._source, everything, limit=PAGE, vectors=()):
            check_cancelled()
            self._copy(page, first=len(found))
            found.update(point.id for point in page)
            if progress is not None:
                progress(len(found), total)
        self._remove(self._seen.keys() - found)

    def _copy(self, page: Sequence[StoredPoint], *, first: int) -> None:
        """Copy the records of a page, of which the first has the number `first`."""
        fingerprints = {point.id: _fingerprint(point) for point in page}
        changed = {name for name, now in fingerprints.items() if self._seen.get(name) != now}
        self._remove(changed & self._seen.keys())
        recipes: list[Recipe] = []
        for index, point in enumerate(page, first):
            if point.id not in changed:
                continue
            copied = _fitting(point, self._encoder.modalities)
            try:
                recipes.append((index, copied, _signals(record_of(copied), self._open_medium)))
            except SensoriumError as error:
                self._failures[point.id] = Failure(index, error)
        points, failures = _encode(recipes, self._encoder)
        self._target.upsert(points)
        self._failures |= failures
        self._seen |= {name: fingerprints[name] for name in changed}

    def _remove(self, records: Collection[str]) -> None:
        if not records:
            return
        names = tuple(records)
        points = Ids(names) | OneOf("part_of", names)
        self._target.delete(Filter(self._owner, points, parts=True))
        for name in names:
            del self._seen[name]
            self._failures.pop(name, None)


def _fingerprint(point: StoredPoint) -> bytes:
    payload = json.dumps(point.payload, sort_keys=True)
    return blake2b(payload.encode(), digest_size=16).digest()


def _fitting(point: StoredPoint, modalities: Collection[str]) -> StoredPoint:
    """Leave out sounds and films that an encoder does not know, unless they were given."""
    left: list[Mapping[str, Any]] = []
    gone: dict[str, str] = {}  # modalities by digest
    for fields in point.payload.get("media", ()):
        of = fields.get("of")
        if of is not None and (of in gone or fields["modality"] not in modalities):
            gone[fields["digest"]] = fields["modality"]
        else:
            left.append(fields)
    if not gone:
        return point
    there = {fields["modality"] for fields in left}
    lost = {*gone.values()} - there
    names = [name for name in point.payload["modalities"] if name not in lost]
    return replace(point, payload={**point.payload, "media": left, "modalities": names})


def _signals(record: Record, open_medium: Callable[[Medium], Percept]) -> list[Percept]:
    """Open the percepts of a record: its text, its media in order, what was found in them."""
    texts: list[Percept] = (
        [Text(record.text)] if "text" in record.modalities and record.text else []
    )
    others = [medium for medium in record.media if medium.modality != "text"]
    missing = [medium.modality for medium in others if medium.file is None]
    if missing:
        raise _not_kept(record, missing)
    without_signal = (
        {*record.modalities}
        - {"text" for _ in (*texts, *record.findings)}
        - {medium.modality for medium in others}
    )
    # Vectors that were passed without a percept have no signal to encode again.
    if without_signal:
        raise _not_kept(record, sorted(without_signal))
    found = (Text(finding.text) for finding in record.findings)
    return [*texts, *(open_medium(medium) for medium in others), *found]


def _not_kept(record: Record, modalities: Sequence[str]) -> MediaNotFoundError:
    return MediaNotFoundError(
        f"the record {record.id}, whose {', '.join(modalities)} was not kept",
        "all of its signals",
        "forget it, then remember it with keep_media=True, if its signals are at hand",
    )


def _encode(recipes: Sequence[Recipe], encoder: Encoder) -> tuple[list[Point], dict[str, Failure]]:
    encoded = iter(
        encode_passages(encoder, [each for _, _, percepts in recipes for each in percepts])
    )
    points: list[Point] = []
    failures: dict[str, Failure] = {}
    for index, point, percepts in recipes:
        results = [next(encoded) for _ in percepts]
        wrong = [result for result in results if isinstance(result, SensoriumError)]
        if wrong:
            failures[point.id] = Failure(index, wrong[0])
        else:
            encodings = [result for result in results if isinstance(result, Encoding)]
            points += _lay_out_again(point, percepts, encodings)
    return points, failures


def _lay_out_again(
    point: StoredPoint, percepts: Sequence[Percept], encodings: Sequence[Encoding]
) -> list[Point]:
    """Lay a record out again with new vectors; the rest of its payload stays."""
    record = record_of(point)
    before = [medium for medium in record.media if medium.modality != "text"]
    own = len(percepts) - len(record.findings)
    texts = own - len(before)
    digests = [*(percept.digest for percept in percepts[:texts]), *(m.digest for m in before)]
    kept = {
        index: {"file": m.file, "mime": m.mime, "bytes": m.bytes, "units": m.units, "of": m.of}
        for index, m in enumerate(before, texts)
    }
    uris = [*[None] * texts, *(medium.uri for medium in before)]  # not those of the media store
    media, rows = media_and_rows(percepts[:own], digests, encodings[:own], kept, uris=uris)
    left = {key: value for key, value in point.payload.items() if key not in DERIVED}
    payload, _, _ = taken_apart(left, {})
    if before or any(medium.rows > 1 for medium in media):
        payload |= {key: value for key, value in media_payload(media).items() if value}
    found = zip(record.findings, encodings[own:], strict=True)
    Findings.renewed(found, point.payload).lay_out(payload, rows)
    return spread_over_points(point.id, payload, rows)
