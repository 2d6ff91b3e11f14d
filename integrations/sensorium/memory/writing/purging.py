"""Forgetting for good: nothing of what was forgotten is left in the files of a memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sensorium.memory.receipts import PurgeReceipt
from sensorium.memory.records import Progress
from sensorium.memory.shelf import Shelf
from sensorium.memory.writing.editor import Editor
from sensorium.qdrant import Condition, Filter
from sensorium.qdrant.backend import Purged
from sensorium.qdrant.erasing import Erasure, erase_files
from sensorium.qdrant.points import StoredPoint

UNTOUCHED = (
    "{} files were removed without being overwritten: they have a second name (a hard link), could "
    "not be written, or are on another machine."
)
SHARED = (
    "Media files that are younger than an hour, which stay until a later purge or sweep: another "
    "process may be about to name them."
)
STREAMS = (
    "{} files with the mean and the spread of all that a sensor ever sent, which no single sample "
    "can be told from once there are many; forgetting everything erases them."
)
CALLER = "This receipt, and what this program and those who asked it still hold in their memory."


@dataclass
class _Gone:
    """What a call removed, page by page."""

    ids: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)  # a set that keeps its order
    points: int = 0

    def __call__(self, points: Sequence[StoredPoint]) -> None:
        for point in points:
            self.ids.append(str(point.payload.get("id", point.id)))
            self.digests += point.payload.get("digest", ())
            self.files.update(dict.fromkeys(point.payload.get("hashes", ())))
            self.points += 1 + int(point.payload.get("parts", 0))


class Purger:
    """Forgets records of one owner, and erases what is left of them and of earlier ones."""

    def __init__(self, shelf: Shelf, editor: Editor, erase_sample: Callable[[], Erasure]) -> None:
        """Work on a shelf, with its editor.

        Args:
            shelf: The memory.
            editor: Removes the records.
            erase_sample: Erases the sample of vectors that the memory is calibrated by.
        """
        self._shelf = shelf
        self._editor = editor
        self._erase_sample = erase_sample

    def forget(
        self,
        ids: Sequence[str],
        condition: Condition | None,
        older_than: str | timedelta | None,
        *,
        everything: bool,
        media_only: bool,
        progress: Progress | None,
    ) -> PurgeReceipt:
        """Remove records, or their media, and erase; see `Memory.forget`.

        Without an id and a condition nothing more is removed, and what earlier calls left is
        erased. A call that was cut short is finished by any other.
        """
        self._shelf.check_writable()
        nothing = not (ids or everything or condition is not None or older_than is not None)
        chosen = self._editor.condition(ids, condition, older_than, everything=True)
        gone = _Gone()
        # Held to the end: what is remembered meanwhile waits, and finds the memory whole
        with self._shelf.held():
            backend = self._shelf.backend
            backend.check_purge(removed=0 if nothing or media_only else self._count(chosen))
            if not nothing:
                forget = self._editor.forget_media if media_only else self._editor.forget
                forget(chosen, gone=gone)
            if media_only:
                gone.points = 0
            self._editor.drop_stray_parts()
            files = self._erase_sample()
            named = self._editor.named_files()
            media = self._erase_media(named, gone)
            if everything and chosen is None and not media_only:
                files += erase_files(self._stream_files())
            purged = backend.purge(progress=progress)
            return self._receipt(gone, named, media, files, purged)

    def _count(self, condition: Condition | None) -> int:
        """Count the points that a call removes, without those that continue their records."""
        return self._shelf.backend.count(Filter(self._shelf.owner, condition))

    def _erase_media(self, named: set[str], gone: _Gone) -> Erasure:
        media = self._shelf.place.media_left(self._shelf.owner)
        return Erasure() if media is None else media.erase(named, forgotten=gone.files)

    def _receipt(
        self, gone: _Gone, named: set[str], media: Erasure, files: Erasure, purged: Purged
    ) -> PurgeReceipt:
        total = media + files + purged.erased
        doubts = list(purged.not_promised)
        if total.untouched:
            doubts.append(UNTOUCHED.format(total.untouched))
        if self._shelf.media is not None and self._shelf.media.shared:
            doubts.append(SHARED)
        if streams := len(self._stream_files()):
            doubts.append(STREAMS.format(streams))
        return PurgeReceipt(
            owner=self._shelf.owner,
            at=datetime.now(timezone.utc),
            ids=tuple(gone.ids),
            digests=tuple(gone.digests),
            media=tuple(gone.files),
            media_in_use=tuple(name for name in gone.files if name in named),
            points=gone.points,
            media_files=media.files,
            bytes=total.bytes,
            done=purged.done,
            not_promised=(*doubts, CALLER),
        )

    def _stream_files(self) -> list[Path]:
        """Return the files of the owner's running statistics."""
        folder = self._shelf.place.streams_folder(self._shelf.owner)
        return [] if folder is None else [path for path in folder.iterdir() if path.is_file()]
