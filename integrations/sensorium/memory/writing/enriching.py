"""Finding words in percepts: of a moment before it is written, and of records that are there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sensorium.encoders import Encoder, Encoding, check_cancelled
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

PAGE = 64  # records looked through together
NONE: Mapping[str, str] = {}


def find_in(
    percepts: Iterable[tuple[str, Percept]],
    enrichers: Sequence[Enricher],
    encoder: Encoder,
    failed: Callable[[SensoriumError], object] | None = None,
    *,
    derived: Mapping[str, str] = NONE,
) -> Findings:
    """Find words in the percepts of one record, and encode them.

    Args:
        percepts: The digest of each percept in the record, and the percept.
        enrichers: What finds words.
        encoder: The encoder of the memory.
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
    encoded = encoder.try_encode([Text(each.text) for _, each in found]) if found else []
    pairs = [
        (digest, each, encoding)
        for (digest, each), encoding in zip(found, encoded, strict=True)
        if isinstance(encoding, Encoding)
    ]
    return Findings.made(pairs, looked)


@dataclass
class _Tally:
    """What became of the records so far."""

    looked: int = 0
    found: int = 0
    without: int = 0
    failures: dict[str, SensoriumError] = field(default_factory=dict)


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
        tally, done = _Tally(), 0
        keys = ["media", "id", ENRICHED]
        for page in pages(self._shelf.backend, chosen, limit=PAGE, payload=keys):
            for point in page:
                check_cancelled()
                self._look_through(point, enrichers, tally, again=again)
                done += 1
                if progress is not None:
                    progress(done, total)
        return Enriched(tally.looked, tally.found, tally.without, tally.failures)

    def add(self, name: str, percepts: Sequence[Percept], enrichers: Sequence[Enricher]) -> None:
        """Find words in percepts that a record has already, and write it with them.

        Raises:
            RecordNotFoundError: There is no such record.
        """
        pairs = [(percept.digest, percept) for percept in percepts]
        self._write(name, pairs, enrichers, _warn, NONE)

    def _look_through(
        self, point: StoredPoint, enrichers: Sequence[Enricher], tally: _Tally, *, again: bool
    ) -> None:
        """Find the words of one record, and write it anew with them."""
        before = () if again else tuple(point.payload.get(ENRICHED, ()))
        asked = [each for each in enrichers if each.by not in before]
        wanted = {modality for each in asked for modality in each.modalities}
        listed = media_in(point.payload)
        media = [medium for medium in listed if medium.modality in wanted]
        if not media:
            return
        of = {medium.digest: medium.modality for medium in listed}
        derived = {each.digest: of[each.of] for each in media if each.of in of}
        name = str(point.payload.get("id", point.id))
        try:
            percepts = [(each.digest, open_medium(self._shelf.media, each)) for each in media]
        except MediaNotFoundError:
            tally.without += 1
            return
        except SensoriumError as error:
            tally.failures[name] = error
            return
        errors: list[SensoriumError] = []
        try:
            tally.found += self._write(name, percepts, asked, errors.append, derived)
        except RecordNotFoundError:  # forgotten meanwhile
            return
        tally.looked += 1
        if errors:
            tally.failures[name] = errors[0]

    def _write(
        self,
        name: str,
        percepts: Sequence[tuple[str, Percept]],
        enrichers: Sequence[Enricher],
        failed: Callable[[SensoriumError], object],
        derived: Mapping[str, str],
    ) -> int:
        """Find words, and write the record with them; return how many stretches were found."""
        while True:
            setup = self._shelf.setup
            found = find_in(percepts, enrichers, setup.encoder, failed, derived=derived)
            with self._shelf.held():
                if self._shelf.setup is setup:  # or another encoder took its place
                    return self._rewrite(name, found, [digest for digest, _ in percepts])

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
    try:
        Enriching(shelf).add(name, percepts, enrichers)
    except RecordNotFoundError:  # forgotten meanwhile
        return


def _warn(error: SensoriumError) -> None:
    logger.warning("sensorium: no words were found: %s", error)
