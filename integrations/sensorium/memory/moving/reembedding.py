"""Making the vectors anew with another encoder, from the signals that were kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from sensorium.encoders import Encoder, Encoding, check_cancelled
from sensorium.errors import MediaNotFoundError, RecordError, SensoriumError, StoreError
from sensorium.memory.layout.parts import pages, spread_over_points
from sensorium.memory.layout.payload import media_and_rows, media_payload, record_of
from sensorium.memory.media.signals import open_medium
from sensorium.memory.records import Failure, Medium, Progress, Record, Reembedded
from sensorium.memory.shelf import Shelf
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Backend, CollectionSchema, Filter
from sensorium.qdrant.points import Payload, Point, StoredPoint

Recipe: TypeAlias = "tuple[int, StoredPoint, list[Percept]]"  # place, point, its signals
PAGE = 64  # records encoded together
DERIVED = frozenset({"media", "hashes"})  # made anew with the vectors


def reembed(
    shelf: Shelf,
    encoder: Encoder,
    *,
    invalidate: Callable[[], None],
    drop: bool,
    progress: Progress | None = None,
) -> Reembedded:
    """Build a collection of another encoder's vectors and put it in the place of a shelf's.

    Args:
        shelf: The memory; recalls go on meanwhile, what would write waits.
        encoder: The encoder of the new vectors.
        invalidate: Drops the sample of vectors that the memory is calibrated by.
        drop: Leave out records that cannot be made anew; otherwise nothing is changed.
        progress: Called after every page with how many records are done, and of how many.
    Raises:
        OperationCancelledError: The caller gave it up.
        RecordError: Some records cannot be made anew.
        StoreError: Other owners' memories are in the collection, or a store as a whole failed.
    """
    with shelf.lock:  # what was remembered or forgotten meanwhile would come to nothing
        old = shelf.backend
        check_alone(old, shelf.owner)
        new = old.sibling(CollectionSchema.for_space(encoder.space, modalities=encoder.modalities))
        try:
            result = reembed_records(
                old,
                new,
                encoder,
                owner=shelf.owner,
                open_medium=partial(open_medium, shelf.media),
                progress=progress,
            )
            check_complete(result, drop=drop)
        except BaseException:
            new.discard()
            raise
        # Before: a crash must not leave a sample of the old vectors beside the new ones.
        # After: a recall may have drawn one until the switch.
        invalidate()
        shelf.exchange(old.switch(new), encoder)
        invalidate()
    return result


def reembed_records(
    source: Backend,
    target: Backend,
    encoder: Encoder,
    *,
    owner: str,
    open_medium: Callable[[Medium], Percept],
    progress: Progress | None = None,
) -> Reembedded:
    """Write every record of an owner to another collection, with vectors of its encoder.

    Args:
        source: The collection as it is; only read.
        target: An empty collection, or one that an interrupted call filled in part; points already
            written are written again.
        encoder: Encoder of the target's space.
        owner: Owner of the records.
        open_medium: Makes the percept of a kept file.
        progress: Called after every page with how many records are done, and of how many.
    Raises:
        OperationCancelledError: The caller gave it up.
        StoreError: One of the two stores failed.
    """
    records, failures = 0, list[Failure]()
    total = source.count(Filter(owner))
    for page in pages(source, Filter(owner), limit=PAGE, vectors=()):
        check_cancelled()
        recipes: list[Recipe] = []
        for index, point in enumerate(page, records):
            try:
                recipes.append((index, point, _signals(record_of(point), open_medium)))
            except SensoriumError as error:
                failures.append(Failure(index, error))
        points, wrong = _encode(recipes, encoder)
        target.upsert(points)
        failures += wrong
        records += len(page)
        if progress is not None:
            progress(records, total)
    return Reembedded(records - len(failures), failures)


def _signals(record: Record, open_medium: Callable[[Medium], Percept]) -> list[Percept]:
    """Open the percepts of a record: its text, then its media in their order."""
    texts: list[Percept] = [Text(record.text)] if "text" in record.modalities else []
    others = [medium for medium in record.media if medium.modality != "text"]
    missing = [medium.modality for medium in others if medium.file is None]
    if missing:
        raise _not_kept(record, missing)
    without_signal = (
        {*record.modalities} - {"text" for _ in texts} - {medium.modality for medium in others}
    )
    # Vectors that were passed without a percept have no signal to encode again.
    if without_signal:
        raise _not_kept(record, sorted(without_signal))
    return [*texts, *(open_medium(medium) for medium in others)]


def _not_kept(record: Record, modalities: Sequence[str]) -> MediaNotFoundError:
    return MediaNotFoundError(
        f"the record {record.id}, whose {', '.join(modalities)} was not kept",
        "all of its signals",
        "forget it, then remember it with keep_media=True, if its signals are at hand",
    )


def _encode(recipes: Sequence[Recipe], encoder: Encoder) -> tuple[list[Point], list[Failure]]:
    encoded = iter(
        encoder.try_encode([percept for _, _, percepts in recipes for percept in percepts])
    )
    points: list[Point] = []
    failures: list[Failure] = []
    for index, point, percepts in recipes:
        results = [next(encoded) for _ in percepts]
        wrong = [result for result in results if isinstance(result, SensoriumError)]
        if wrong:
            failures.append(Failure(index, wrong[0]))
        else:
            encodings = [result for result in results if isinstance(result, Encoding)]
            points += _lay_out_again(point, percepts, encodings)
    return points, failures


def _lay_out_again(
    point: StoredPoint, percepts: Sequence[Percept], encodings: Sequence[Encoding]
) -> list[Point]:
    """Lay a record out again with new vectors; the rest of its payload stays."""
    before = [medium for medium in record_of(point).media if medium.modality != "text"]
    texts = len(percepts) - len(before)
    digests = [*(percept.digest for percept in percepts[:texts]), *(m.digest for m in before)]
    kept = {
        index: {"file": m.file, "mime": m.mime, "bytes": m.bytes, "units": m.units}
        for index, m in enumerate(before, texts)
    }
    uris = [*[None] * texts, *(medium.uri for medium in before)]  # not those of the media store
    media, rows = media_and_rows(percepts, digests, encodings, kept, uris=uris)
    payload: Payload = {k: value for k, value in point.payload.items() if k not in DERIVED}
    if before or any(medium.rows > 1 for medium in media):
        payload |= {key: value for key, value in media_payload(media).items() if value}
    return spread_over_points(point.id, payload, rows)


def check_alone(backend: Backend, owner: str) -> None:
    """Refuse to switch a collection that holds other owners' memories, too.

    Raises:
        StoreError: It does.
    """
    if backend.stats()["points"] != backend.count(Filter(owner, parts=True)):
        raise StoreError(
            f"a collection in which not all points are of {owner!r}",
            "a collection of one owner: all of it changes its encoder at once",
            "export each owner's memory, and import it into a memory of the new encoder",
        )


def check_complete(result: Reembedded, *, drop: bool) -> None:
    """Refuse to lose records that could not be made anew.

    Raises:
        RecordError: There are some, and they may not be dropped.
    """
    if result.failures and not drop:
        first = result.failures[0].error
        raise RecordError(
            f"{len(result.failures)} records that cannot be made anew; the first: {first}",
            "all signals of all records",
            "forget those records, or pass drop=True to leave them out; nothing was changed",
        )
