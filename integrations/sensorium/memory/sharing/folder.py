"""Shares beside the vectors of a folder: for each reader one file, which is read at each call.

Nothing of it is kept in memory. So what another process ends has ended, and who has no share looks
for one file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from sensorium.memory.layout.ids import owner_key
from sensorium.memory.place import SHARES
from sensorium.memory.sharing.shares import Share, check_room
from sensorium.qdrant.durability import sync_folder, write_whole
from sensorium.qdrant.edge.failures import disk_full
from sensorium.qdrant.filters import LEDGER
from sensorium.qdrant.regular_files import make_regular_folder, open_regular_file
from sensorium.qdrant.shared.owner_locks import owner_lock
from sensorium.qdrant.system_errors import NO_ROOM, translating

Change = Callable[[list[Share]], list[Share]]


class FolderLedger:
    """The shares of a folder's owners; the methods are those of `Ledger`."""

    def __init__(self, folder: Path) -> None:
        """Keep shares in a memory's folder; nothing is written yet."""
        self._folder = folder
        self._files: dict[str, str] = {}  # of readers, whose names are digests

    def given_to(self, reader: str) -> Sequence[Share]:
        name = self._files.get(reader) or self._files.setdefault(reader, str(self._file(reader)))
        try:
            os.lstat(name)  # of most owners that is all that is looked at
        except OSError:
            return ()
        return [share for share in _read(Path(name)) if share.with_ == reader]

    def given_by(self, owner: str) -> Sequence[Share]:
        return [share for share in self._all() if share.owner == owner]

    def add(self, share: Share) -> Share:
        kept = share

        def added(there: list[Share]) -> list[Share]:
            nonlocal kept
            for each in there:
                if each.key == share.key:
                    kept = each
                    return there
            check_room(share, there)
            return [*there, share]

        self._change(share.with_, added)
        return kept

    def remove(self, shares: Sequence[Share]) -> None:
        ended = {share.key for share in shares}
        for reader in {share.with_ for share in shares}:
            self._change(reader, lambda there: [each for each in there if each.key not in ended])

    def _file(self, reader: str) -> Path:
        return self._folder / SHARES / f"{owner_key(reader)}.json"

    def _all(self) -> Iterator[Share]:
        with suppress(FileNotFoundError):
            for file in sorted((self._folder / SHARES).glob("*.json")):
                yield from _read(file)

    def _change(self, reader: str, change: Change) -> None:
        """Write what a reader has, one process at a time."""
        with owner_lock(self._folder, LEDGER, settle=_nothing, check=_nothing):
            folder, file = make_regular_folder(self._folder, SHARES), self._file(reader)
            before = list(_read(file))
            after = change(before)
            if after == before:
                return
            if not after:
                file.unlink(missing_ok=True)
                sync_folder(folder)
                return
            content = json.dumps([share.to_dict() for share in after])
            with translating(NO_ROOM, lambda _: disk_full(f"the memory {str(self._folder)!r}")):
                write_whole(file, content.encode(), private=True)


def _read(file: Path) -> Sequence[Share]:
    """Read a file of shares; none if it is missing.

    Raises:
        StoreFormatError: It is damaged, or something else is in its place.
    """
    try:
        with open_regular_file(file) as stream:
            content = stream.read()
    except FileNotFoundError:
        return ()
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, list):
        found = [{}]  # refused as any other damage
    return [Share.from_dict(each, place=f"the file {str(file)!r}") for each in found]


def _nothing(*_: object) -> None:
    """Settle and check nothing: what is written is whole, whoever died."""
