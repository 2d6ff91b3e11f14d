"""Documents yield their words with their place; the files are written here, by hand."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium import sources
from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    MissingExtraError,
    PerceptFormatError,
    PerceptValueError,
)
from sensorium.percepts import Image, Text
from sensorium.percepts.readers import reader_of

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"


def texts(path: Path, **options: Any) -> list[Text]:
    read = list(sources.open(path, **options))
    assert all(isinstance(each, Text) for each in read)
    return [each for each in read if isinstance(each, Text)]


def written(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def pdf_of(pages: list[str], extra: bytes = b"") -> bytes:
    """A PDF with a line of words on each page."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects.append(f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode())
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for index, words in enumerate(pages):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 400]/Resources<</Font<</F 3 0 R>>>>"
            + f"/Contents {5 + 2 * index} 0 R>>".encode()
        )
        stream = f"BT /F 12 Tf 20 350 Td ({words}) Tj ET".encode()
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
    objects.append(b"<</CreationDate(D:20240312140533+01'00')>>")
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj" % number + content + b"endobj\n")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    sizes = (len(objects) + 1, len(objects), start)
    out.write(b"trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % sizes)
    return out.getvalue()


def test_each_page_of_a_pdf_is_found_by_its_number(tmp_path: Path) -> None:
    """A page is a text of the time at which the document was made; a blank one is left out."""
    path = tmp_path / "a b.pdf"
    long = "The guarantee of the boiler ends in the spring of next year."
    path.write_bytes(pdf_of([long, "", "The second key hangs in the cellar beside the meter."]))
    first, third = texts(path)
    assert first.text == long
    assert (first.uri, third.uri) == (f"{path.as_uri()}#page=1", f"{path.as_uri()}#page=3")
    assert third.reading["page"] == 3
    assert third.reading["pages"] == 3
    assert first.at == datetime(2024, 3, 12, 13, 5, 33, tzinfo=timezone.utc)


def test_pages_that_show_something_are_pictures_too(tmp_path: Path) -> None:
    """A scan is a picture of its page; of written pages there are pictures on demand."""
    scan = tmp_path / "scan.pdf"
    PIL.Image.new("RGB", (300, 200), "red").save(scan, "PDF")
    [picture] = sources.open(scan)
    assert isinstance(picture, Image)
    assert np.median(np.asarray(picture.picture()).reshape(-1, 3), axis=0) == pytest.approx(
        [255, 0, 0], abs=6
    )
    assert picture.uri == f"{scan.as_uri()}#page=1"
    assert list(sources.open(scan, modality="image")) == [picture]
    with pytest.raises(EmptyPerceptError):
        list(sources.open(scan, pages="none"))

    words = tmp_path / "words.pdf"
    words.write_bytes(pdf_of(["The guarantee of the boiler ends in the spring of next year."]))
    assert [each.modality for each in sources.open(words)] == ["text"]
    assert [each.modality for each in sources.open(words, pages="all")] == ["text", "image"]
    with pytest.raises(PerceptValueError, match="auto, all, none"):
        sources.open(words, pages="some")


def test_a_pdf_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A half one is damaged, and without the extra the message has the command."""
    path = tmp_path / "half.pdf"
    path.write_bytes(pdf_of(["words"])[:60])
    with pytest.raises(MediaDecodeError, match="cannot be read"):
        list(sources.open(path))


def test_without_the_extra_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a PDF without pypdfium2 says what to install, at once."""
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_of(["words"]))
    monkeypatch.setitem(__import__("sys").modules, "pypdfium2", None)
    with pytest.raises(MissingExtraError, match=r'pip install "sensorium\[documents\]"'):
        sources.open(path)


WORDS = "<w:p><w:r><w:t>words</w:t></w:r></w:p>"
T = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


def docx(body: str) -> dict[str, str]:
    return {"word/document.xml": f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'}


def test_a_word_document_is_its_words(tmp_path: Path) -> None:
    """Runs join, paragraphs and cells stay apart, deleted words are gone, the time is told."""
    body = (
        "<w:p><w:r><w:t>Meet</w:t></w:r><w:r><w:t>ing on Monday</w:t></w:r></w:p>"
        "<w:p><w:del><w:r><w:delText>not</w:delText></w:r></w:del><w:r><w:t>Agenda</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Roof</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>Carla</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        "<w:p><w:r><w:t>The end</w:t></w:r></w:p>"
    )
    core = '<c xmlns:d="urn:d"><d:modified>2024-03-12T14:05:33Z</d:modified></c>'
    path = written(tmp_path / "a.docx", {**docx(body), "docProps/core.xml": core})
    [text] = texts(path)
    assert text.text == "Meeting on Monday\n\nAgenda\n\nRoof | Carla\n\nThe end"
    assert text.at == datetime(2024, 3, 12, 14, 5, 33, tzinfo=timezone.utc)
    assert text.uri == path.as_uri()


def test_slides_come_in_their_order_with_their_notes(tmp_path: Path) -> None:
    """The order is that of the presentation, not of the names of its parts."""

    def slide(words: str) -> str:
        return (
            f'<p:sld xmlns:p="{P}" xmlns:a="{A}"><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:sld>'
        )

    def relations(**targets: str) -> str:
        each = "".join(f'<Relationship Id="{k}" Target="{v}"/>' for k, v in targets.items())
        return f"<Relationships>{each}</Relationships>"

    order = (
        f'<p:presentation xmlns:p="{P}" xmlns:r="{R}"><p:sldIdLst><p:sldId id="256" r:id="r2"/>'
        '<p:sldId id="257" r:id="r1"/></p:sldIdLst></p:presentation>'
    )
    parts = {
        "ppt/presentation.xml": order,
        "ppt/_rels/presentation.xml.rels": relations(
            r1="slides/slide1.xml", r2="slides/slide2.xml"
        ),
        "ppt/slides/slide1.xml": slide("Thanks"),
        "ppt/slides/slide2.xml": slide("Welcome"),
        "ppt/slides/_rels/slide2.xml.rels": relations(n="../notesSlides/notesSlide1.xml"),
        "ppt/notesSlides/notesSlide1.xml": slide("Smile"),
    }
    path = written(tmp_path / "talk.pptx", parts)
    first, second = texts(path)
    assert (first.text, second.text) == ("Welcome\n\nSmile", "Thanks")
    assert first.reading["slide"] == 1
    assert second.uri == f"{path.as_uri()}#slide=2"


def test_an_open_document_is_its_words(tmp_path: Path) -> None:
    """Words beside elements within a paragraph are kept, and blanks that are written as such."""
    content = (
        '<o:c xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><t:h>Plan</t:h>'
        "<t:p>Paint <t:span>the fence</t:span> on<t:s/>Friday</t:p></o:c>"
    )
    [text] = texts(written(tmp_path / "plan.odt", {"content.xml": content}))
    assert text.text == "Plan\n\nPaint the fence on Friday"


def picture(shade: int, side: int = 80) -> bytes:
    content = io.BytesIO()
    PIL.Image.new("RGB", (side, side), (shade, 0, 0)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(("name", "folder"), [("a.docx", "word/media"), ("a.odt", "Pictures")])
def test_pictures_in_a_document_are_images_that_name_it(
    tmp_path: Path, name: str, folder: str
) -> None:
    """In the order of their numbers, each once; icons, drawings and damage are counted."""
    bodies = {"a.docx": docx(WORDS), "a.odt": {"content.xml": f"<o xmlns:t='{T}'><t:p>a</t:p></o>"}}
    path = written(tmp_path / name, bodies[name])
    pictures = {"image10.png": picture(10), "image2.png": picture(2), "image3.png": picture(2)}
    bad = {"icon.png": picture(3, 16), "line.emf": b"lines", "broken.jpg": b"\xff\xd8\xff"}
    with zipfile.ZipFile(path, "a") as archive:
        for file, content in {**pictures, **bad}.items():
            archive.writestr(f"{folder}/{file}", content)
        archive.writestr("docProps/thumbnail.png", picture(4))
    words, *images = list(sources.open(path))
    assert isinstance(words, Text)
    assert [each.uri for each in images] == [
        f"{path.as_uri()}#part={folder}/image2.png",
        f"{path.as_uri()}#part={folder}/image10.png",
    ]
    shades = [each.picture().getpixel((0, 0)) for each in images if isinstance(each, Image)]
    assert shades == [(2, 0, 0), (10, 0, 0)]
    assert images[-1].reading["pictures_left_out"] == 3


def test_a_document_made_to_burst_is_read_without_its_pictures(tmp_path: Path) -> None:
    """A picture of 100 MB of zeros is not unpacked, and so many pictures are counted."""
    path = written(tmp_path / "a.docx", docx(WORDS))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/a1.png", bytes(100 * 2**20))
        for number in range(205):
            archive.writestr(f"word/media/b{number}.png", picture(number))
    words, *images = list(sources.open(path))
    assert isinstance(words, Text)
    assert len(images) == 200
    assert images[-1].reading["pictures_left_out"] == 6


def test_a_document_of_pictures_alone_is_read(tmp_path: Path) -> None:
    """A scan that was pasted into a document needs no words."""
    path = written(tmp_path / "a.docx", docx("<w:p/>"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/media/scan.png", picture(9))
    [scan] = list(sources.open(path))
    assert isinstance(scan, Image)


def test_bad_archives_are_refused(tmp_path: Path) -> None:
    """A damaged document, one with entities, one with a password: each says what to do."""
    path = written(tmp_path / "a.docx", docx("<w:p/>"))
    whole = path.read_bytes()
    path.write_bytes(whole[:80])
    with pytest.raises(MediaDecodeError, match="has arrived"):
        list(sources.open(path))
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    with pytest.raises(MediaDecodeError, match="entities"):
        list(sources.open(written(path, {"word/document.xml": bomb})))
    with pytest.raises(EmptyPerceptError, match="no words"):
        list(sources.open(written(path, docx("<w:p/>"))))
    deep = "<w:p>" * 100_000
    with pytest.raises(MediaDecodeError):
        list(sources.open(written(path, docx(deep))))
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(MediaDecodeError, match="without a password"):
        list(sources.open(path))


def test_documents_of_other_kinds_are_skipped_with_what_to_do(tmp_path: Path) -> None:
    """In a folder a spreadsheet or an old document is skipped with a reason; given, refused."""
    (tmp_path / "sums.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    (tmp_path / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (tmp_path / "old.rtf").write_bytes(b"{\\rtf1 words}")
    skipped: dict[str, str] = {}
    read = sources.walk(tmp_path, on_skip=lambda path, why: skipped.update({path.name: why}))
    assert list(read) == []
    assert "save it as CSV" in skipped["sums.xlsx"]
    assert "save it as DOCX or PDF" in skipped["letter.doc"]
    assert "save it as DOCX or PDF" in skipped["old.rtf"]
    with pytest.raises(MediaDecodeError, match="save it as CSV"):
        list(sources.open(tmp_path / "sums.xlsx"))


def test_a_folder_without_the_extra_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PDFs are skipped with the command that would read them, and the rest is read."""
    (tmp_path / "a.pdf").write_bytes(pdf_of(["words"]))
    (tmp_path / "b.txt").write_text("buy milk")
    monkeypatch.setattr("sensorium.sources.documents.pdf.find_spec", lambda name: None)
    skipped: dict[str, str] = {}
    read = sources.walk(tmp_path, on_skip=lambda path, why: skipped.update({path.name: why}))
    assert [each.modality for each in read] == ["text"]
    assert 'pip install "sensorium[documents]"' in skipped["a.pdf"]


def test_a_page_is_its_words_without_scripts(tmp_path: Path) -> None:
    """The title, blocks and cells stay; scripts, styles and what is hidden do not."""
    path = tmp_path / "page.html"
    path.write_bytes(
        "<html><head><title>Café &amp; bar</title><style>p{}</style></head><body><h1>Menu</h1>"
        "<script>var no = '<p>no</p>'</script><p>Soup<br>Bread</p><div hidden>no<div>no</div></div>"
        "<table><tr><td>Tea</td><td>2 €</td></tr></table><img src=x alt='a red door'>".encode(
            "cp1252"
        )
    )
    [text] = texts(path)
    assert text.text.split() == [
        *("Café", "&", "bar", "Menu", "Soup", "Bread", "Tea", "2", "€"),
        *("a", "red", "door"),
    ]
    assert "Soup\nBread" in text.text
    assert text.reading["encoding"] == "cp1252"


def test_a_book_is_read_chapter_by_chapter(tmp_path: Path) -> None:
    """The order is that of the spine; the title of the book stands with each chapter."""
    package = (
        '<package><metadata><title xmlns="urn:dc">Islands</title></metadata><manifest>'
        '<item id="b" href="two.xhtml"/><item id="a" href="text/one%20.xhtml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<c><rootfile full-path="OEBPS/book.opf"/></c>',
        "OEBPS/book.opf": package,
        "OEBPS/text/one .xhtml": "<html><body><p>The storm came at night.</p></body></html>",
        "OEBPS/two.xhtml": "<html><body><p>In the morning it was calm.</p></body></html>",
    }
    path = written(tmp_path / "book.epub", parts)
    first, second = texts(path)
    assert (first.text, second.text) == ("The storm came at night.", "In the morning it was calm.")
    assert second.uri == f"{path.as_uri()}#chapter=2"
    assert second.reading["book"] == "Islands"


def test_documents_refuse_unknown_options_and_leave_other_modalities(tmp_path: Path) -> None:
    """An option that is none is an error; asked for sound, a page is not read as words."""
    path = tmp_path / "page.html"
    path.write_text("<p>words</p>")
    with pytest.raises(PerceptFormatError, match="colour"):
        sources.open(path, colour="red")
    assert reader_of(path, "audio") is None
    assert reader_of(path, "text") is reader_of(path)
