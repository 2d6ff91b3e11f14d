"""Long texts: read in stretches, in bounded memory; and notes whose first lines tell their date."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from sensorium.percepts.encodings.decoding import encoding_of, not_of, said_encoding
from sensorium.percepts.encodings.detecting import sample
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.percepts.recognising import check_words
from sensorium.percepts.source import Encoded, take
from sensorium.percepts.text import LONE_SURROGATE, Text
from sensorium.sources.documents.parts import GENERAL, TEXT, no_words, stretches
from sensorium.sources.reader import check_options

LONG = 32_000  # bytes from which on a text is read in stretches
BLOCK = 2**15  # bytes that are read together: few enough for progress to be seen
HEAD = 2**16  # bytes that tell the encoding, and whether it is a table of numbers
FRONT = re.compile(r"\A---\s*\n(.{1,4000}?)\n(?:---|\.\.\.)\s*\n", re.DOTALL)  # of a note
FRONT_STARTS = (b"---\n", b"---\r\n", codecs.BOM_UTF8 + b"---")
DATE = re.compile(r"^(?:date|created)\s*:\s*[\"']?([0-9T: .+Z-]{10,32}?)[\"']?\s*$", re.MULTILINE)

Progress: TypeAlias = Callable[[int, int], None]  # called with bytes done, and all of them


class LongTextReader:
    """Reads a long text in stretches, and a note in Markdown with the date that it begins with."""

    options = (*GENERAL, "encoding", "progress")
    modalities = TEXT
    splits = True

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether the name says that it is text, and it is long or begins as notes do."""
        if path.suffix.lower() not in Text.suffixes:
            return False
        return path.stat().st_size > LONG or head.startswith(FRONT_STARTS)

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the text in stretches of up to 20,000 letters, cut at the ends of paragraphs.

        Raises:
            PerceptFormatError: An option is unknown.
            PerceptValueError: There is no encoding of the name that is given.
            MediaDecodeError: It is not text, or a table of numbers, or nothing tells its encoding.
            EmptyPerceptError: There are no words in it.
        """
        check_options(options, self.options, f"the text {str(path)!r}")
        limits = options.get("limits") or DEFAULT_LIMITS
        source = take(path, modality=Text.modality, limits=limits)
        assert isinstance(source, Encoded)  # a path is one
        encoding = _encoding(source, options.get("encoding"))
        check_words(source.head(HEAD).decode(encoding, "ignore"), source.name)
        return _read(source, encoding, options)


def _read(source: Encoded, encoding: str, options: Mapping[str, Any]) -> Iterator[Percept]:
    assert source.path is not None
    uri, at, number = source.path.as_uri(), options.get("at"), 0
    for stretch in stretches(_blocks(source, encoding, options.get("progress"))):
        at = at or (_front_date(stretch.text) if stretch.start == 0 else None)
        whole = number == 0 and source.size <= LONG
        text = Text(
            LONE_SURROGATE.sub("\ufffd", stretch.text),
            at=at,
            uri=uri if whole else f"{uri}#char={stretch.start},{stretch.end}",
        )
        number, said = number + 1, said_encoding(encoding)
        letters = {} if whole else {"letters": [stretch.start, stretch.end], "stretch": number}
        yield text.with_reading({"modality": Text.modality, **said, **letters})
    if not number:
        raise no_words(source.path)


def _encoding(source: Encoded, said: str | None) -> str:
    """Return the encoding of a file by its beginning, or by the first lines that are not ASCII.

    Raises:
        MediaDecodeError: It is not text, or nothing tells its encoding.
    """
    chosen = encoding_of(source.head(HEAD), said, name=source.name)
    if said is not None or chosen != "utf-8":
        return chosen
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.open() as stream:
        while block := stream.read(BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                lines = sample(block + stream.read(32 * BLOCK))
                return encoding_of(lines, name=source.name)
    return chosen


def _blocks(source: Encoded, encoding: str, progress: Progress | None) -> Iterator[str]:
    """Yield a text in pieces of some size.

    Raises:
        MediaDecodeError: It is of another encoding from somewhere on.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with source.open() as stream:
        while block := stream.read(BLOCK):
            try:
                text = decoder.decode(block, final=done + len(block) >= source.size)
            except UnicodeDecodeError as error:
                raise not_of(encoding, source.name) from error
            yield text.removeprefix("\ufeff") if done == 0 else text
            done += len(block)
            if progress is not None:
                progress(done, source.size)


def _front_date(text: str) -> datetime | None:
    """Return the date in the first lines of a note, which stand between lines of three hyphens."""
    front = FRONT.match(text.replace("\r\n", "\n"))
    told = DATE.search(front[1]) if front else None
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told[1].strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else at.astimezone()
