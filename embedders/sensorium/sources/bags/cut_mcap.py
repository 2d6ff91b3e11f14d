"""MCAP files that were cut off, as by a loss of power: read as far as they are whole."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

from typing_extensions import Buffer

MAGIC = b"\x89MCAP0\r\n"  # at the start of a file, and at its end
RECORD = struct.Struct("<BQ")  # the head of a record: its kind, and the length of what follows
DATA_END, FOOTER = 0x0F, 0x02  # kinds: the end of the data, and the last of a file
KINDS = range(0x01, 0x0F)  # of the records before that
# The end of a file without a summary: end of data, footer with nothing to point at, magic
TAIL = RECORD.pack(DATA_END, 4) + bytes(4) + RECORD.pack(FOOTER, 20) + bytes(20) + MAGIC


class CutMcap:
    """A path of a file that was cut off; opened, it ends after its last whole record.

    It has what `rosbags` asks of a path. Nothing is copied.
    """

    def __init__(self, path: Path) -> None:
        """Look for the last whole record, by the lengths that all of them begin with."""
        self._path, self._whole = path, _whole_length(path)

    def __str__(self) -> str:
        return str(self._path)

    @property
    def suffix(self) -> str:
        """The suffix of the file."""
        return self._path.suffix

    def exists(self) -> bool:
        """Return whether the file is there."""
        return self._path.exists()

    def is_dir(self) -> bool:
        """Return whether it is a folder, which it is not."""
        return False

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open the file for reading, with an end that was never written."""
        return io.BufferedReader(_Ended(self._path, self._whole))


class _Ended(io.RawIOBase):
    """The whole part of a file, and behind it `TAIL`."""

    def __init__(self, path: Path, whole: int) -> None:
        self._file, self._whole, self._place = path.open("rb"), whole, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}.get(whence, self._whole + len(TAIL))
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Buffer, /) -> int:
        wanted = memoryview(buffer).cast("B")
        if self._place < self._whole:
            self._file.seek(self._place)
            found = self._file.read(min(len(wanted), self._whole - self._place))
        else:
            found = TAIL[self._place - self._whole :][: len(wanted)]
        wanted[: len(found)] = found
        self._place += len(found)
        return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()


def is_cut(path: Path) -> bool:
    """Return whether a file begins as MCAP and does not end so."""
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return False
        stream.seek(-len(MAGIC), os.SEEK_END)
        return stream.read() != MAGIC


def _whole_length(path: Path) -> int:
    """Return the place of the first byte that belongs to no whole record of data."""
    size = path.stat().st_size
    place = len(MAGIC)
    with path.open("rb") as stream:
        while place + RECORD.size <= size:
            stream.seek(place)
            kind, length = RECORD.unpack(stream.read(RECORD.size))
            end = place + RECORD.size + length
            if kind not in KINDS or kind == FOOTER or end > size:
                break
            place = end
    return place
