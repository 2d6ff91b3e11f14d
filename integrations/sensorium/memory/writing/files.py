"""The files of a record's percepts: kept before its points are written, dropped after they go."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from typing_extensions import Self

from sensorium.errors import SensoriumError
from sensorium.memory.layout.payload import TEXT
from sensorium.memory.shelf import Shelf
from sensorium.percepts import Percept
from sensorium.percepts.files import file_from_percept
from sensorium.qdrant import Equal, Filter

logger = logging.getLogger(__name__)


class KeepsFiles(Protocol):
    """Whatever keeps the files of percepts."""

    def keep(self, percepts: Sequence[Percept]) -> Mapping[int, Mapping[str, Any]]:
        """Keep the files of one record's percepts; see `FileKeeper.keep`."""


class FileKeeper:
    """Keeps the files of one call, before the records that name them are written.

    Between the two no other thread drops them; another process may, and `keep_dropped` keeps them
    again. At the end of the `with` block, however it ends, those are dropped that no record names.
    """

    def __init__(self, shelf: Shelf, keep_media: bool | None) -> None:
        """Keep files for a shelf, if the call wishes it: see `Shelf.media_for`."""
        self._shelf = shelf
        self.media = shelf.media_for(keep_media)
        self._names: list[str] = []  # in use by this call, once for each time it was kept
        self._replaced: set[str] = set()  # files of records that are about to be replaced

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._names and not self._replaced:
            return
        try:
            self.settle()
        except SensoriumError as failure:  # the store failed; a sweep removes what is left
            if error is None:
                raise
            logger.warning("sensorium: dropping the files of a failed call failed: %s", failure)

    def keep(self, percepts: Sequence[Percept]) -> dict[int, dict[str, Any]]:
        """Keep the files of one record's percepts: all of them, or none.

        Args:
            percepts: The percepts. The payload holds a text, so it gets no file.
        Returns:
            What a `Medium` says of each file, by the index of its percept.
        Raises:
            SensoriumError: One of them cannot be kept.
        """
        kept: dict[int, dict[str, Any]] = {}
        first = len(self._names)
        try:
            for index, percept in enumerate(percepts):
                if self.media is not None and percept.modality != TEXT:
                    kept[index] = self._keep(percept)
        except BaseException:
            self._drop(first)
            raise
        return kept

    def keep_dropped(
        self, percepts: Sequence[Percept], kept: Mapping[int, Mapping[str, Any]]
    ) -> Mapping[int, Mapping[str, Any]]:
        """Keep those files again that another process dropped since they were kept.

        The caller holds the shelf's lock until the records are written, so that none goes again.

        Args:
            percepts: The percepts that `keep` kept.
            kept: What it returned.
        Returns:
            What it would return now.
        Raises:
            SensoriumError: One of them cannot be kept.
        """
        media = self.media
        if media is None or media.shared:  # where young files are left to a sweep
            return kept
        gone = [index for index, file in kept.items() if not media.exists(file["file"])]
        return {**kept, **{index: self._keep(percepts[index]) for index in gone}}

    def replace(self, names: Iterable[str]) -> None:
        """Note files of records that are about to be replaced: they are dropped at the end, too."""
        self._replaced.update(names)

    def settle(self, named: Collection[str] = ()) -> None:
        """Drop the files that no record names, now that the records are written or given up.

        Whoever has written records holds the shelf's lock until this is done.

        Args:
            named: Files that the records name which were written; they need not be looked for.
        """
        with self._shelf.held():
            self._drop(0, named=named, others=self._replaced)
            self._replaced = set()

    def _keep(self, percept: Percept) -> dict[str, Any]:
        assert self.media is not None
        file = file_from_percept(percept)
        with file.source.open() as content:
            name = self.media.put(content, extension=file.extension, in_use=self._names)
        units = dict(file.units)
        return {"file": name, "mime": file.mime, "bytes": file.source.size, "units": units}

    def _drop(self, first: int, *, named: Collection[str] = (), others: Iterable[str] = ()) -> None:
        """Let go of the names from an index on, and drop those files that nobody names."""
        with self._shelf.held():
            names = self._names[first:]
            del self._names[first:]
            if self.media is not None:
                self.media.release(names)
            drop_files(self._shelf, {*names, *others}.difference(named))


def drop_files(shelf: Shelf, names: Iterable[str]) -> None:
    """Remove files of records that are gone, unless another record names them, too."""
    media = shelf.media
    if media is None:
        return
    # A record that another thread is writing may have found its file there.
    with shelf.held():
        media.drop([name for name in set(names) if not is_named(shelf, name)])


def is_named(shelf: Shelf, name: str) -> bool:
    """Return whether a record names a file, as far as it can be seen now."""
    return shelf.backend.count(Filter(shelf.owner, Equal("hashes", name), parts=True)) > 0
