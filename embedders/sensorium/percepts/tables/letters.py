"""Text in files: how its letters are encoded, whether it is packed, and lines that have an end."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from sensorium.errors import MediaDecodeError, SensoriumError, SourceTooLargeError
from sensorium.percepts.source import Encoded

LONGEST_LINE = 2**16  # characters
HEAD = 2**14  # bytes that tell how letters are encoded
FIRST = 2**10  # letters that tell JSON from columns
LARGEST = 2**29  # bytes that a packed file may unpack to
BLOCK = 2**18  # characters that are read together
GZIP = b"\x1f\x8b"
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNPACKING = (EOFError, zlib.error, gzip.BadGzipFile)  # what a damaged packed file raises


@dataclass(frozen=True)
class Letters:
    """How the letters of a file are written.

    Attributes:
        source: The file.
        encoding: How its letters are encoded.
        packed: Whether it is gzip.
    """

    source: Encoded
    encoding: str
    packed: bool

    @contextmanager
    def open(self) -> Iterator[io.TextIOWrapper]:
        """Open the text at its start."""
        with self.source.open() as raw:  # which what unpacks it does not close
            content: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if self.packed else raw
            # What is no letter is no number either, and is refused with its line
            with io.TextIOWrapper(content, self.encoding, "replace", newline="\n") as text:
                yield text

    def beginning(self) -> str:
        """Return the first letters.

        Raises:
            MediaDecodeError: It is packed, and damaged.
        """
        try:
            with self.open() as text:
                return text.read(FIRST)
        except UNPACKING as error:
            raise unreadable(self.source.name, str(error)) from error

    def lines(self) -> Iterator[str]:
        """Yield lines with their ends; one without an end is refused."""
        with self.open() as text:
            while line := text.readline(LONGEST_LINE + 1):
                self.check(line, 0)
                yield line

    def blocks(self) -> Iterator[str]:
        """Yield some thousand characters at a time."""
        size = 0
        with self.open() as text:
            while read := text.read(BLOCK):
                size += len(read)
                self.check("", size)
                yield read

    def check(self, line: str, size: int) -> None:
        """Check the length of a line, and of all that was read, for bombs.

        Raises:
            SourceTooLargeError: One of them is too long.
        """
        if len(line) > LONGEST_LINE:
            what = f"with a line of more than {LONGEST_LINE} characters"
        elif size > max(LARGEST, self.source.size):
            what = f"which unpacks to more than {LARGEST} bytes"
        else:
            return
        raise SourceTooLargeError(
            f"{self.source.name}, {what}", "a table of numbers", "split it into shorter recordings"
        )


def read_letters(source: Encoded) -> Letters:
    """Find out how the letters of a file are written, from its first bytes.

    Raises:
        MediaDecodeError: It is packed, and damaged.
    """
    head = source.head(HEAD)
    packed = head.startswith(GZIP)
    try:
        if packed:
            with source.open() as stream:
                head = gzip.GzipFile(fileobj=stream).read(HEAD)
    except SensoriumError:
        raise
    except (*UNPACKING, OSError) as error:
        raise unreadable(source.name, str(error)) from error
    return Letters(source, encoding_of(head), packed)


def encoding_of(head: bytes) -> str:
    """Return how letters are encoded: UTF-8, UTF-16 also without its mark, or Windows-1252.

    Windows-1252 stands for all older encodings: in each of them, numbers and the names of columns
    that are understood are ASCII, so that the language need not be known.

    Args:
        head: The first bytes of a table.
    """
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):  # of ASCII, every second byte is 0
        if head[first::2].count(0) * 4 > len(head):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def unreadable(name: str, why: str) -> MediaDecodeError:
    """Build the error for what is no table of numbers."""
    return MediaDecodeError(
        f"{name}, unreadable as a table ({why})",
        "rows of numbers in text, below a row of names",
        "repair it, or pass an array of shape (T, 6)",
    )
