"""Documents of office programs: DOCX and PPTX, and ODT and ODP, by the XML that is in them.

Source: ECMA-376 (Office Open XML), part 1, 17 and 19; OASIS OpenDocument 1.3, part 3, 5 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sensorium.errors import MediaDecodeError
from sensorium.percepts.percept import Percept
from sensorium.sources.documents.archives import ZIP, Archive, damaged, local, opened
from sensorium.sources.documents.parts import GENERAL, ILLUSTRATED, Part, as_percepts
from sensorium.sources.documents.pictures_within import pictures_within
from sensorium.sources.reader import check_options

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # files of Office before 2007, and those with a password
STARTS = (ZIP, OLE, b"{\\rtf", b"\xffWPC")
SUFFIXES = frozenset((".docx", ".docm", ".dotx", ".pptx", ".pptm", ".ppsx", ".odt", ".odp", ".ott"))
UNREAD = {  # what is not read, and what it has to be saved as
    **dict.fromkeys((".doc", ".dot", ".rtf", ".pages", ".wpd"), "DOCX or PDF"),
    **dict.fromkeys((".ppt", ".pps", ".key"), "PPTX or PDF"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods", ".numbers"), "CSV"),
}
SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-"}
SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
# What a word processor keeps beside the text: deleted words, and the older form of a drawing
LEFT_OUT = frozenset(("del", "moveFrom", "Fallback", "tracked-changes", "annotation", "instrText"))


class OfficeReader:
    """Reads the text of a document, or of each slide with its notes, and the pictures in it."""

    options = GENERAL
    modalities = ILLUSTRATED

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether the name says so; the first bytes are those of any archive."""
        suffix = path.suffix.lower()
        return head.startswith(STARTS) and (suffix in SUFFIXES or suffix in UNREAD)

    def why_skipped(self, path: Path) -> str | None:
        """Return why a document of a folder is not read: it is of a kind to be saved anew."""
        other = UNREAD.get(path.suffix.lower())
        return None if other is None else f"a document that is not read: save it as {other}"

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the text in stretches, or slide by slide, and then the pictures.

        Raises:
            PerceptFormatError: An option is unknown.
            MediaDecodeError: It is damaged, of a kind that is not read, or has a password.
            EmptyPerceptError: There are neither words nor pictures in it.
        """
        check_options(options, self.options, f"the document {str(path)!r}")
        return as_percepts(_parts(path, options), path, options)


def _parts(path: Path, options: Mapping[str, Any]) -> Iterator[Part | Percept]:
    other = UNREAD.get(path.suffix.lower())
    if other is not None:
        raise MediaDecodeError(
            f"the document {path.name!r}, of a kind that is not read",
            "DOCX, PPTX, ODT, ODP, EPUB, PDF, HTML, or a table in CSV",
            f"save it as {other}",
        )
    with path.open("rb") as stream:
        if stream.read(len(OLE)) == OLE:
            raise MediaDecodeError(
                f"the document {path.name!r}, which has a password, or is of Office before 2007",
                "a document without a password",
                f"save it as such, or run: soffice --headless --convert-to pdf {path.name!r}",
            )
    with opened(path) as archive:
        at = _written(archive)
        if "word/document.xml" in archive.names:
            yield Part(_document(archive), "", {}, at)
        elif "ppt/presentation.xml" in archive.names:
            yield from _slides(archive, at)
        elif "content.xml" in archive.names:
            yield from _open_document(archive, at)
        else:
            raise damaged(path, "no text where such a document has it")
        yield from pictures_within(archive, path, options, at)


def _document(archive: Archive) -> str:
    """Return the words of a DOCX: its text, and the notes below it."""
    pieces = [_words(archive.xml("word/document.xml"))]
    for name in ("word/footnotes.xml", "word/endnotes.xml"):
        if name in archive.names:
            pieces.append(_words(archive.xml(name)))
    return "\n\n".join(piece for piece in pieces if piece.strip())


def _slides(archive: Archive, at: datetime | None) -> Iterator[Part]:
    """Yield the slides of a PPTX in the order of the presentation."""
    related = archive.related("ppt/presentation.xml")
    order = [
        related.get(value, "")
        for each in archive.xml("ppt/presentation.xml").iter()
        if local(each.tag) == "sldId"
        for key, value in each.items()
        if local(key) == "id" and key != "id"
    ]
    named = (SLIDE.fullmatch(name) for name in archive.names)
    names = [name for name in order if name in archive.names] or [
        found[0] for found in sorted(filter(None, named), key=lambda found: int(found[1]))
    ]
    for number, name in enumerate(names, start=1):
        pieces = [_words(archive.xml(name))]
        notes = (each for each in archive.related(name).values() if "/notesSlide" in each)
        pieces += [_words(archive.xml(each)) for each in notes if each in archive.names]
        yield Part(
            "\n\n".join(piece for piece in pieces if piece.strip()),
            f"slide={number}",
            {"slide": number, "slides": len(names)},
            at,
        )


def _open_document(archive: Archive, at: datetime | None) -> Iterator[Part]:
    """Yield the text of an ODT, or the slides of an ODP."""
    content = archive.xml("content.xml")
    slides = [each for each in content.iter() if local(each.tag) == "page"]
    for number, slide in enumerate(slides, start=1):
        reading = {"slide": number, "slides": len(slides)}
        yield Part(_words(slide), f"slide={number}", reading, at)
    if not slides:
        yield Part(_words(content), "", {}, at)


def _words(element: ElementTree.Element) -> str:
    """Return the words in an element: paragraphs parted by an empty line, cells by a bar."""
    pieces: list[str] = []
    _gather(element, pieces)
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(pieces))
    text = re.sub(r"(?:[ \t]*\|[ \t]*)+\n", "\n", text)  # behind the last cell of a row
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _gather(element: ElementTree.Element, pieces: list[str], *, mixed: bool = False) -> None:
    """Add the words in an element.

    Args:
        element: The element.
        pieces: What is added to.
        mixed: Whether words stand beside elements, as within a paragraph of an OpenDocument; in
            Office Open XML they stand in elements `t` alone.
    """
    name = local(element.tag)
    if name in LEFT_OUT:
        return
    pieces.append(SPACES.get(name, ""))
    if name == "s":  # blanks of an OpenDocument
        pieces.append(" ")
    mixed = mixed or (name in ("p", "h") and "opendocument" in str(element.tag))
    if (mixed or name == "t") and element.text:
        pieces.append(element.text)
    for child in element:
        _gather(child, pieces, mixed=mixed)
        if mixed and child.tail:
            pieces.append(child.tail)
    if name in ("p", "h"):
        pieces.append("\n\n")
    elif name in ("tc", "table-cell"):
        while pieces and not pieces[-1].strip():
            pieces.pop()  # the end of the cell's paragraph
        pieces.append(" | ")
    elif name in ("tr", "table-row"):
        pieces.append("\n")
    elif name in ("tbl", "table"):
        pieces.append("\n\n")


def _written(archive: Archive) -> datetime | None:
    """Return when a document was last changed, as it says itself."""
    for name, tags in (("docProps/core.xml", ("modified", "created")), ("meta.xml", ("date",))):
        if name not in archive.names:
            continue
        told = {local(each.tag): each.text or "" for each in archive.xml(name).iter()}
        for tag in tags:
            try:
                at = datetime.fromisoformat(told.get(tag, "").replace("Z", "+00:00"))
            except ValueError:
                continue
            return at if at.tzinfo is not None else None
    return None
