"""Changing and removing what is kept, without losing what was not meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from sensorium.encoders import Encoding, check_cancelled
from sensorium.encoders.encoder import all_encoded
from sensorium.encoders.passages import encode_passages
from sensorium.errors import QueryError, RecordError, show
from sensorium.memory.checks import (
    check_mapping,
    check_metadata,
    check_origin,
    check_percepts,
    check_place,
    check_several,
    check_tags,
    check_time,
    check_words,
    given_rows,
)
from sensorium.memory.filters import older
from sensorium.memory.holding.joining import CHAINED, Joined
from sensorium.memory.holding.links import SUPERSEDES, mend, settle
from sensorium.memory.holding.versions import keep_version, versions_of
from sensorium.memory.layout.derived import VIDEO, Derived, beside, with_derived, without
from sensorium.memory.layout.findings import Findings, taken_apart
from sensorium.memory.layout.lookup import find_record, find_records
from sensorium.memory.layout.parts import (
    CONTINUING,
    pages,
    rewrite_record,
    rows_of,
    stacked,
    without_orphans,
)
from sensorium.memory.layout.payload import (
    TEXT,
    end_of,
    media_and_rows,
    media_in,
    media_payload,
    place_payload,
    record_of,
)
from sensorium.memory.receipts import Sweep
from sensorium.memory.records import Medium, Origin, Record, Whereabouts
from sensorium.memory.shelf import Shelf
from sensorium.memory.writing import deriving
from sensorium.memory.writing.draft import given_encodings
from sensorium.memory.writing.files import FileKeeper, drop_files, is_named
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Condition, Either, Equal, Every, Filter, Ids, OneOf, Range
from sensorium.qdrant.points import Payload, StoredPoint, Vectors, from_iso, iso
from sensorium.qdrant.schema import PLACE, POSE

PAGE = 256  # points read in one request
DESCRIBED = [
    "hashes",
    "digest",
    "parts",
    *CHAINED,
]  # keys by which a removed record is described
Gone: TypeAlias = Callable[[Sequence[StoredPoint]], object]


@dataclass(frozen=True, eq=False)
class Changes:
    """What a call of `update` changes beside the percepts that join a record.

    Attributes:
        payload: Payload keys to write.
        clear: Payload keys to remove.
        vectors: Rows by modality that take the place of others; `None` if vectors are made.
        retain: Digests of the percepts that stay where vectors are given.
        new_text: Whether a text among the percepts replaces the record's words.
        history: Whether the record stays beside itself as it was.
    """

    payload: Payload
    clear: Sequence[str]
    vectors: Mapping[str, ArrayLike | None] | None
    retain: Collection[str] | None
    new_text: bool
    history: bool = False


@dataclass(frozen=True, eq=False)
class Added:
    """Percepts that join a record, with what takes long to make of them.

    Attributes:
        percepts: The percepts.
        digests: The digest of each percept.
        encodings: The encoding of each percept.
        files: What a `Medium` says of each file that was kept, by the index of its percept.
        derived: The sounds of the videos, and the films of the photos among them.
    """

    percepts: Sequence[Percept]
    digests: Sequence[str]
    encodings: Sequence[Encoding]
    files: Mapping[int, Mapping[str, Any]]
    derived: Sequence[Derived] = ()

    def describe(self, *, before: str = "") -> tuple[list[Medium], dict[str, Vectors]]:
        """Return their media and rows; `before` is the text that they follow."""
        own = (self.percepts, self.digests, self.encodings, self.files)
        return media_and_rows(*with_derived(*own, self.derived), before=before)


class Editor:
    """Changes and removes the records of one owner by id or by condition."""

    def __init__(self, shelf: Shelf) -> None:
        """Work on a shelf."""
        self._shelf = shelf
        self._owner = shelf.owner

    def update(
        self,
        name: str,
        percepts: Sequence[Percept] = (),
        *,
        text: str | None = None,
        payload: Payload,
        clear: Sequence[str],
        keep_media: bool | None,
        sound: bool | None = None,
        vectors: Mapping[str, ArrayLike | None] | None = None,
        retain: Collection[str] | None = None,
        history: bool = False,
    ) -> Record:
        """Change a record in one write: all that is asked for, or nothing.

        `payload` has the keys to write and `clear` those to remove; all other arguments, the result
        and the errors are those of `Memory.update`.
        """
        self._shelf.check_writable()
        check_percepts(percepts)
        if retain is not None and vectors is None:
            raise RecordError("retain without vectors", "both", "pass vectors={} if all rows stay")
        if retain is not None:
            check_several(retain, "digests of percepts that stay", "pass Medium.digest in a list")
            retain = frozenset(retain)
        if text is not None:
            percepts = [Text(check_words(text)), *percepts]
        record: Record | None = None
        while record is None:
            record = self._attempt(
                name,
                percepts,
                changes=Changes(
                    payload, clear, vectors, retain, new_text=text is not None, history=history
                ),
                keep_media=keep_media,
                sound=self._shelf.sound if sound is None else sound,
            )
        return record

    def _attempt(
        self,
        name: str,
        percepts: Sequence[Percept],
        *,
        changes: Changes,
        keep_media: bool | None,
        sound: bool,
    ) -> Record | None:
        """Change a record; return `None` if the encoder was exchanged meanwhile."""
        shelf = self._shelf
        with shelf.held():
            setup = shelf.setup
            find_record(setup.backend, self._owner, name)  # before anything is encoded
        # Other threads go on while percepts are encoded and their files are kept
        digests = [percept.digest for percept in percepts]
        encodings = given_encodings(percepts, {})
        derived: list[Derived] = []
        if percepts and changes.vectors is None:
            encodings = all_encoded(encode_passages(setup.encoder, percepts))
            modalities = setup.backend.schema.modalities
            found = deriving.beside(
                percepts, deriving.derivable(setup.encoder, modalities, sound=sound)
            )
            more = setup.encoder.try_encode([each.percept for each in found])
            derived = deriving.encoded(found, more)
        films = [each.percept for each in derived if each.percept.modality == VIDEO]
        signals = [*percepts, *films]  # a sound is in the file of its video
        with FileKeeper(shelf, keep_media) as files:
            added = Added(percepts, digests, encodings, files.keep(signals), derived)
            check_cancelled()
            # A record that is forgotten meanwhile does not come back
            with shelf.held():
                if shelf.setup is not setup:
                    return None
                added = replace(added, files=files.keep_dropped(signals, added.files))
                record = record_of(self._change(name, added, changes))
                if "expires_at" in changes.payload and record.supersedes:
                    settle(shelf.backend, self._owner, record.supersedes)
                files.settle()
                return record

    def _change(self, name: str, added: Added, changes: Changes) -> StoredPoint:
        """Write what changes, under the lock; return the record's point as it is now."""
        backend, clear = self._shelf.backend, changes.clear
        whole = bool(added.percepts) or changes.vectors is not None
        main = find_record(backend, self._owner, name, vectors=whole)
        payload = _with_times(changes.payload, main.payload)
        if changes.history:
            now = datetime.now(timezone.utc)
            payload = {**payload, SUPERSEDES: keep_version(backend, self._owner, name, now)}
        kept = {key: value for key, value in main.payload.items() if key not in clear}
        main = replace(main, payload=kept | payload)
        if changes.vectors is not None:
            return self._replace_rows(main, added, changes.vectors, changes.retain)
        if added.percepts:
            return self._add_percepts(main, added, new_text=changes.new_text)
        if payload or clear:
            points = Either((Ids((main.id,)), Equal("part_of", main.id)))
            backend.set_payload(Filter(self._owner, points, parts=True), payload, clear=clear)
        return main

    def _add_percepts(
        self,
        main: StoredPoint,
        joining: Added,
        *,
        new_text: bool,
    ) -> StoredPoint:
        """Add percepts to a record; a new text among them replaces the record's words."""
        main, rows, words = self._own(main)
        listed = _media_with_text(main.payload, rows)
        text = str(main.payload["page_content"])
        if new_text:
            text = ""
            rows.pop(TEXT, None)
            listed = [medium for medium in listed if medium.modality != TEXT]
        # What is given goes before what was derived
        listed, rows = without(listed, rows, {each.modality for each in joining.percepts})
        given = {medium.modality for medium in listed if medium.of is None}
        joining = replace(joining, derived=beside(joining.derived, given))
        added, added_rows = joining.describe(before=text)
        first_rows = _row_counts(listed)
        for modality, found in added_rows.items():
            own = [rows[modality]] if modality in rows else []
            rows[modality] = stacked([*own, found])
        listed += [
            replace(medium, row=medium.row + first_rows.get(medium.modality, 0)) for medium in added
        ]
        return self._rewrite(main, listed, rows, _lines(joining.percepts, after=text), words)

    def _own(self, main: StoredPoint) -> tuple[StoredPoint, dict[str, Vectors], Findings]:
        """Return a record with its own words alone, its rows, and what was found in it."""
        rows = rows_of(self._shelf.backend, self._owner, main)
        payload, rows, found = taken_apart(main.payload, rows)
        return replace(main, payload=payload), rows, found

    def _replace_rows(
        self,
        main: StoredPoint,
        joining: Added,
        vectors: Mapping[str, ArrayLike | None],
        retain: Collection[str] | None,
    ) -> StoredPoint:
        """Put given rows, and percepts, in the place of those of their modalities."""
        backend, space = self._shelf.backend, self._shelf.encoder.space
        check_mapping(vectors, backend.schema.modalities)
        removed = {modality for modality, rows in vectors.items() if rows is None}
        brought = {modality: rows for modality, rows in vectors.items() if rows is not None}
        given = given_rows(brought, space, backend.schema.modalities)
        main, own, found = self._own(main)
        added, _ = joining.describe()
        listed = _media_with_text(main.payload, own)
        staying, own = without(
            _staying(listed, added, retain),
            own,
            {medium.modality for medium in added},
            there={medium.digest for medium in added},
        )
        rows = {name: block for name, block in {**own, **given}.items() if name not in removed}
        # Rows belong to the first percept of their modality: an added one, if it brings rows.
        leading = [medium for medium in added if medium.modality in given]
        following = [medium for medium in added if medium.modality not in given]
        changed = {*given, *removed, *(percept.modality for percept in joining.percepts)}
        listed = _assign_rows([*leading, *staying, *following], rows, changed)
        text_stays = any(medium.modality == TEXT for medium in staying)
        text = str(main.payload["page_content"]) if text_stays else _lines(joining.percepts)
        try:
            return self._rewrite(main, listed, rows, text, found)
        finally:
            self._drop_files([main])

    def _rewrite(
        self,
        main: StoredPoint,
        media: Sequence[Medium],
        rows: dict[str, Vectors],
        text: str,
        found: Findings,
    ) -> StoredPoint:
        payload = {key: v for key, v in main.payload.items() if key not in ("media", "hashes")}
        if "id" not in payload:
            # The id follows from the first content: an import under another owner needs that.
            payload.setdefault("origin", payload["digest"])
        payload["digest"] = [medium.digest for medium in media if medium.of is None]
        payload |= {key: value for key, value in media_payload(media).items() if value}
        payload["page_content"] = text
        end = end_of(media, from_iso(payload["at"]))
        if iso(end) > payload.get("until", payload["at"]):
            payload["until"] = iso(end)
        found.among({medium.digest for medium in media}).lay_out(payload, rows)
        return rewrite_record(self._shelf.backend, main.id, payload, rows, owner=self._owner)

    def condition(
        self,
        ids: Sequence[str],
        condition: Condition | None,
        older_than: str | timedelta | None,
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

    def forget(self, condition: Condition | None, *, gone: Gone | None = None) -> int:
        """Remove the records that fulfil a condition, with their files; return how many.

        Each round removes the first page, so a call that is cut short can be repeated.

        Args:
            condition: The condition; `None` means all records.
            gone: Called with the points of each page; their files are then left to the caller.
        """
        self._shelf.check_writable()
        keys = ["hashes", *CHAINED] if gone is None else DESCRIBED
        removed = 0
        chosen = Filter(self._owner, condition)
        with self._shelf.held():
            backend = self._shelf.backend
            while page := backend.scroll(chosen, limit=PAGE, payload=keys).points:
                removed += len(page)
                points = [*page, *versions_of(backend, self._owner, page, keys)]
                ids = tuple(point.id for point in points)
                with_parts = Either((Ids(ids), OneOf("part_of", ids)))
                joined = Joined(backend, self._owner, points)
                joined.join()
                try:
                    backend.delete(Filter(self._owner, with_parts, parts=True))
                    joined.part()
                    settle(backend, self._owner, joined.former, by=joined.later)
                finally:
                    (self._drop_files if gone is None else gone)(points)
            if condition is None:  # points that continue no record, too
                backend.delete(Filter(self._owner, parts=True))
        return removed

    def forget_media(self, condition: Condition | None, *, gone: Gone | None = None) -> int:
        """Remove the files of the records that fulfil a condition; their vectors stay.

        The arguments are those of `forget`.
        """
        self._shelf.check_writable()
        changed = 0
        keys = ["media", *DESCRIBED]
        chosen = Filter(self._owner, condition)
        with self._shelf.held():
            for page in pages(self._shelf.backend, chosen, limit=PAGE, payload=keys):
                kept = [point for point in page if point.payload.get("hashes")]
                try:
                    for point in kept:
                        self._unname_files(point)
                        changed += 1
                finally:
                    (self._drop_files if gone is None else gone)(kept)
        return changed

    def _unname_files(self, point: StoredPoint) -> None:
        """Write a record without the names of its files."""
        bare = [
            replace(medium, file=None, mime=None, bytes=0, units={})
            for medium in media_in(point.payload)
        ]
        own = Filter(self._owner, Ids((point.id,)))
        media = media_payload(bare)["media"]
        self._shelf.backend.set_payload(own, {"media": media}, clear=["hashes"])

    def _drop_files(self, points: Sequence[StoredPoint]) -> None:
        drop_files(
            self._shelf, (name for point in points for name in point.payload.get("hashes", ()))
        )

    def sweep(self) -> Sweep:
        """Remove expired records, and the points and files that interrupted calls have left."""
        records = self.forget(Range("expires_at", lte=datetime.now(timezone.utc)))
        with self._shelf.held():
            self.drop_stray_parts()
            mend(self._shelf.backend, self._owner)
        return replace(self.sweep_media(), records=records)

    def sweep_media(self) -> Sweep:
        """Remove the files that interrupted calls have left, and no record."""
        media = self._shelf.media
        if media is None:
            return Sweep(0, 0)
        named = self.named_files()
        # Held from looking whether a record names a file to dropping it
        with self._shelf.held():
            return media.sweep(lambda name: name in named or is_named(self._shelf, name))

    def named_files(self) -> set[str]:
        """Return the names of all files that a record names."""
        everything = Filter(self._owner, parts=True)
        return {
            name
            for page in pages(self._shelf.backend, everything, limit=PAGE, payload=["hashes"])
            for point in page
            for name in point.payload.get("hashes", ())
        }

    def drop_stray_parts(self) -> None:
        """Remove points that continue a record which is gone, or is shorter now."""
        backend = self._shelf.backend
        parts = Filter(self._owner, CONTINUING, parts=True)
        for page in pages(backend, parts, limit=PAGE, payload=["part_of", "part"]):
            rightful = without_orphans(backend, page, owner=self._owner)
            stray = {point.id for point in page} - {point.id for point in rightful}
            if stray:
                backend.delete(Filter(self._owner, Ids(tuple(stray)), parts=True))


def changes(
    *,
    tags: Sequence[str] | None,
    metadata: Mapping[str, Any] | None,
    source: str | None,
    expires_at: datetime | None,
    place: Whereabouts | tuple[()] | None = None,
    at: datetime | None = None,
    origin: Origin | None = None,
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
            raise RecordError(f"source={show(source)}", "text", "write where it came from")
        payload["source"] = source
    if expires_at is not None:
        check_time("expires_at", expires_at)
        payload["expires_at"] = iso(expires_at)
    if at is not None:
        check_time("at", at)
        payload["at"] = iso(at)
    check_origin(origin)
    if origin is not None:
        payload["provenance"] = origin
    if place == ():
        payload |= {PLACE: None, POSE: None}
    elif (where := check_place(place)) is not None:  # on Earth, or in a frame: never both
        payload |= {PLACE: None, POSE: None} | place_payload(where)
    empty = [key for key, value in payload.items() if not value]
    return {key: value for key, value in payload.items() if value}, empty


def _with_times(payload: Payload, stored: Payload) -> Payload:
    """Return what is written, with the other times of a record that begins at another time.

    It is as long, and was remembered when it was.

    Raises:
        RecordError: It would end beyond the calendar.
    """
    if "at" not in payload:
        return payload
    payload = {"created_at": stored["at"], **payload}
    if "created_at" in stored:
        payload["created_at"] = stored["created_at"]
    if "until" not in stored:
        return payload
    length = from_iso(stored["until"]) - from_iso(stored["at"])
    try:
        return {**payload, "until": iso(from_iso(payload["at"]) + length)}
    except OverflowError as error:
        raise RecordError(
            f"at={payload['at']} of a memory of {length}",
            "an end before the year 10000",
            "correct it",
        ) from error


def _media_with_text(payload: Payload, rows: Mapping[str, Vectors]) -> list[Medium]:
    """List all percepts of a record: also its only text, which a payload does not list."""
    media, text = media_in(payload), str(payload["page_content"])
    if media or not text:
        return media
    spans = [[0, len(text)]]
    return [Medium(TEXT, payload["digest"][0], rows=len(rows.get(TEXT, ())), spans=spans)]


def _staying(
    listed: Sequence[Medium], added: Sequence[Medium], retain: Collection[str] | None
) -> list[Medium]:
    """Return which media of a record stay: those to retain, or else those of other modalities.

    What was derived of them is among them.
    """
    modalities = {medium.modality for medium in added}
    # An added percept takes the place of its equal, and an added text that of all words.
    digests = {medium.digest for medium in added}

    def stays(medium: Medium) -> bool:
        if medium.of is not None:
            return True
        if retain is None:
            return medium.modality not in modalities
        return (
            medium.digest in retain
            and medium.digest not in digests
            and not (medium.modality == TEXT and TEXT in modalities)
        )

    return [medium for medium in listed if stays(medium)]


def _lines(percepts: Sequence[Percept], *, after: str = "") -> str:
    texts = [percept.text for percept in percepts if isinstance(percept, Text)]
    return "\n".join([after, *texts] if after else texts)


def _assign_rows(
    media: Sequence[Medium], rows: Mapping[str, Vectors], modalities: Collection[str]
) -> list[Medium]:
    """Give all rows of some modalities, which came without percepts, to their first percepts."""
    unassigned = {modality: len(found) for modality, found in rows.items()}
    return [
        replace(medium, row=0, rows=unassigned.pop(medium.modality, 0), spans=())
        if medium.modality in modalities
        else medium
        for medium in media
    ]


def _row_counts(media: Sequence[Medium]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for medium in media:
        counts[medium.modality] = counts.get(medium.modality, 0) + medium.rows
    return counts
