"""Finding words in percepts: of a moment before it is written, and of records that are there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from sensorium.encoders import Encoder, Encoding, check_cancelled
from sensorium.encoders.passages import encode_passages
from sensorium.encoders.supervision import finishing
from sensorium.enrich import Enricher, Found
from sensorium.errors import (
    MediaNotFoundError,
    PerceptError,
    RecordNotFoundError,
    SensoriumError,
    WeightsError,
)
from sensorium.memory.layout.findings import ENRICHED, Findings, taken_apart
from sensorium.memory.layout.lookup import find_record
from sensorium.memory.layout.parts import pages, rewrite_record, rows_of
from sensorium.memory.layout.payload import media_in
from sensorium.memory.media.signals import open_medium
from sensorium.memory.receipts import Enriched
from sensorium.memory.records import Progress
from sensorium.memory.shelf import Shelf
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Condition, Filter
from sensorium.qdrant.points import StoredPoint

logger = logging.getLogger(__name__)

PAGE = 64  # records that are read together
TEXTS = 32  # texts that are encoded together: a batch of most encoders
RECORDS = 16  # records looked through before they are written: what an interruption loses
NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Words:
    """Words that were found in the percepts of one record, before they are encoded.

    Attributes:
        found: The digest of a percept, and what was found in it, in order.
        by: What has looked for words, whether it found any or not.
    """

    found: Sequence[tuple[str, Found]] = ()
    by: Sequence[str] = ()


def look_through(
    percepts: Iterable[tuple[str, Percept]],
    enrichers: Sequence[Enricher],
    failed: Callable[[SensoriumError], object] | None = None,
    *,
    derived: Mapping[str, str] = NONE,
) -> Words:
    """Find words in the percepts of one record.

    Args:
        percepts: The digest of each percept in the record, and the percept.
        enrichers: What finds words.
        failed: Called with the error of an enricher that failed, whose words are then missing. By
            default a warning is logged: `Memory.enrich` tries again.
        derived: Digests of the sounds of videos and the films of photos, and the modalities of
            these. What looks at a video hears its sound there.
    """
    given = list(percepts)
    found: list[tuple[str, Found]] = []
    looked: list[str] = []
    for enricher in enrichers:
        own = [
            (digest, percept)
            for digest, percept in given
            if percept.modality in enricher.modalities
            and derived.get(digest) not in enricher.modalities
        ]
        try:
            for digest, percept in own:
                check_cancelled()
                found += [(digest, each) for each in enricher.find(percept)]
        except (PerceptError, WeightsError) as error:
            if failed is None:
                logger.warning("sensorium: %s found no words: %s", enricher.by, error)
            else:
                failed(error)
            continue
        if own:
            looked.append(enricher.by)
    return Words(found, looked)


def encode_words(records: Sequence[Words], encoder: Encoder) -> list[Findings]:
    """Encode the words of many records in one batch, and return what is kept of each record."""
    texts = [Text(each.text) for words in records for _, each in words.found]
    encoded = iter(encode_passages(encoder, texts) if texts else ())
    findings = []
    for words in records:
        whole: list[tuple[str, Found, Encoding]] = []
        for digest, each in words.found:
            encoding = next(encoded)
            if isinstance(encoding, Encoding):
                whole.append((digest, each, encoding))
        findings.append(Findings.made(whole, words.by))
    return findings


@dataclass
class _Tally:
    """What became of the records so far."""

    looked: int = 0
    found: int = 0
    without: int = 0
    failures: dict[str, SensoriumError] = field(default_factory=dict)


class _Looked(NamedTuple):
    """A record that was looked through."""

    record: str  # its id
    words: Words
    digests: Sequence[str]  # of the percepts that were looked at
    errors: Sequence[SensoriumError] = ()


class Enriching:
    """Finds words in the kept signals of one owner's records."""

    def __init__(self, shelf: Shelf) -> None:
        """Work on a shelf."""
        self._shelf = shelf
        self._owner = shelf.owner

    def enrich(
        self,
        condition: Condition | None,
        enrichers: Sequence[Enricher],
        *,
        again: bool,
        progress: Progress | None,
    ) -> Enriched:
        """Look through the records that fulfil a condition; see `Memory.enrich`."""
        self._shelf.check_writable()
        chosen = Filter(self._owner, condition)
        total = self._shelf.backend.count(chosen)
        tally, waiting = _Tally(), list[_Looked]()
        keys = ["media", "id", ENRICHED]
        found = pages(self._shelf.backend, chosen, limit=PAGE, payload=keys)
        try:
            for done, point in enumerate(chain.from_iterable(found), 1):
                check_cancelled()
                looked = self._look_through(point, enrichers, tally, again=again)
                waiting += [looked] if looked else []
                texts = sum(len(each.words.found) for each in waiting)
                if texts >= TEXTS or len(waiting) >= RECORDS:
                    self._write(waiting, tally)
                    waiting.clear()
                if progress is not None:
                    progress(done, total)
        finally:  # also where it is given up: the next call looks through the rest alone
            with finishing():
                self._write(waiting, tally)
        return Enriched(tally.looked, tally.found, tally.without, tally.failures)

    def add(self, name: str, percepts: Sequence[Percept], enrichers: Sequence[Enricher]) -> None:
        """Find words in percepts of a record, and write it with them, if it is still there."""
        pairs = [(percept.digest, percept) for percept in percepts]
        words = look_through(pairs, enrichers, _warn)
        self._write([_Looked(name, words, [digest for digest, _ in pairs])], _Tally())

    def _look_through(
        self, point: StoredPoint, enrichers: Sequence[Enricher], tally: _Tally, *, again: bool
    ) -> _Looked | None:
        """Find the words of one record; `None` if there is nothing to look through."""
        before = () if again else tuple(point.payload.get(ENRICHED, ()))
        asked = [each for each in enrichers if each.by not in before]
        wanted = {modality for each in asked for modality in each.modalities}
        listed = media_in(point.payload)
        media = [medium for medium in listed if medium.modality in wanted]
        if not media:
            return None
        of = {medium.digest: medium.modality for medium in listed}
        derived = {each.digest: of[each.of] for each in media if each.of in of}
        name = str(point.payload.get("id", point.id))
        try:
            percepts = [(each.digest, open_medium(self._shelf.media, each)) for each in media]
        except MediaNotFoundError:
            tally.without += 1
            return None
        except SensoriumError as error:
            tally.failures[name] = error
            return None
        errors: list[SensoriumError] = []
        words = look_through(percepts, asked, errors.append, derived=derived)
        return _Looked(name, words, [digest for digest, _ in percepts], errors)

    def _write(self, looked: Sequence[_Looked], tally: _Tally) -> None:
        """Encode the words of some records, and write the records with them."""
        while looked:
            setup = self._shelf.setup
            encoded = encode_words([each.words for each in looked], setup.encoder)
            with self._shelf.held():
                if self._shelf.setup is not setup:  # another encoder took its place
                    continue
                for each, found in zip(looked, encoded, strict=True):
                    try:
                        tally.found += self._rewrite(each.record, found, each.digests)
                    except RecordNotFoundError:  # forgotten meanwhile
                        continue
                    tally.looked += 1
                    if each.errors:
                        tally.failures[each.record] = each.errors[0]
            return

    def _rewrite(self, name: str, found: Findings, digests: Collection[str]) -> int:
        backend = self._shelf.backend
        main = find_record(backend, self._owner, name, vectors=True)
        payload, rows, before = taken_apart(main.payload, rows_of(backend, self._owner, main))
        found = found.among({medium.digest for medium in media_in(payload)})
        before.without(digests, found.by).joined_by(found).lay_out(payload, rows)
        rewrite_record(backend, main.id, payload, rows, owner=self._owner)
        return len(found.items)


def add_words(
    shelf: Shelf, name: str, percepts: Sequence[Percept], enrichers: Sequence[Enricher]
) -> None:
    """Find words in percepts that a record has already, and write it with them; the log says fails.

    Args:
        shelf: The memory.
        name: Id of the record.
        percepts: Percepts of the record.
        enrichers: What finds the words.
    """
    Enriching(shelf).add(name, percepts, enrichers)


def _warn(error: SensoriumError) -> None:
    logger.warning("sensorium: no words were found: %s", error)
