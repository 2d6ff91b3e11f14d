"""Books: EPUB, chapter by chapter.

Source: EPUB 3.3 (W3C), 3 and 5: the container names the package, whose spine is the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from sensorium.percepts.encodings.decoding import decoded
from sensorium.percepts.percept import Percept
from sensorium.sources.documents.archives import ZIP, damaged, joined, local, opened
from sensorium.sources.documents.markup import words_of_html
from sensorium.sources.documents.parts import GENERAL, ILLUSTRATED, Part, as_percepts
from sensorium.sources.documents.pictures_within import pictures_within
from sensorium.sources.reader import check_options

CONTAINER = "META-INF/container.xml"
MIME = b"application/epub+zip"


class BookReader:
    """Reads each chapter of an EPUB as text, and the pictures in it."""

    options = GENERAL
    modalities = ILLUSTRATED

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether it is an EPUB, by its first entry or by its name."""
        return head.startswith(ZIP) and (MIME in head[:100] or path.suffix.lower() == ".epub")

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the text of each chapter in stretches, and then the pictures.

        Raises:
            PerceptFormatError: An option is unknown.
            MediaDecodeError: It is damaged.
            EmptyPerceptError: There are neither words nor pictures in it.
        """
        check_options(options, self.options, f"the book {str(path)!r}")
        return as_percepts(_chapters(path, options), path, options)


def _chapters(path: Path, options: Mapping[str, Any]) -> Iterator[Part | Percept]:
    with opened(path) as book:
        roots = [each.get("full-path") for each in book.xml(CONTAINER).iter()]
        package = next((root for root in roots if root), None)
        if package is None:
            raise damaged(path, "no package")
        content = book.xml(package)
        folder = PurePosixPath(package).parent
        files = {
            each.get("id"): joined(folder, unquote(each.get("href", "")))
            for each in content.iter()
            if local(each.tag) == "item"
        }
        titles = (each.text for each in content.iter() if local(each.tag) == "title")
        title = next((each for each in titles if each), None)
        spine = [
            files.get(each.get("idref")) for each in content.iter() if local(each.tag) == "itemref"
        ]
        number = 0
        for name in spine:
            if name is None or name not in book.names:
                continue
            _, text = words_of_html(decoded(book.read(name), name=path.name).text)
            if text:
                number += 1
                reading = {"chapter": number, **({"book": title} if title else {})}
                yield Part(text, f"chapter={number}", reading)
        yield from pictures_within(book, path, options)
