"""What the calls on a whole memory report: sweeps, verifications, purges, copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.memory.records import Failure


@dataclass(frozen=True)
class Sweep:
    """The result of a sweep.

    Attributes:
        files: How many media files were removed that no record named.
        bytes: The sum of their sizes.
        records: How many expired records were removed.
    """

    files: int
    bytes: int
    records: int = 0


@dataclass(frozen=True)
class Enriched:
    """The result of looking for words in what is remembered.

    Attributes:
        records: How many records were looked through.
        found: How many stretches of words were found in them.
        not_kept: How many could not be: their signals were not kept.
        failures: The error of each record that failed, by its id.
    """

    records: int
    found: int
    not_kept: int = 0
    failures: Mapping[str, SensoriumError] = field(default_factory=dict)


@dataclass(frozen=True)
class Verification:
    """The result of reading all kept files.

    Remembering the same content again restores a file that is gone, cut short or zeros; one that
    has changed otherwise must be deleted first.

    Attributes:
        files: How many files are as they were kept.
        bytes: The sum of their sizes.
        damaged: Names of the files whose content has changed, by the ids of their records.
        lost: Names of the files that are gone, by the ids of their records.
    """

    files: int
    bytes: int
    damaged: Mapping[str, tuple[str, ...]]
    lost: Mapping[str, tuple[str, ...]]

    @property
    def sound(self) -> bool:
        """Whether every file is as it was kept."""
        return not self.damaged and not self.lost


@dataclass(frozen=True)
class PurgeReceipt:
    """What a purge erased, and what it cannot promise. It names what was forgotten: keep it so.

    Attributes:
        owner: Owner of what was forgotten.
        at: Time at which all was done, UTC.
        ids: Ids of the records that this call removed, or whose media it removed.
        digests: Digests of their percepts.
        media: Names of their media files; each begins with the SHA-256 of its content.
        media_in_use: Those of the files that stay, because another record names them, too.
        points: Number of points of those records; 0 if only media were removed.
        media_files: Number of media files that were erased, those of interrupted calls included.
        bytes: Bytes of all files that were erased, those of the store included.
        done: What was done, in sentences.
        not_promised: Where something may still be left, in sentences.
    """

    owner: str
    at: datetime
    ids: tuple[str, ...] = field(repr=False)  # may be thousands
    digests: tuple[str, ...] = field(repr=False)
    media: tuple[str, ...] = field(repr=False)
    media_in_use: tuple[str, ...]
    points: int
    media_files: int
    bytes: int
    done: tuple[str, ...]
    not_promised: tuple[str, ...]

    @property
    def records(self) -> int:
        """Number of records that this call removed, or whose media it removed."""
        return len(self.ids)

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt JSON-ready, its time as ISO 8601 text."""
        fields = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.__dict__.items()
        }
        return {**fields, "at": self.at.isoformat(), "records": self.records}


@dataclass(frozen=True)
class DigestSpan:
    """A month of what a digest looked at, or as much of it as there was.

    Attributes:
        start: When its first frame began, UTC.
        end: When the last of its frames ended, UTC.
        frames: How many frames it had.
        kept: How many of them stay.
    """

    start: datetime
    end: datetime
    frames: int
    kept: int


@dataclass(frozen=True)
class DigestReceipt:
    """What a digest dropped and what stays; of a dry run, what it would be.

    Attributes:
        owner: Owner of the records.
        at: When the digest was begun, UTC.
        before: Start of a day, UTC: records that ended before it were looked at.
        dry_run: Whether nothing was changed.
        looked_at: How many records were that old, and let through by the filters.
        frames: How many of them were frames of a stream or a recording, which may go.
        dropped: How many frames went.
        stayed: How many of all others stay, by the reason: `"telling"` and `"earlier"` (kept by an
            earlier digest) are frames; see docs/digest.md for the others.
        media_files: Number of media files that went.
        media_bytes: The sum of their sizes.
        store_bytes: Bytes of the store that the dropped records took, about.
        bytes_left: Bytes that all of the owner's records take now, media included, about.
        spans: The months of the frames, in order of time.
    """

    owner: str
    at: datetime
    before: datetime
    dry_run: bool
    looked_at: int
    frames: int
    dropped: int
    stayed: Mapping[str, int]
    media_files: int
    media_bytes: int
    store_bytes: int
    bytes_left: int
    spans: tuple[DigestSpan, ...]

    @property
    def kept(self) -> int:
        """How many frames stay."""
        return self.frames - self.dropped

    @property
    def bytes(self) -> int:
        """Bytes that were freed: those of media files exactly, those of the store about."""
        return self.media_bytes + self.store_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt JSON-ready, its times as ISO 8601 text."""
        spans = [
            {**span.__dict__, "start": span.start.isoformat(), "end": span.end.isoformat()}
            for span in self.spans
        ]
        times = {"at": self.at.isoformat(), "before": self.before.isoformat()}
        counted = {"stayed": dict(self.stayed), "kept": self.kept, "bytes": self.bytes}
        return {**self.__dict__, **times, **counted, "spans": spans}


@dataclass(frozen=True)
class CopySummary:
    """The result of a copy.

    Attributes:
        copied: Number of points that were written.
        skipped: Number of points that the target had already, with the same payload.
        media_files: Number of kept files that were copied; the target may have had others already.
        missing_media: Number of files that records name and the source's media store has lost, or
            holds with other content.
        left_media: Number of files that the source keeps and the target has no place for: name one
            with `media=`.
    """

    copied: int
    skipped: int
    media_files: int
    missing_media: int
    left_media: int = 0


@dataclass(frozen=True)
class BackupSummary:
    """The result of a backup, or of restoring one.

    Attributes:
        place: The file that was written, or the folder.
        files: Number of files in it.
        media_files: Number of kept signals among them, of all owners.
        bytes: Length of the file, or of what was written to the folder.
    """

    place: Path
    files: int
    media_files: int
    bytes: int


@dataclass(frozen=True)
class ExportSummary:
    """The result of an export.

    Attributes:
        directory: Directory of the export.
        records: Number of records.
        points: Number of points: those of records, and those that continue long ones.
        media_files: Number of kept files.
        media_bytes: Total size of the kept files.
        missing_media: Number of files that records name and the media store has lost, or holds with
            other content.
    """

    directory: Path
    records: int
    points: int
    media_files: int
    media_bytes: int
    missing_media: int


@dataclass(frozen=True)
class ImportSummary:
    """The result of an import.

    Attributes:
        records: Number of records.
        points: Number of points: those of records, and those that continue long ones.
        media_files: Number of kept files that the media store did not have before.
        missing_media: Number of files that records name and the export does not have.
    """

    records: int
    points: int
    media_files: int
    missing_media: int


@dataclass(frozen=True)
class Reembedded:
    """What re-embedding did with a memory's records.

    Attributes:
        records: Number of records that have vectors of the new encoder.
        failures: Records that could not be made anew, with their place in the order of ids: not all
            of their signals were kept, or the new encoder cannot encode one.
    """

    records: int
    failures: Sequence[Failure]
