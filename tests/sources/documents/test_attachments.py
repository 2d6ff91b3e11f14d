"""What is attached to a mail: percepts of their own that name the mail, and all else is counted."""

from __future__ import annotations

import io
import tempfile
import wave
import zipfile
from datetime import datetime, timezone
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium import sources
from sensorium.errors import MediaDecodeError
from sensorium.percepts import Audio, Image, Percept, Text
from sensorium.sources.documents import attachments

SENT = datetime(2024, 3, 12, 14, 5, 33, tzinfo=timezone.utc)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def picture(shade: int, side: int = 80) -> bytes:
    content = io.BytesIO()
    PIL.Image.new("RGB", (side, side), (shade, 0, 0)).save(content, "PNG")
    return content.getvalue()


def tone(samples: int = 8000) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes((np.sin(np.arange(samples)) * 9000).astype("<i2").tobytes())
    return content.getvalue()


def document(words: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        body = f"<w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:body>"
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{W}">{body}</w:document>')
        archive.writestr("word/media/image1.png", picture(77))
    return content.getvalue()


def mail(words: str = "See below.", subject: str = "Boiler") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "Anna <a@example.org>", subject
    message["Date"] = "Tue, 12 Mar 2024 14:05:33 +0000"
    message.set_content(words)
    return message


def attach(message: EmailMessage, data: bytes, name: str, kind: str = "application/x") -> None:
    main, _, sub = kind.partition("/")
    message.add_attachment(data, maintype=main, subtype=sub, filename=name)


def read(path: Path, message: EmailMessage, **options: Any) -> list[Percept]:
    path.write_bytes(message.as_bytes())
    return list(sources.open(path, **options))


def test_what_is_attached_is_read_with_the_time_and_the_name_of_the_mail(tmp_path: Path) -> None:
    """A photo, a sound, a document with a picture and a text, whatever type the sender wrote."""
    message = mail()
    attach(message, picture(9), "der Keller.png", "application/octet-stream")
    attach(message, tone(), "knock.wav", "audio/x-wav")
    attach(message, document("paint the fence"), "plan.docx")
    message.add_attachment("Straße\n", filename="note.txt", charset="iso-8859-1")
    path = tmp_path / "a.eml"
    words, photo, sound, plan, inside, note = read(path, message)
    assert isinstance(words, Text)
    assert "attachments_left_out" not in note.reading
    assert isinstance(photo, Image)
    assert photo.picture().getpixel((0, 0)) == (9, 0, 0)
    assert photo.uri == f"{path.as_uri()}#attachment=1&name=der%20Keller.png"
    assert photo.reading["attachment"] == "der Keller.png"
    assert photo.reading["mail"] == "Boiler"
    assert isinstance(sound, Audio)
    assert sound.duration == 1.0
    assert isinstance(plan, Text)
    assert plan.text == "paint the fence"
    assert isinstance(inside, Image)
    assert inside.uri == (f"{path.as_uri()}#attachment=3&name=plan.docx&part=word/media/image1.png")
    assert isinstance(note, Text)
    assert note.text == "Straße"
    assert {each.at for each in (words, photo, sound, plan, inside, note)} == {SENT}


def test_inline_pictures_are_read_and_those_of_the_layout_are_not(tmp_path: Path) -> None:
    """A photo between the words has no name; a logo of 16 pixels is counted, and a second copy."""
    message = mail()
    message.add_alternative("<p>See</p><img src='cid:one'>", subtype="html")
    page = message.get_payload()[1]  # type: ignore[index]  # the version in HTML
    assert isinstance(page, EmailMessage)
    for number, data in enumerate((picture(1), picture(2, 16), picture(1))):
        page.add_related(data, "image", "png", cid=f"<{number}>")
    words, photo = read(tmp_path / "a.eml", message)
    assert isinstance(words, Text)
    assert photo.reading["attachment"] == "image/png"
    assert photo.reading["attachments_left_out"] == {
        "a small picture of the layout": 1,
        "the same again": 1,
    }


def test_what_is_not_read_is_counted_by_its_reason(tmp_path: Path) -> None:
    """An unknown kind, damage, nothing at all: the mail and the others are read."""
    message = mail()
    attach(message, b"\0\1\2", "tool.exe")
    attach(message, b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "broken.png")
    attach(message, b"words, no picture", "words.jpg", "image/jpeg")
    attach(message, b"PK\x03\x04 no archive", "broken.docx")
    attach(message, b"", "empty.pdf")
    attach(message, picture(3), "good.png", "image/png")
    words, good = read(tmp_path / "a.eml", message)
    assert isinstance(words, Text)
    assert isinstance(good, Image)
    assert good.reading["attachments_left_out"] == {
        "unknown kind": 1,
        "cannot be read": 3,
        "nothing in it": 1,
    }


def test_attachments_of_a_mailbox_name_their_message(tmp_path: Path) -> None:
    """Each is of the time of its own mail, and what one mail leaves out the next does not count."""
    path = tmp_path / "Inbox"
    first, second = mail(), mail(subject="Fence")
    attach(first, b"\0", "tool.exe")
    attach(second, picture(5), "fence.png", "image/png")
    second.replace_header("Date", "Wed, 13 Mar 2024 08:00:00 +0000")
    postmark = b"From a@example.org Tue Mar 12 14:05:33 2024\n"
    path.write_bytes(b"\n".join(postmark + each.as_bytes() for each in (first, second)))
    one, two, fence = sources.open(path)
    assert one.reading["attachments_left_out"] == {"unknown kind": 1}
    assert "attachments_left_out" not in two.reading
    assert fence.uri == f"{path.as_uri()}#message=2&attachment=1&name=fence.png"
    assert fence.at == datetime(2024, 3, 13, 8, tzinfo=timezone.utc)
    assert "attachments_left_out" not in fence.reading


def test_mails_within_mails_are_read_to_a_depth(tmp_path: Path) -> None:
    """Forwarded as a message or as a file of bytes; what is deeper than four is counted."""
    inner = mail("the inner words", "Inner")
    attach(inner, picture(4), "deep.png", "image/png")
    forwarded, saved = mail(), mail()
    forwarded.add_attachment(inner)
    attach(saved, inner.as_bytes(), "inner.eml")
    _, photo = read(tmp_path / "a.eml", forwarded)
    assert isinstance(photo, Image)
    _, words, photo = read(tmp_path / "b.eml", saved)
    assert isinstance(words, Text)
    assert words.text.endswith("the inner words")
    assert str(photo.uri).endswith("#attachment=1.1&name=deep.png")
    for wrap in ("message", "file"):
        held = inner
        for _ in range(7):
            outer = mail()
            if wrap == "message":
                outer.add_attachment(held)
            else:
                attach(outer, held.as_bytes(), "held.eml")
            held = outer
        percepts = read(tmp_path / "c.eml", held)
        assert not any(isinstance(each, Image) for each in percepts)
        assert percepts[-1].reading["attachments_left_out"] == {
            "in a mail too deep within mails": 1
        }


def test_a_mail_of_a_thousand_mails_is_refused(tmp_path: Path) -> None:
    """One within another without end is an error of ours."""
    path = tmp_path / "a.eml"
    path.write_bytes(b"Subject: a\n" + b"Content-Type: message/rfc822\n\nA: b\n" * 3000 + b"\nx")
    with pytest.raises(MediaDecodeError, match="cannot be read"):
        list(sources.open(path))


def test_attachments_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In number, in bytes of each and in bytes of all; the rest is counted."""
    monkeypatch.setattr(attachments, "MOST", 3)
    monkeypatch.setattr(attachments, "LARGEST", 4096)
    monkeypatch.setattr(attachments, "IN_ALL", 6000)
    message = mail()
    attach(message, bytes(8000), "large.png", "image/png")
    attach(message, b"a word " * 500, "a.txt")
    attach(message, b"one more " * 400, "b.txt")
    attach(message, picture(3), "c.png", "image/png")
    _, text = read(tmp_path / "a.eml", message)
    assert text.reading["attachment"] == "a.txt"
    assert text.reading["attachments_left_out"] == {
        "too large": 2,
        "beyond the number that is read": 1,
    }


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that lead elsewhere lead nowhere; percepts hold their content when the mail is gone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    message = mail()
    attach(message, document("words"), "../../../plan.d/..docx")
    attach(message, b"1\n00:00:01,000 --> 00:00:02,000\nhello\n", "film.srt")
    attach(message, picture(8), "a.png", "image/png")
    path = tmp_path / "a.eml"
    percepts = read(path, message)
    path.unlink()
    assert len(percepts) == 5
    assert [each.digest for each in percepts]
    assert list(folder.iterdir()) == []
    reader = sources.open(_written(path, message))
    assert [next(reader) for _ in range(2)]
    reader.close()  # type: ignore[attr-defined]  # a generator
    assert list(folder.iterdir()) == []


def test_a_modality_that_is_asked_for_comes_alone(tmp_path: Path) -> None:
    """A walk for pictures finds those in mails, and passes over their words."""
    message = mail()
    attach(message, picture(8), "a.png", "image/png")
    _written(tmp_path / "a.eml", message)
    [photo] = sources.walk(tmp_path, modality="image")
    assert isinstance(photo, Image)


def _written(path: Path, message: EmailMessage) -> Path:
    path.write_bytes(message.as_bytes())
    return path
