"""The nouns of a memory: moments go in, records are stored, hits are found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sensorium.enrich import Box
from sensorium.errors import SensoriumError
from sensorium.memory.certainty import Certainty, certainty_of
from sensorium.percepts import Percept, Place, Pose, Span

SHOWN = 60  # characters of a text in a record's repr
DIGEST = re.compile("[0-9a-f]{64}")  # of a percept: SHA-256 in hexadecimal
Whereabouts: TypeAlias = Place | Pose | tuple[float, float]  # as callers give a place
Origin = Literal["person", "sensor", "file", "tool", "model", "web"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
Status = Literal["new", "replaced", "known"]
Progress: TypeAlias = Callable[[int, "int | None"], None]  # how many are done, and of how many


@dataclass(frozen=True)
class Moment:
    """Percepts that belong together, before they are remembered.

    Attributes:
        percepts: One percept, or several of any modalities.
        text: Words that belong to it: embedded as text, and searchable by keyword.
        at: Time of the moment (aware); by default the earliest `at` of its percepts, else `dated`,
            else the earliest time at which one of them was `captured`, else now. Moments that are
            remembered together keep their order.
        tags: Names to filter by.
        source: Name of the sensor, file or conversation it came from.
        metadata: JSON values; kept exactly, and filterable.
        expires_at: Time (aware) from which on the record is not recalled any more.
        id: Any text that names the record; by default derived from owner and content.
        vectors: Rows `(D,)` or `(W, D)` by modality, of any length, that exist already in the
            memory's space: nothing is encoded then, the text is kept as words alone and the
            percepts as media. `{}` keeps a record that is never found by likeness, only by id,
            time, filters and keywords.
        dated: Time of the moment (aware) where neither `at` nor a percept states one, such as the
            modification time of a file. It goes before what the file says, and is no part of what
            the record is: the same content with another such time is the same record.
        place: Where it was: `(latitude, longitude)`, a `Place`, or a `Pose` in a frame; by default
            where the first of its percepts was that says so. It is no part of what the record is,
            either.
        supersedes: Id of a record that holds no more, or ids: recalls leave it out from then on.
        origin: Who says so: `"person"` (somebody's own words), `"sensor"`, `"file"`, `"tool"`,
            `"model"` or `"web"`; `None` if that is not known.
    """

    percepts: Percept | Sequence[Percept] = ()
    text: str | None = None
    at: datetime | None = None
    tags: Sequence[str] = ()
    source: str | None = None
    metadata: Mapping[str, Any] | None = None
    expires_at: datetime | None = None
    id: str | None = None
    vectors: Mapping[str, ArrayLike] | None = None
    dated: datetime | None = None
    place: Whereabouts | None = None
    supersedes: str | Sequence[str] | None = None
    origin: Origin | None = None


@dataclass(frozen=True)
class Remembered:
    """The result of remembering a moment.

    Attributes:
        id: Id of the record.
        status: `"new"`; `"replaced"` if the memory had a record of the given id; `"known"` if it
            had the same content, which was left as it is: what the moment supersedes was added to
            what the record supersedes, and other tags, another origin or place were left out.
    """

    id: str
    status: Status

    @property
    def new(self) -> bool:
        """Whether the memory did not have the moment before."""
        return self.status == "new"


@dataclass(frozen=True)
class Failure:
    """A moment that could not be remembered.

    Attributes:
        index: Index among the moments that were passed.
        error: The reason.
    """

    index: int
    error: SensoriumError


@dataclass(repr=False)
class Report:
    """The result of remembering many moments.

    Attributes:
        failures: Moments that could not be remembered: look at them, or call `raise_first`.
        remembered: All others, in order.
    """

    failures: list[Failure] = field(default_factory=list)
    remembered: list[Remembered] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Number of moments that the memory did not have before."""
        return self._count("new")

    @property
    def replaced(self) -> int:
        """Number of moments that replaced a record of the same id."""
        return self._count("replaced")

    @property
    def known(self) -> int:
        """Number of moments that the memory had already; they were skipped."""
        return self._count("known")

    @property
    def done(self) -> int:
        """Number of moments that were looked at."""
        return len(self.remembered) + len(self.failures)

    @property
    def reasons(self) -> dict[str, int]:
        """Number of failures by the name of their error, the most frequent first."""
        return dict(
            Counter(type(failure.error).__name__ for failure in self.failures).most_common()
        )

    def raise_first(self) -> None:
        """Raise the error of the first failure, if there is one."""
        if self.failures:
            raise self.failures[0].error

    def __repr__(self) -> str:
        counts = f"new={self.new}, replaced={self.replaced}, known={self.known}"
        if not self.failures:
            return f"Report({counts}, failures=[])"
        reasons = ", ".join(f"{name}: {count}" for name, count in self.reasons.items())
        first = self.failures[0]
        return (
            f"Report({counts}, {len(self.failures)} FAILED ({reasons}); "
            f"the first, moment {first.index}: {first.error})"
        )

    def _count(self, status: Status) -> int:
        return sum(result.status == status for result in self.remembered)


@dataclass(frozen=True)
class Medium:
    """One percept of a record, and its file if that was kept.

    Attributes:
        modality: Modality of the percept.
        digest: Digest of the percept.
        file: Name of the file in the media store; `None` if it is not kept.
        mime: Type of the file.
        bytes: Size of the file.
        units: Keywords with which the percept's class opens the file.
        duration: Duration in seconds; `None` for a still.
        uri: Origin of the percept.
        at: Time of observation, ISO 8601; `None` if the percept did not state it.
        row: Index of its first row among the record's rows of that modality.
        rows: How many rows it has.
        spans: Start and end of each row: seconds, characters for text; empty for a still.
        of: Digest of the video whose sound it is, or of the photo whose film it is; `None` if it
            was given itself.
    """

    modality: str
    digest: str
    file: str | None = None
    mime: str | None = None
    bytes: int = 0
    units: Mapping[str, Any] = field(default_factory=dict)
    duration: float | None = None
    uri: str | None = None
    at: str | None = None
    row: int = 0
    rows: int = 1
    spans: Sequence[Sequence[float]] = ()
    of: str | None = None


@dataclass(frozen=True)
class Finding:
    """Words that were found in a percept of a record; see `sensorium.enrich`.

    Attributes:
        text: The words.
        origin: `"read"` in a picture, `"heard"` in a sound, or a `"subtitle"` of a video.
        by: What found them, with its version.
        of: Digest of the percept.
        span: When they are in it, in seconds from its start; `None` in a still picture.
        box: Where in the picture they stand; `None` where they were heard.
        confidence: How sure the finder was of the words, from 0 to 1.
        row: Index of the first row among the record's rows of text.
        rows: How many rows they have.
    """

    text: str
    origin: str
    by: str
    of: str
    span: Span | None = None
    box: Box | None = None
    confidence: float = 1.0
    row: int = 0
    rows: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        span = [self.span.start, self.span.end] if self.span else None
        return {**self.__dict__, "span": span, "box": list(self.box) if self.box else None}


@dataclass(frozen=True, repr=False)
class Record:
    """A memory as it is stored.

    Attributes:
        id: The id it was given, or a UUID.
        owner: Owner of the memory.
        at: Time of the moment, UTC.
        until: Time at which it ended; `at` if it has no duration.
        created_at: Time at which it was remembered.
        expires_at: Time from which on it is not recalled any more; `None` if it does not expire.
        text: Text of the memory, as its owner wrote it; empty if it has no text.
        tags: Names to filter by.
        source: Name of the sensor, file or conversation it came from.
        metadata: The metadata as given.
        modalities: Modalities of its vectors, sorted.
        media: Percepts of the memory, except a text of one window that is the only percept.
        place: Where it was, on Earth or in a frame; `None` if that is not known.
        findings: Words that were found in its percepts.
        origin: Who said so, such as `"person"` or `"web"`; `None` if that is not known.
        supersedes: Ids of the records that held before it.
        superseded_by: Ids of the records that hold in its place.
        version_of: Id of the record of which it is a former version; `None` if it is none.
        shared: Whether it is another owner's, who shares it with whoever asked.
    """

    id: str
    owner: str
    at: datetime
    until: datetime
    created_at: datetime
    expires_at: datetime | None
    text: str
    tags: tuple[str, ...]
    source: str | None
    metadata: Mapping[str, Any]
    modalities: tuple[str, ...]
    media: tuple[Medium, ...]
    place: Place | Pose | None = None
    findings: tuple[Finding, ...] = ()
    origin: Origin | None = None
    supersedes: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = ()
    version_of: str | None = None
    shared: bool = False

    @property
    def files(self) -> tuple[Medium, ...]:
        """Its media with a kept file of their own, which the sound of a video has not."""
        named: set[tuple[str | None, str | None]] = set()
        own = []
        for medium in self.media:
            named.add((medium.digest, medium.file))
            if medium.file is not None and (medium.of, medium.file) not in named:
                own.append(medium)
        return tuple(own)

    def __repr__(self) -> str:
        words = self.text if len(self.text) <= SHOWN else self.text[: SHOWN - 1] + "…"
        return (
            f"Record({self.id!r}, {self.at:%Y-%m-%d %H:%M}, {'+'.join(self.modalities)}, {words!r})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the record JSON-ready, times as ISO 8601 text."""
        fields = dict(self.__dict__)
        for name in ("at", "until", "created_at", "expires_at"):
            fields[name] = fields[name].isoformat() if fields[name] else None
        return {
            **fields,
            "tags": list(self.tags),
            "metadata": dict(self.metadata),
            "modalities": list(self.modalities),
            "media": [dict(medium.__dict__) for medium in self.media],
            "place": self.place and self.place.to_dict(),
            "findings": [finding.to_dict() for finding in self.findings],
            "supersedes": list(self.supersedes),
            "superseded_by": list(self.superseded_by),
        }


@dataclass(frozen=True, repr=False)
class Episode:
    """A stretch of a memory that belongs together by time, place and content, as it was found.

    Attributes:
        id: Id of its first record's point: it stays while that record begins an episode.
        start: Time of its first record, UTC.
        end: When the last of its records has ended.
        records: How many records it has.
        modalities: How many of them have each modality, the most frequent first.
        places: Up to five places where it was, 50 m apart or more, in order.
        moments: Its most telling records in order of time; empty where it only tells of a hit.
        is_last: Whether it is the newest, which may go on.
    """

    id: str
    start: datetime
    end: datetime
    records: int
    modalities: Mapping[str, int]
    places: tuple[Place | Pose, ...] = ()
    moments: tuple[Record, ...] = ()
    is_last: bool = False

    @property
    def duration(self) -> timedelta:
        """Time from its start to its end."""
        return self.end - self.start

    def __repr__(self) -> str:
        return (
            f"Episode({self.start:%Y-%m-%d %H:%M:%S} to {self.end:%H:%M:%S}, "
            f"{self.records} records, {'+'.join(self.modalities)})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the episode JSON-ready, times as ISO 8601 text."""
        return {
            **self.__dict__,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "modalities": dict(self.modalities),
            "places": [place.to_dict() for place in self.places],
            "moments": [record.to_dict() for record in self.moments],
        }


@dataclass(frozen=True)
class Hit:
    """A record that was recalled, and why.

    Attributes:
        record: The record that was found.
        score: Number by which hits are ordered; comparable within one recall.
        confidence: Chance from 0 to 1 that it is not a coincidence; `None` if not calibrated.
        calibrated: Whether the score is on one scale for all modalities.
        modality: The modality that matched; `"keywords"` if only the words did.
        span: The stretch that matched: seconds, characters for text; `None` for a still.
        medium: The percept that matched, if the record lists it.
        similarity: Cosine of the question and the matching row; `None` for keywords.
        age: Time since the memory's `at`.
        finding: The words that matched, if they were found in a percept; `span` and `medium` are
            then those of that percept.
        then: What followed it, in order, of a recall of a `sequence`.
        vector: The matching row as stored, `(D,)`, unit length; `None` for keywords.
        episode: The episode that it stands for, of a recall with `group="episode"`; else `None`.
    """

    record: Record
    score: float
    confidence: float | None
    calibrated: bool
    modality: str
    span: Span | None
    medium: Medium | None
    similarity: float | None
    age: timedelta
    finding: Finding | None = None
    then: tuple[Hit, ...] = ()
    vector: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    episode: Episode | None = None

    @property
    def certainty(self) -> Certainty | None:
        """The confidence in words; `None` if it is not calibrated."""
        return None if self.confidence is None else certainty_of(self.confidence)

    def to_dict(self) -> dict[str, Any]:
        """Return the hit JSON-ready, without its vector; `age` in seconds."""
        return {
            "record": self.record.to_dict(),
            "score": self.score,
            "confidence": self.confidence,
            "certainty": self.certainty,
            "calibrated": self.calibrated,
            "modality": self.modality,
            "span": [self.span.start, self.span.end] if self.span else None,
            "file": self.medium.file if self.medium else None,
            "similarity": self.similarity,
            "age": self.age.total_seconds(),
            "finding": self.finding.to_dict() if self.finding else None,
            "then": [hit.to_dict() for hit in self.then],
            **({"episode": self.episode.to_dict()} if self.episode else {}),
        }


@dataclass(frozen=True)
class Timeline:
    """A page of records in order of time.

    Attributes:
        records: The records of this page.
        cursor: Argument of `timeline` for the next page; `None` after the last page.
    """

    records: Sequence[Record]
    cursor: str | None

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, place: int) -> Record:
        return self.records[place]
