"""PDF documents: the text of each page, and a picture of those that words alone do not tell."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.errors import (
    MediaDecodeError,
    MissingExtraError,
    PerceptValueError,
    SourceRefusedError,
    show,
)
from sensorium.percepts.image import Image
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.sources.documents.parts import GENERAL, TEXT, Part, as_percepts, no_words
from sensorium.sources.reader import check_options
from sensorium.sources.reasons import Reason

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

HEAD = b"%PDF-"
PAGES = ("auto", "all", "none")  # of which pages pictures are made
SIDE = 1600  # pixels of the longer side of a page's picture: small print can be read
POINTS = 72  # units of a page in an inch, by ISO 32000
FEW_LETTERS = 40  # of a page that is a scan or a drawing
LARGE = 0.1  # of a page, which a picture in it covers


class _OneAtATime:
    """A lock that is free in a forked child: PDFium must not run in two threads at once."""

    def __init__(self) -> None:
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.lock = threading.Lock()  # noqa: TID251  # that of `encoders` stands above this room


_one_at_a_time = _OneAtATime()


class PdfReader:
    """Reads each page of a PDF as its text, and as a picture where there is something to see."""

    options = (*GENERAL, "pages")
    modalities = frozenset((Image.modality, *TEXT))

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether it is a PDF: some begin with a few other bytes."""
        return HEAD in head and (head.startswith(HEAD) or path.suffix.lower() == ".pdf")

    def why_skipped(self, path: Path) -> str | None:
        """Return why a PDF of a folder is not read: nothing is installed that reads it."""
        if find_spec("pypdfium2") is not None:
            return None
        command = 'pip install "sensorium[documents]"'
        return Reason("an extra is missing", remedy=command, by_suffix=True)

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the text of each page, and with `pages="auto"` the picture of those that need it.

        Raises:
            MissingExtraError: `pypdfium2` is not installed.
            PerceptFormatError: An option is unknown.
            PerceptValueError: `pages` is not one of "auto", "all" and "none".
            SourceRefusedError: It has a password.
            MediaDecodeError: It is damaged.
            EmptyPerceptError: There is nothing in it.
        """
        check_options(options, self.options, f"the document {str(path)!r}")
        pages = options.get("pages", "auto")
        if pages not in PAGES:
            raise PerceptValueError(
                f"pages={show(pages)}", f"one of {', '.join(PAGES)}", "correct it"
            )
        try:
            import pypdfium2  # noqa: F401  # here rather than at the first page
        except ImportError as error:
            raise MissingExtraError.for_package("pypdfium2", "documents") from error
        return _read(path, options, pages)


def _read(path: Path, options: Mapping[str, Any], pages: str) -> Iterator[Percept]:
    found, number, total = False, 0, 1
    document = None
    try:
        while number < total:
            number += 1
            with _one_at_a_time.lock:
                document = document or _open(path)
                total = len(document)
                percepts = list(_page(document, number, path, options, pages)) if total else []
            found = found or bool(percepts)
            yield from percepts
    finally:
        if document is not None:
            with _one_at_a_time.lock:
                document.close()
    if not found:
        raise no_words(path)


def _open(path: Path) -> PdfDocument:
    """Open a PDF.

    Raises:
        SourceRefusedError: It has a password.
        MediaDecodeError: It is damaged.
    """
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceRefusedError(
                f"the document {path.name!r}, which has a password",
                "a document that anybody can open",
                "save a copy without the password",
            ) from error
        raise _damaged(path, str(error)) from error


def _page(
    document: PdfDocument, number: int, path: Path, options: Mapping[str, Any], pages: str
) -> Iterator[Percept]:
    """Yield what there is of one page, counted from 1."""
    import pypdfium2

    reading = {"page": number, "pages": len(document)}
    try:
        with closing(document[number - 1]) as page:
            text = _text(page)
            drawn = pages == "all" or (pages == "auto" and _has_pictures(page, text))
            picture = _picture(page) if drawn else None
    except pypdfium2.PdfiumError as error:
        raise _damaged(path, f"page {number}: {error}") from error
    at = _written(document)
    if text.strip():
        yield from as_percepts([Part(text, f"page={number}", reading, at)], path, options)
    if picture is not None:
        image = Image(
            picture,
            at=options.get("at") or at,
            uri=f"{path.as_uri()}#page={number}",
            limits=options.get("limits") or DEFAULT_LIMITS,
        )
        yield image.with_reading({"modality": "image", **reading})


def _text(page: PdfPage) -> str:
    with closing(page.get_textpage()) as found:
        text: str = found.get_text_bounded()
    # What a line ends with is a hyphen of the layout, which PDFium marks, or a word
    return text.replace("\ufffe\r\n", "").replace("\ufffe", "").replace("\r\n", "\n")


def _has_pictures(page: PdfPage, text: str) -> bool:
    """Return whether a page shows what its text does not say: a scan, or a picture of some size."""
    import pypdfium2.raw

    if len(text.strip()) < FEW_LETTERS:
        return any(True for _ in page.get_objects(max_depth=2))
    width, height = page.get_size()
    covered = 0.0
    for each in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = each.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return bool(covered >= LARGE * width * height)


def _picture(page: PdfPage) -> bytes:
    """Return a page as a PNG."""
    longer = max(page.get_size()) or 1.0
    with closing(page.render(scale=SIDE / longer, may_draw_forms=False)) as bitmap:
        drawn = io.BytesIO()
        bitmap.to_pil().convert("RGB").save(drawn, "PNG")
    return drawn.getvalue()


def _written(document: PdfDocument) -> datetime | None:
    """Return when a document was made, as it says itself: `D:20240312140533+01'00'`."""
    import pypdfium2

    try:
        said = document.get_metadata_value("CreationDate")
    except pypdfium2.PdfiumError:
        return None
    return pdf_date(said)


def pdf_date(said: str) -> datetime | None:
    """Return the time that a date of PDF says; without a zone it says none that is sure.

    Source: ISO 32000-1, 7.9.4.
    """
    digits = said.removeprefix("D:").replace("'", "")
    if digits.endswith("Z"):
        digits = digits[:-1] + "+0000"
    try:
        return datetime.strptime(digits.replace("Z0000", "+0000"), "%Y%m%d%H%M%S%z")
    except ValueError:
        return None


def _damaged(path: Path, why: str) -> MediaDecodeError:
    return MediaDecodeError(
        f"the document {path.name!r}, which cannot be read ({why})",
        "a whole PDF",
        "check that all of it has arrived, or print it to a new PDF",
    )
