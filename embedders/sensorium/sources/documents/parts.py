"""The parts of a document, as percepts: each a text of bounded length that says where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sensorium.errors import EmptyPerceptError
from sensorium.percepts.encodings.decoding import Decoded, decoded
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.percepts.source import Encoded, take
from sensorium.percepts.text import LONE_SURROGATE, Text

STRETCH = 20_000  # letters of a text at most: some twenty windows of the encoder, six pages
SHORTEST = STRETCH // 2  # letters that a stretch has, unless it is the last
ENDS = (  # where a text is cut, the best place first; behind what is found
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?。！？…][\"'”’)\]]*\s+|[。！？]"),  # noqa: RUF001
    re.compile(r"\s+"),
)
GENERAL = ("at", "limits")  # options of every document
TEXT = frozenset((Text.modality,))  # what most documents are
ILLUSTRATED = TEXT | {"image"}  # what those are that hold pictures


@dataclass(frozen=True)
class Part:
    """A part of a document.

    Attributes:
        text: Its words.
        fragment: Where it stands, as the fragment of a URI: `"page=3"`.
        reading: What was taken from where.
        at: When it was written or said, if the document tells.
        origin: The file that the fragment is of; `None` for the document itself.
    """

    text: str
    fragment: str
    reading: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    origin: Path | None = None


class Stretch(NamedTuple):
    """A stretch of a text, in letters from its start."""

    start: int
    end: int
    text: str


def stretches(blocks: Iterable[str], *, longest: int = STRETCH) -> Iterator[Stretch]:
    """Cut a text into stretches, at the ends of paragraphs where there are any.

    A stretch depends only on what is before it and on what follows it up to `longest`: of a text
    that grows, all but the last stay as they are. They are back to back; none is blank.

    Args:
        blocks: The text, in pieces of any length.
        longest: Letters of a stretch at most.
    """
    start, held = 0, ""
    for block in blocks:
        held += block
        while len(held) > longest:
            cut = _cut(held[: longest + 1])
            if held[:cut].strip():
                yield Stretch(start, start + cut, held[:cut])
            start, held = start + cut, held[cut:]
    if held.strip():
        yield Stretch(start, start + len(held), held)


def as_percepts(
    parts: Iterable[Part | Percept], path: Path, options: Mapping[str, Any]
) -> Iterator[Percept]:
    """Yield the parts of a document as texts; long ones in stretches, blank ones not at all.

    Args:
        parts: The parts; what is a percept already is passed on.
        path: The document.
        options: Those of the call: `at` goes before the times of the parts.
    Raises:
        EmptyPerceptError: There are no words in it.
    """
    limits = options.get("limits") or DEFAULT_LIMITS
    found = False
    for part in parts:
        if isinstance(part, Percept):
            found = True
            yield part
            continue
        cut = list(stretches([part.text]))
        for stretch in cut:
            found = True
            fragment, reading = part.fragment, {"modality": Text.modality, **part.reading}
            if len(cut) > 1:
                letters = f"char={stretch.start},{stretch.end}"
                fragment = f"{fragment}&{letters}" if fragment else letters
                reading["letters"] = [stretch.start, stretch.end]
            text = Text(
                LONE_SURROGATE.sub("\ufffd", stretch.text.strip("\r\n")),
                at=options.get("at") or part.at,
                uri=(part.origin or path).as_uri() + (f"#{fragment}" if fragment else ""),
                limits=limits,
            )
            yield text.with_reading(reading)
    if not found:
        raise no_words(path)


def read_text(path: Path, options: Mapping[str, Any]) -> Decoded:
    """Return the text of a file, by the option `encoding` if it is given.

    Raises:
        MediaDecodeError: It is not text, or nothing tells its encoding.
        PerceptValueError: There is no such encoding.
        SourceTooLargeError: It has more bytes than the option `limits` allows.
    """
    source = take(path, modality="text", limits=options.get("limits") or DEFAULT_LIMITS)
    assert isinstance(source, Encoded)  # a path is one
    return decoded(source.read(), options.get("encoding"), name=repr(path.name))


def no_words(path: Path) -> EmptyPerceptError:
    """Build the error for a document in which nothing is."""
    return EmptyPerceptError(
        f"{path.name!r}, in which are no words", "a document with words", "leave it out"
    )


def _cut(text: str) -> int:
    """Return where to end a stretch of a text that is one letter too long."""
    for end in ENDS:
        found = [each.end() for each in end.finditer(text) if SHORTEST <= each.end() < len(text)]
        if found:
            return found[-1]
    return len(text) - 1
