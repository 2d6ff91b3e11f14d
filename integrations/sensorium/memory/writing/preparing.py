"""What a record needs before it is written, and takes long: vectors, and the files of its percepts.

None of it looks at what the memory holds, so other threads go on meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from sensorium.encoders import Encoder, Encoding, check_cancelled
from sensorium.encoders.passages import encode_passages
from sensorium.enrich import Enricher
from sensorium.enrich.subtitles import Subtitles
from sensorium.errors import BatchError, SensoriumError
from sensorium.memory.layout.derived import VIDEO, Derived
from sensorium.memory.layout.findings import Findings
from sensorium.memory.layout.payload import media_in
from sensorium.memory.layout.points import Draft
from sensorium.memory.writing.deriving import beside, encoded
from sensorium.memory.writing.draft import given_encodings
from sensorium.memory.writing.enriching import Words, encode_words, look_through
from sensorium.memory.writing.files import FileKeeper, KeepsFiles
from sensorium.percepts import Percept, Video
from sensorium.qdrant.points import StoredPoint

logger = logging.getLogger(__name__)

NO_WORDS = Words()

Encoded: TypeAlias = "tuple[list[Encoding], list[Derived]]"  # of percepts, and beside them


class Prepared(NamedTuple):
    """The vectors and the files of one draft.

    Attributes:
        encodings: The encoding of each percept.
        files: What a `Medium` says of each file that was kept, by the index of its percept.
        findings: Words that were found in the percepts.
        derived: The sounds of the videos, and the films of the photos among them.
    """

    encodings: Sequence[Encoding]
    files: Mapping[int, Mapping[str, Any]]
    findings: Findings
    derived: Sequence[Derived] = ()


class Kept(NamedTuple):
    """What there is of one draft before the words that were found in it are encoded."""

    encodings: Sequence[Encoding]
    files: Mapping[int, Mapping[str, Any]]
    words: Words
    derived: Sequence[Derived]


def prepare(
    drafts: Mapping[int, Draft],
    encoder: Encoder,
    files: KeepsFiles,
    enrichers: Sequence[Enricher] = (),
    *,
    derivable: Collection[str] = (),
) -> dict[int, Prepared | SensoriumError]:
    """Encode the percepts of drafts in one batch, keep their files, and find words in them.

    Args:
        drafts: The drafts, by any numbers. Those whose id follows from the same content share what
            is prepared.
        encoder: The encoder of the memory.
        files: Keeps the files.
        enrichers: What finds words; those of a draft that brings vectors are not looked for.
        derivable: Modalities of what is encoded beside the percepts; see `deriving.beside`.
    Returns:
        By the same numbers: what was prepared, or the error of the first percept that failed.
    Raises:
        OperationCancelledError: The caller gave it up.
    """
    leaders: dict[str, int] = {}
    leader_of = {
        index: leaders.setdefault(draft.point, index)
        for index, draft in drafts.items()
        if draft.moment.id is None
    }
    first = {i: draft for i, draft in drafts.items() if leader_of.get(i, i) == i}
    prepared: dict[int, Prepared | SensoriumError] = {}
    results = _encode([*first.values()], encoder, derivable)
    kept: dict[int, Kept] = {}
    for (index, draft), made in zip(first.items(), results, strict=True):
        check_cancelled()
        held = made if isinstance(made, SensoriumError) else _keep(draft, made, files, enrichers)
        if isinstance(held, SensoriumError):
            prepared[index] = held
        else:
            kept[index] = held
    words = encode_words([each.words for each in kept.values()], encoder)
    for (index, each), findings in zip(kept.items(), words, strict=True):
        prepared[index] = Prepared(each.encodings, each.files, findings, each.derived)
    others: dict[int, Draft] = {}
    for index, leader in leader_of.items():
        found = prepared[leader]
        if index != leader and isinstance(found, Prepared):
            prepared[index] = found
        elif index != leader:  # it may be read from another place
            others[index] = drafts[index]
    if others:
        prepared |= prepare(others, encoder, files, enrichers, derivable=derivable)
    return prepared


def keep_dropped(
    drafts: Mapping[int, Draft],
    prepared: Mapping[int, Prepared | SensoriumError],
    files: FileKeeper,
) -> dict[int, Prepared | SensoriumError]:
    """Keep those files again that another process dropped since; see `FileKeeper.keep_dropped`.

    Args:
        drafts: The drafts that are about to be written, by any numbers.
        prepared: What was prepared of them, by the same numbers.
        files: Keeps the files.
    Returns:
        What is prepared of them now.
    """
    again: dict[int, Prepared | SensoriumError] = {}
    for index, draft in drafts.items():
        made = prepared[index]
        if isinstance(made, Prepared) and made.files:
            try:
                made = made._replace(
                    files=files.keep_dropped(_with(draft, made.derived), made.files)
                )
            except SensoriumError as error:
                made = error
        again[index] = made
    return again


def keep_again(files: FileKeeper, drafts: Collection[Draft], stored: Sequence[StoredPoint]) -> None:
    """Keep the files once more that records of the same content have lost.

    Args:
        files: Keeps the files.
        drafts: Drafts of what is known already.
        stored: The points of these records, with their media.
    """
    if files.media is None:
        return
    drafted = {draft.point: draft for draft in drafts}
    for point in stored:
        draft = drafted[point.id]
        try:
            lost = {
                medium.digest
                for medium in media_in(point.payload)
                if medium.file and not files.media.intact(medium.file, medium.bytes)
            }
            again = [*draft.percepts]
            if lost.difference(draft.digests):
                again += [film.percept for film in beside(draft.percepts, {VIDEO})]
            files.keep([percept for percept in again if percept.digest in lost])
        except SensoriumError as error:  # the record is there all the same
            logger.warning("sensorium: a lost file of %s was not restored: %s", draft.id, error)


def _keep(
    draft: Draft,
    made: Encoded,
    files: KeepsFiles,
    enrichers: Sequence[Enricher],
) -> Kept | SensoriumError:
    encodings, derived = made
    if not derived and not enrichers and not any(isinstance(p, Video) for p in draft.percepts):
        try:
            return Kept(encodings, files.keep(draft.percepts), NO_WORDS, ())
        except SensoriumError as error:
            return error
    asked = [*subtitles_of(draft.percepts), *enrichers] if draft.vectors is None else ()
    # A film has a file of its own; a sound is in that of its video
    films = [each for each in derived if each.percept.modality == VIDEO]
    of = {percept.digest: percept.modality for percept in _with(draft, derived)}
    sources = {each.percept.digest: of[each.of] for each in derived}
    try:
        kept = files.keep(_with(draft, films))
        pairs = [(percept.digest, percept) for percept in _with(draft, derived)]
        words = look_through(pairs, asked, derived=sources)
        return Kept(encodings, kept, words, derived)
    except SensoriumError as error:
        return error


def subtitles_of(percepts: Sequence[Percept]) -> list[Enricher]:
    """Return what finds the subtitles of some percepts: nothing if they have none."""
    has_some = any(isinstance(percept, Video) and percept.subtitles for percept in percepts)
    return [Subtitles()] if has_some else []


def _with(draft: Draft, derived: Sequence[Derived]) -> list[Percept]:
    return [*draft.percepts, *(each.percept for each in derived)]


def _encode(
    drafts: Sequence[Draft], encoder: Encoder, derivable: Collection[str]
) -> list[Encoded | SensoriumError]:
    """Encode the percepts of all drafts in one batch; a draft fails with its percept."""
    found = [beside(d.percepts, derivable) if d.vectors is None else [] for d in drafts]
    percepts = [
        percept
        for draft, more in zip(drafts, found, strict=True)
        if draft.vectors is None
        for percept in (*draft.percepts, *(each.percept for each in more))
    ]
    stream = iter(encode_passages(encoder, percepts) if percepts else ())
    results: list[Encoded | SensoriumError] = []
    for draft, more in zip(drafts, found, strict=True):
        if draft.vectors is not None:
            results.append((given_encodings(draft.percepts, draft.vectors), []))
            continue
        own = _all_or_error(list(islice(stream, len(draft.percepts))), draft)
        others = list(islice(stream, len(more)))
        if isinstance(own, SensoriumError):
            results.append(own)
        else:
            results.append((own, encoded(more, others)))
    return results


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
