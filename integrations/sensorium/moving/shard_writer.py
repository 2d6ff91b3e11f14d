"""Rows in, a shard out: what each worker of a distributed run does with its share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from sensorium.encoders import Encoder, check_cancelled
from sensorium.encoders.source import EncoderSource
from sensorium.enrich import Enricher, Enrichers, load_enricher, named_enrichers
from sensorium.errors import EncodingError, OperationCancelledError, SensoriumError
from sensorium.memory import Moment
from sensorium.memory.checks import check_kind, check_several, given_rows
from sensorium.memory.layout.points import Draft, points_of
from sensorium.memory.moving.parquet import pyarrow
from sensorium.memory.moving.shards import (
    MediaWriter,
    NotedFailure,
    ShardNotes,
    read_shard,
    read_shards,
    shard_name,
    write_shard,
)
from sensorium.memory.writing.clock import MomentClock
from sensorium.memory.writing.deriving import derivable
from sensorium.memory.writing.draft import draft_moment, each_moment
from sensorium.memory.writing.preparing import prepare
from sensorium.moving.rows import Row, in_own_words, read_row, row_key, row_name
from sensorium.moving.tries import FATAL, Tries
from sensorium.percepts import Percept
from sensorium.qdrant import CollectionSchema, Point
from sensorium.qdrant.filters import check_owner

MomentsOfRow: TypeAlias = "Callable[[Row], Moment | Percept | Iterable[Moment | Percept] | None]"
ROUND = 64  # moments that are encoded together


@dataclass(frozen=True)
class RowFailure:
    """A row, or a part of it, that could not be encoded.

    Attributes:
        row: What the row is called: its path, its id, its text, or its key.
        error: Name of the class of the error.
        message: What the error said.
        partial: Whether other parts of the row are in a shard, which notes this failure, too.
    """

    row: str
    error: str
    message: str
    partial: bool = False

    def __str__(self) -> str:
        return f"{self.row}: {self.error}: {self.message}"


@dataclass(frozen=True)
class ShardReport:
    """What became of some rows.

    Attributes:
        rows: Number of rows that were passed.
        known: How many of them were in a finished shard already; they were not computed again.
        shard: Name of the shard that was written; `None` if there was nothing to write.
        failures: Rows, and parts of rows, that could not be encoded.
    """

    rows: int
    known: int
    shard: str | None = None
    failures: Sequence[RowFailure] = ()


class FinishedRows:
    """Keys of rows that are in finished shards, in 32 bytes each: there may be millions."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Take the keys."""
        self._sorted = np.unique(np.fromiter((key.encode() for key in keys), "S32"))

    def __contains__(self, key: object) -> bool:
        wanted = np.bytes_(str(key).encode())
        place = int(np.searchsorted(self._sorted, wanted))
        return place < len(self._sorted) and bool(self._sorted[place] == wanted)

    def __len__(self) -> int:
        return len(self._sorted)


class _Opened(NamedTuple):
    """What is opened when the first rows come."""

    encoder: Encoder
    schema: CollectionSchema
    enrichers: Sequence[Enricher]
    notes: ShardNotes


@dataclass
class _Shard:
    """What a shard will hold, and the folder for the content of its rows."""

    scratch: Path
    points: dict[str, list[Point]] = field(default_factory=dict)  # of each record
    encoded: set[int] = field(default_factory=set)  # rows of which there is something
    failures: list[tuple[int, RowFailure]] = field(default_factory=list)

    def fail(self, index: int, row: Row, error: Exception) -> None:
        """Note that a row, or a part of it, cannot be encoded."""
        found = _failure(row, error)
        message = in_own_words(found.message, row, self.scratch)
        self.failures.append((index, replace(found, message=message)))


class ShardWriter:
    """Encodes rows and writes them as shards of an export; `join_shards` makes it whole.

    A shard is written whole or not at all, under a name that follows from its rows, and says which
    rows it was made from: these are not computed again. A row of which nothing could be encoded is
    in no shard, so it is tried again. Objects of several processes may write to one directory, and
    an object can be pickled for them.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        owner: str,
        encoder: str | Encoder = "sensorium-mini",
        moments: MomentsOfRow | None = None,
        keep_media: bool = True,
        enrich: Enrichers = False,
        sound: bool = True,
    ) -> None:
        """Write to a directory; nothing is opened before the first rows come.

        Args:
            directory: A new directory, or one that shards were written to by the same arguments.
            owner: Owner of the records. Whoever imports them may give them another one.
            encoder: An encoder, or the name of one.
            moments: Returns what to remember of a row; nothing is no failure. By default a row is
                one of `list_files`, or has `"bytes"` and `"path"`, as Ray's `read_binary_files`
                makes them, or a `"path"`, or a `"text"`.
            keep_media: Keep the signals themselves, in the folder `media` of the directory.
            enrich: Find the words in what is remembered; see `sensorium.enrich`.
            sound: Remember the sound of a video with it.
        Raises:
            ArgumentTypeError: `directory` is not a path, or `moments` is not a function.
            OwnerError: `owner` is not a valid name.
            UnknownEncoderError: `encoder` is neither an encoder nor the name of one.
            PerceptFormatError: `enrich` names an enricher that is not known.
            MissingExtraError: pyarrow is not installed.
        """
        pyarrow()
        check_kind(directory, (str, Path), "a directory", "pass its path")
        if moments is not None and not callable(moments):
            check_kind(moments, type(check_kind), "a function of a row", "pass moments=function")
        self.directory = Path(directory).expanduser().absolute()
        self.owner = check_owner(owner)
        self._source = EncoderSource(encoder)
        self._moments = moments
        self._keep_media = keep_media
        self._wishes = named_enrichers(enrich)
        self._sound = sound
        self._finished: FinishedRows | None = None
        self._clock = MomentClock()
        self._written: set[str] = set()  # keys of the rows that this object has finished

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what each process opens for itself."""
        own = {"_opened", "_known_rows", "_clock", "_written"}
        return {name: value for name, value in vars(self).items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _clock=MomentClock(), _written=set())

    @property
    def settings(self) -> dict[str, Any]:
        """What the shards were encoded with, beside encoder and owner; JSON-ready."""
        words = [each if isinstance(each, str) else each.by for each in self._wishes]
        return {"keep_media": self._keep_media, "enrich": words, "sound": self._sound}

    def write(self, rows: Sequence[Row]) -> ShardReport:
        """Encode rows and write them as one shard; rows in finished shards are left out.

        Raises:
            ExportFormatError: The directory has shards that were made in another way.
            StoreFullError: The disk has no room; nothing of the shard is there.
            WeightsError: The weights of the encoder are not on this machine.
            MissingExtraError: A package that the encoder or an enricher needs is not installed.
        """
        check_several(rows, "rows", "pass a list of mappings")
        finished, own = self._known_rows, self._written
        keys: dict[int, str] = {}
        failures: list[RowFailure] = []
        for index, row in enumerate(rows):
            try:
                keys[index] = row_key(row)
            except OSError as error:
                failures.append(_failure(row, error))
        left = {index: key for index, key in keys.items() if key not in finished and key not in own}
        path = self.directory / shard_name(left.values())
        if left and path.exists():  # somebody who wrote it did not live to tell
            written = set(read_shard(path).rows)
            left = {index: key for index, key in left.items() if key not in written}
        known = len(keys) - len(left)
        shard = self._encode(rows, left)
        failures += [
            replace(each, partial=index in shard.encoded) for index, each in shard.failures
        ]
        if not shard.encoded:
            return ShardReport(len(rows), known, None, failures)
        name = shard_name(left.values())
        done = [left[index] for index in sorted(shard.encoded)]
        self._write(name, shard, done)
        own.update(done)
        return ShardReport(len(rows), known, name, failures)

    def known_rows(self) -> FinishedRows:
        """Return the keys of the rows that are in finished shards now.

        Raises:
            ExportFormatError: A shard is damaged, or was made with other arguments.
        """
        keys: list[str] = []
        for _, notes in read_shards(self.directory):
            same = {"owner": self.owner, "settings": self.settings}
            notes.check_same(notes.model_copy(update=same), self.directory)
            keys += notes.rows
        return FinishedRows(keys)

    def knowing(self, finished: FinishedRows) -> ShardWriter:
        """Return the same writer, which does not look for finished shards itself."""
        other = copy(self)
        other._finished = finished
        return other

    def notes(self) -> ShardNotes:
        """Return what all of its shards say; the encoder is opened."""
        return self._opened.notes

    @cached_property
    def _known_rows(self) -> FinishedRows:
        return self.known_rows() if self._finished is None else self._finished

    @cached_property
    def _opened(self) -> _Opened:
        encoder = self._source.encoder
        schema = CollectionSchema.for_space(encoder.space, modalities=encoder.modalities)
        enrichers = [load_enricher(w) if isinstance(w, str) else w for w in self._wishes]
        notes = ShardNotes(
            schema=schema.to_dict(), owner=self.owner, settings=self.settings, rows=[]
        )
        first = next((each for _, each in read_shards(self.directory)), None)
        if first is not None:
            first.check_same(notes, self.directory)
        return _Opened(encoder, schema, enrichers, notes)

    def _write(self, name: str, shard: _Shard, keys: Sequence[str]) -> None:
        opened = self._opened
        noted = [
            NotedFailure(row=each.row, error=each.error, message=each.message)
            for index, each in shard.failures
            if index in shard.encoded
        ]
        notes = opened.notes.model_copy(update={"rows": list(keys), "failures": noted})
        points = [point for record in shard.points.values() for point in record]
        write_shard(self.directory, name, points, opened.schema.modalities, notes)

    def _encode(self, rows: Sequence[Row], keys: Mapping[int, str]) -> _Shard:
        """Encode the rows that have keys: some together, or one by one if that ended a process."""
        with (
            TemporaryDirectory(prefix="sensorium-") as scratch,
            Tries(self.directory, shard_name(keys.values())) as tries,
        ):
            shard = _Shard(Path(scratch))
            if not tries.careful:
                self._add_rows({index: rows[index] for index in keys}, shard)
                return shard
            for index, key in keys.items():
                if tries.is_fatal(key):
                    shard.fail(index, rows[index], _ended())
                    continue
                tries.begin(key)
                self._add_rows({index: rows[index]}, shard)
                tries.end(key)
        return shard

    def _add_rows(self, rows: Mapping[int, Row], shard: _Shard) -> None:
        """Encode rows, some moments at a time."""
        moments = self._moments_of(rows, shard)
        while batch := list(islice(moments, ROUND)):
            check_cancelled()
            self._add(batch, rows, shard)

    def _moments_of(self, rows: Mapping[int, Row], shard: _Shard) -> Iterator[tuple[int, Moment]]:
        """Yield the moments of rows, each with the index of its row; note what cannot be read."""
        for index, row in rows.items():
            failed = len(shard.failures)
            empty = True

            def note(_: Path, error: Exception, index: int = index, row: Row = row) -> None:
                shard.fail(index, row, error)

            try:
                for moment in self._of_row(row, shard.scratch, note):
                    empty = False
                    yield index, moment
            except OperationCancelledError:
                raise
            except Exception as error:  # whatever the function of the caller raises: of one row
                note(Path(), error)
            if empty and len(shard.failures) == failed:
                shard.encoded.add(index)  # there is nothing to remember of it

    def _of_row(
        self, row: Row, scratch: Path, note: Callable[[Path, Exception], None]
    ) -> Iterator[Moment]:
        if self._moments is None:
            return each_moment(read_row(row, scratch, note))
        given = self._moments(row)
        if given is None or isinstance(given, (Moment, Percept)):
            given = [] if given is None else [given]
        return each_moment(given)

    def _add(
        self, batch: Sequence[tuple[int, Moment]], rows: Mapping[int, Row], shard: _Shard
    ) -> None:
        """Encode some moments, and add their points."""
        opened, now = self._opened, datetime.now(timezone.utc)
        modalities = opened.schema.modalities
        drafts: dict[int, Draft] = {}

        def fail(number: int, error: Exception) -> None:
            index = batch[number][0]
            shard.fail(index, rows[index], error)

        for number, (_, moment) in enumerate(batch):
            try:
                drafts[number] = self._draft(moment, now)
            except SensoriumError as error:
                fail(number, error)
        prepared = prepare(
            drafts,
            opened.encoder,
            MediaWriter(self.directory, keep=self._keep_media),
            opened.enrichers,
            derivable=derivable(opened.encoder, modalities, sound=self._sound),
        )
        for number, draft in drafts.items():
            made = prepared[number]
            if isinstance(made, SensoriumError):
                fail(number, made)
                continue
            shard.encoded.add(batch[number][0])
            if draft.moment.id is None and draft.point in shard.points:
                continue  # the same content
            shard.points[draft.point] = points_of(
                draft,
                made.encodings,
                made.files,
                owner=self.owner,
                now=now,
                findings=made.findings,
                derived=made.derived,
            )

    def _draft(self, moment: Moment, now: datetime) -> Draft:
        draft = draft_moment(self.owner, moment, now=self._clock.next(now))
        if moment.vectors is None:
            return draft
        opened = self._opened
        rows = given_rows(moment.vectors, opened.encoder.space, opened.schema.modalities)
        return draft._replace(vectors=rows)


def _ended() -> EncodingError:
    return EncodingError(
        f"a row during which {FATAL} processes ended",
        "content that can be decoded, and room in memory for it",
        "look at it alone, or leave it out",
    )


def _failure(row: Row, error: Exception) -> RowFailure:
    try:
        name = row_name(row)
    except OSError:
        name = "a row"
    return RowFailure(name, type(error).__name__, str(error))
