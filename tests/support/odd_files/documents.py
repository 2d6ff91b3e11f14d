"""Texts, documents, mails and chats, written by hand."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

import PIL.Image

from tests.support.odd_files.odd import OWN, Odd, failed, local, read, skipped, utc

OFFICE = "http://schemas.openxmlformats.org"
WORD = f"{OFFICE}/wordprocessingml/2006/main"
SLIDES = f"{OFFICE}/presentationml/2006/main"
DRAWING = f"{OFFICE}/drawingml/2006/main"
RELATIONS = f"{OFFICE}/officeDocument/2006/relationships"
PACKAGE = f"{OFFICE}/package/2006"
MIME = "application/vnd.openxmlformats-officedocument"
RELATION_MIME = "application/vnd.openxmlformats-package.relationships+xml"
OPEN = "urn:oasis:names:tc:opendocument:xmlns"
PDF = "pypdfium2"
MAIL = (
    b"From: Anna <anna@example.org>\r\nTo: me@example.org\r\nSubject: %s\r\n"
    b"Date: Tue, 12 Mar 2024 14:05:33 +0100\r\n\r\n%s\r\n"
)
SAVED = "2024-03-12T14:05:33Z"
MAILED = utc(2024, 3, 12, 13, 5, 33)


def archive(parts: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return stream.getvalue()


def pdf(*pages: str) -> bytes:
    """A PDF with one line on each page, made in March 2024."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for index, words in enumerate(pages):
        shown = f"BT /F 12 Tf 20 350 Td ({words}) Tj ET"
        objects += [
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 400]/Resources<</Font<</F 3 0 R>>>>"
            f"/Contents {5 + 2 * index} 0 R>>",
            f"<</Length {len(shown)}>>stream\n{shown}\nendstream",
        ]
    objects.append("<</CreationDate(D:20240312140533+01'00')>>")
    out, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    count = len(objects) + 1
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {count}\n0000000000 65535 f \n{table}"
    out += f"trailer<</Size {count}/Root 1 0 R/Info {count - 1} 0 R>>\n"
    return (out + f"startxref\n{out.index('xref')}\n%%EOF").encode()


def scan() -> bytes:
    """A PDF of one picture, made on the same day."""
    stream, made = io.BytesIO(), MAILED.timetuple()
    PIL.Image.linear_gradient("L").save(stream, "PDF", creationDate=made, modDate=made)
    return stream.getvalue()


def relations(each: str) -> str:
    """The file of an Office document that says what belongs to what."""
    return f'<Relationships xmlns="{PACKAGE}/relationships">{each}</Relationships>'


def package(kind: str, main: str, parts: Mapping[str, str]) -> bytes:
    """An Office document: its parts, which kinds they are, and which one is the main one."""
    types = f'<Override PartName="/{main}" ContentType="{MIME}.{kind}.main+xml"/>'
    for name in parts:
        if "/slides/slide" in name:
            slide = f"{MIME}.presentationml.slide+xml"
            types += f'<Override PartName="/{name}" ContentType="{slide}"/>'
    relation = f'<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="{main}"/>'
    return archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Default Extension="rels" ContentType="{RELATION_MIME}"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
            "_rels/.rels": relations(relation),
            **parts,
        }
    )


def docx(words: str) -> bytes:
    body = f"<w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:body>"
    parts = {
        "word/document.xml": f'<w:document xmlns:w="{WORD}">{body}</w:document>',
        "docProps/core.xml": f'<c xmlns:d="urn:d"><d:modified>{SAVED}</d:modified></c>',
    }
    return package("wordprocessingml.document", "word/document.xml", parts)


def pptx(*slides: str) -> bytes:
    numbers = range(1, len(slides) + 1)
    order = "".join(f'<p:sldId id="{255 + each}" r:id="r{each}"/>' for each in numbers)
    targets = "".join(
        f'<Relationship Id="r{each}" Type="{RELATIONS}/slide" Target="slides/slide{each}.xml"/>'
        for each in numbers
    )
    parts = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{SLIDES}" xmlns:r="{RELATIONS}">'
        f"<p:sldIdLst>{order}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(targets),
    }
    for each, words in zip(numbers, slides, strict=True):
        text = f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody>"
        named = '<p:cNvPr id="2" name="Text"/><p:cNvSpPr txBox="1"/><p:nvPr/>'
        box = f"<p:sp><p:nvSpPr>{named}</p:nvSpPr><p:spPr/>{text}</p:sp>"
        whole = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        tree = f"<p:cSld><p:spTree>{whole}<p:grpSpPr/>{box}</p:spTree></p:cSld>"
        parts[f"ppt/slides/slide{each}.xml"] = (
            f'<p:sld xmlns:p="{SLIDES}" xmlns:a="{DRAWING}" xmlns:r="{RELATIONS}">{tree}</p:sld>'
        )
    return package("presentationml.presentation", "ppt/presentation.xml", parts)


def odt(words: str) -> bytes:
    content = f'<o:c xmlns:o="{OPEN}:office:1.0" xmlns:t="{OPEN}:text:1.0"><t:p>{words}</t:p></o:c>'
    return archive({"content.xml": content})


def epub(*chapters: str) -> bytes:
    names = [f"{number}.xhtml" for number in range(len(chapters))]
    items = "".join(f'<item id="c{each}" href="{each}"/>' for each in names)
    spine = "".join(f'<itemref idref="c{each}"/>' for each in names)
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<c><rootfile full-path="book.opf"/></c>',
            "book.opf": '<package><metadata><title xmlns="urn:dc">Islands</title></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{
                name: f"<html><body><p>{words}</p></body></html>"
                for name, words in zip(names, chapters, strict=True)
            },
        }
    )


WHATSAPP = (
    "13.03.24, 14:05 - Messages are encrypted.\n13.03.24, 14:05 - Anna: Where is the spare key?\n"
    "13.03.24, 14:07 - Ben: Under the flower pot\n13.03.24, 18:00 - Anna: Found it, thank you\n"
)
TELEGRAM = {
    "name": "Anna",
    "type": "personal_chat",
    "id": 7,
    "messages": [
        {
            "type": "message",
            "from": "Anna",
            "text": "The roof leaks again",
            "date": "2024-03-13T14:05:00",
            "date_unixtime": "1710335100",
        },
        {
            "type": "message",
            "from": "Ben",
            "text": "",
            "photo": "p.jpg",
            "date": "2024-03-13T14:06:00",
            "date_unixtime": "1710335160",
        },
    ],
}
MESSENGER = {
    "participants": [{"name": "Ben"}],
    "messages": [
        {
            "sender_name": "J\u00c3\u00bcrgen",
            "timestamp_ms": 1710335100000,
            "content": "na\u00c3\u00afv?",
        }
    ],
}
GERMAN = "Die Straße nach Köln ist gesperrt, wir fahren über Düsseldorf zurück."
FRENCH = "L'été dernier, nous avons mangé des crêpes près de la forêt, c'était très agréable."
CHINESE = "今天早上我们去公园散步，看见很多老人在打太极拳，孩子们在放风筝。" * 2
STATEMENT = b"Date,Description,Amount\n2024-03-04,Supermarket,-43.20\n2024-03-05,Salary,2100.00\n"
NUMBERS = "\n".join(f"{number} {number * number}" for number in range(200)).encode()
LONG = "\n\n".join(f"Paragraph {n} says that the tide came in at {n}." for n in range(700)).encode()


def texts() -> list[Odd]:
    return [
        read(
            "texts/plain.txt",
            "The ladder stands behind the shed. Größe 3 m.".encode(),
            "text",
            words="Größe",
        ),
        read("texts/marked.txt", "﻿Buy oat milk.".encode(), "text", words="Buy oat milk."),
        read(
            "texts/notepad.txt",
            "Der Schlüssel liegt im Büro.".encode("utf-16"),
            "text",
            words="Der Schlüssel liegt im Büro.",
        ),
        read(
            "texts/big endian.txt",
            b"\xfe\xff" + "Wärme im März".encode("utf-16-be"),
            "text",
            words="Wärme im März",
        ),
        read(
            "texts/latin-1.txt",
            GERMAN.encode("latin-1"),
            "text",
            words="über Düsseldorf",
            says="cp1252",
        ),
        read(
            "texts/windows.txt",
            FRENCH.replace("'", "’").encode("cp1252"),
            "text",
            words="près de la forêt, c’était",
        ),
        read(
            "texts/chinese.txt",
            CHINESE.encode("gb18030"),
            "text",
            words="孩子们在放风筝",
            says="gb18030",
        ),
        read("texts/lines.txt", b"first\r\nsecond\r\n", "text", words="second"),
        read("texts/long.txt", LONG, *["text"] * 2, words="the tide came in at 699"),
        read("texts/notes.md", b"# Shed\n\n- paint\n- *two* brushes\n", "text", words="brushes"),
        read(
            "texts/diary.md",
            b"---\ndate: 2024-03-12T10:00:00+00:00\n---\nIt rained all day.\n",
            "text",
            words="It rained all day",
            at=utc(2024, 3, 12, 10),
            by=OWN,
        ),
        read(
            "texts/manual.rst", b"Pump\n====\n\nTurn it **off** first.\n", "text", words="Turn it"
        ),
        read("texts/todo.org", b"* TODO call the plumber\n", "text", words="plumber"),
        skipped("texts/README", b"Words in a file without a suffix.\n", "unknown kind"),
        skipped("texts/program.py", b"print('hello')\n", "unknown kind"),
        skipped("texts/program.ts", b"const words: string = 'hello';\n", "unknown kind"),
        failed("texts/empty.txt", b"", "EmptyPerceptError"),
        failed("texts/blank.txt", b" \n\n", "EmptyPerceptError"),
        failed("texts/numbers.txt", NUMBERS, "table of numbers"),
        failed("texts/binary.txt", bytes(range(256)) * 4, "MediaDecodeError"),
    ]


def documents() -> list[Odd]:
    return [
        read(
            "documents/guarantee.pdf",
            pdf(
                "The guarantee of the boiler ends in the spring of next year.",
                "The second key hangs in the cellar beside the meter.",
            ),
            "text",
            "text",
            words="beside the meter",
            at=MAILED,
            by=OWN,
            needs=PDF,
        ),
        read("documents/scan.pdf", scan(), "image", at=MAILED, by=OWN, needs=PDF),
        failed("documents/half.pdf", pdf("words")[:60], "MediaDecodeError", needs=PDF),
        read(
            "documents/minutes.docx",
            docx("Carla paints the fence on Monday."),
            "text",
            words="Carla paints the fence",
            at=utc(2024, 3, 12, 14, 5, 33),
            by=OWN,
        ),
        failed("documents/half.docx", docx("Carla")[:80], "MediaDecodeError"),
        read(
            "documents/talk.pptx",
            pptx("Welcome to the tide gauge", "Thank you"),
            "text",
            "text",
            words="Welcome to the tide gauge",
        ),
        read(
            "documents/plan.odt",
            odt("Paint the fence on Friday"),
            "text",
            words="Paint the fence on Friday",
        ),
        read(
            "documents/book.epub",
            epub("The storm came at night.", "In the morning it was calm."),
            "text",
            "text",
            words="In the morning it was calm.",
        ),
        read(
            "documents/page.html",
            b"<html><title>Menu</title><script>no()</script><p>Soup of the day</p></html>",
            "text",
            words="Soup of the day",
        ),
        skipped("documents/sums.xlsx", archive({"xl/workbook.xml": "<w/>"}), "save it as CSV"),
        skipped(
            "documents/letter.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "save it as DOCX or PDF",
        ),
        skipped("documents/old.rtf", b"{\\rtf1 words}", "save it as DOCX or PDF"),
        skipped("documents/several.zip", archive({"a.txt": "words", "b.jpg": "?"}), ""),
        skipped("documents/setup.exe", b"MZ" + bytes(90), "unknown kind"),
        skipped("documents/statement.csv", STATEMENT, "no columns of motion"),
        skipped("documents/list.tsv", STATEMENT.replace(b",", b"\t"), "no columns of motion"),
        skipped("documents/settings.json", b'{"theme": "dark", "size": 3}', ""),
    ]


def messages() -> list[Odd]:
    return [
        read(
            "mail/boiler.eml",
            MAIL % (b"Boiler", b"The plumber comes on Thursday."),
            "text",
            words="The plumber comes on Thursday.",
            at=MAILED,
            by=OWN,
        ),
        read(
            "mail/Inbox",
            b"".join(
                b"From a@example.org Tue Mar 12 14:05:33 2024\n"
                + (MAIL % (subject, b"See you there.")).replace(b"\r", b"")
                + b"\n"
                for subject in (b"One", b"Two")
            ),
            "text",
            "text",
            words="Subject: Two",
            at=MAILED,
            by=OWN,
        ),
        read(
            "chats/WhatsApp Chat with Anna.txt",
            WHATSAPP.encode(),
            "text",
            "text",
            words="Ben: Under the flower pot",
            at=local(2024, 3, 13, 14, 5),
            by=OWN,
            says="dmy",
        ),
        read(
            "chats/telegram/result.json",
            json.dumps(TELEGRAM).encode(),
            "text",
            words="The roof leaks again",
            at=utc(2024, 3, 13, 13, 5),
            by=OWN,
        ),
        read(
            "chats/messenger/message_1.json",
            json.dumps(MESSENGER).encode(),
            "text",
            words="Jürgen: naïv?",
            at=utc(2024, 3, 13, 13, 5),
            by=OWN,
        ),
    ]


def files() -> list[Odd]:
    return [*texts(), *documents(), *messages()]
