"""The words of a mail: its headers, its text, when it was sent, as they are meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime

from sensorium.errors import MediaDecodeError
from sensorium.percepts.encodings.decoding import decoded
from sensorium.sources.documents.markup import words_of_html

SHOWN = ("From", "To", "Cc", "Date", "Subject")  # headers that belong to the words of a mail
WORDS = frozenset(("text/plain", "text/html", "text/enriched"))  # what people see of its parts
# What the standard library raises of bytes that are no mail, or of one within another without end
UNREADABLE = (MessageError, ValueError, LookupError, TypeError, RecursionError)


def is_words(part: Message) -> bool:
    """Return whether a part of a mail is its words, and not something that comes with them."""
    attached = part.get_content_disposition() == "attachment" or part.get_filename()
    return part.get_content_type() in WORDS and not attached


def words_of(message: Message) -> str:
    """Return the headers that people see, the words, and the names of what is attached."""
    told = [f"{name}: {each}" for name in SHOWN if (each := header(message, name))]
    attached = [meant(name) for part in message.walk() if (name := part.get_filename())]
    if attached:
        told.append("Attached: " + ", ".join(attached))
    return "\n".join(told) + "\n\n" + "\n\n".join(filter(None, _bodies(message)))


def _bodies(message: Message) -> Iterator[str]:
    """Yield the words of a message; of several versions of them, the plain one if it has any."""
    if message.get_content_type() == "multipart/alternative":
        versions = ["\n\n".join(filter(None, _bodies(part))) for part in parts_of(message)]
        plain = [part.get_content_type() == "text/plain" for part in parts_of(message)]
        told = sorted(zip(plain, versions, strict=True), key=lambda each: not each[0])
        yield next((text for _, text in told if text.strip()), "")
    elif message.is_multipart():
        for part in parts_of(message):
            yield from _bodies(part)
    elif is_words(message):
        text = text_of(message)
        is_html = message.get_content_type() == "text/html"
        yield words_of_html(text)[1] if is_html else text.replace("\r\n", "\n").strip()


def parts_of(message: Message) -> list[Message]:
    """Return the parts of a message that has several; of any other one, none."""
    payload = message.get_payload()
    return (
        [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []
    )


def text_of(part: Message) -> str:
    """Return the text of a part: by the encoding that it says, or by what the bytes tell."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data.strip():
        return ""
    said = part.get_content_charset()
    try:
        return data.decode(said or "ascii")
    except (UnicodeDecodeError, LookupError):
        pass
    try:
        return decoded(data).text
    except MediaDecodeError:  # what can be read of it is better than no mail
        return data.decode("ascii", "replace")


def header(message: Message, name: str) -> str:
    """Return a header as it is meant; empty if there is none."""
    return meant(str(message.get(name, "")))


def meant(value: str) -> str:
    """Return a header as it is meant: `=?utf-8?q?Gr=C3=BC=C3=9Fe?=` is "Grüße"."""
    try:
        meant = str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        meant = value
    return " ".join(meant.split())


def date_of(message: Message) -> datetime | None:
    """Return when a message was sent; of a time without a zone, RFC 5322 says UTC."""
    try:
        at = parsedate_to_datetime(str(message.get("Date")))
    except (TypeError, ValueError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
