"""HTML pages: their words, without what is only there for the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sensorium.percepts.percept import Percept
from sensorium.percepts.signatures import recognise
from sensorium.sources.documents.markup import words_of_html
from sensorium.sources.documents.parts import GENERAL, TEXT, Part, as_percepts, read_text
from sensorium.sources.reader import check_options

SUFFIXES = frozenset((".html", ".htm", ".xhtml", ".shtml"))
KINDS = frozenset(("text", "an HTML page", "an SVG or XML document"))


class PageReader:
    """Reads an HTML page as its title and its words."""

    options = (*GENERAL, "encoding")
    modalities = TEXT

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether the name says that it is a page, and its first bytes that it is text."""
        return path.suffix.lower() in SUFFIXES and (recognise(head) in KINDS or not head)

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the words of the page in stretches.

        Raises:
            PerceptFormatError: An option is unknown.
            MediaDecodeError: Nothing tells its encoding.
            EmptyPerceptError: There are no words in it.
        """
        check_options(options, self.options, f"the page {str(path)!r}")
        return as_percepts(_parts(path, options), path, options)


def _parts(path: Path, options: Mapping[str, Any]) -> Iterator[Part]:
    page = read_text(path, options)
    title, text = words_of_html(page.text)
    titled = bool(title) and not text.startswith(title or "")
    yield Part(f"{title}\n\n{text}" if titled else text, "", page.reading)
