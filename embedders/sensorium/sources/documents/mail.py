"""Mails: a single one (EML, or a page saved as MHTML), and mailboxes (mbox), message by message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError, SourceTooLargeError
from sensorium.percepts.encodings.decoding import decoded
from sensorium.percepts.limits import MIB
from sensorium.percepts.percept import Percept
from sensorium.sources.documents.markup import words_of_html
from sensorium.sources.documents.parts import GENERAL, TEXT, Part, as_percepts
from sensorium.sources.reader import check_options

SUFFIXES = frozenset((".eml", ".mht", ".mhtml"))
LARGEST = 256 * MIB  # bytes of one message
HEADER = re.compile(rb"\A(?:\xef\xbb\xbf)?[A-Za-z][\w-]*:[ \t\r\n]")
POSTMARK = re.compile(  # the line before each message of a mailbox
    rb"From (?:\S+ +|- *)?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d"
)
SHOWN = ("From", "To", "Cc", "Date", "Subject")  # headers that belong to the words of a mail


class MailReader:
    """Reads each mail of a file as its headers, its words, and the names of what is attached."""

    options = GENERAL
    modalities = TEXT

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether it is a mail by its name, or a mailbox by its first line."""
        named = path.suffix.lower() in SUFFIXES and HEADER.match(head) is not None
        return named or POSTMARK.match(head) is not None

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the mails in the order of the file, each of its own time.

        Raises:
            PerceptFormatError: An option is unknown.
            SourceTooLargeError: A message of more than 256 MiB.
            MediaDecodeError: A message cannot be read.
            EmptyPerceptError: There is no message in it.
        """
        check_options(options, self.options, f"the mail {str(path)!r}")
        return as_percepts(_parts(path), path, options)


def _parts(path: Path) -> Iterator[Part]:
    with path.open("rb") as stream:
        is_box = POSTMARK.match(stream.read(512)) is not None
    if not is_box:
        yield _part(path.read_bytes(), path, "", {})
        return
    for number, (stamp, message) in enumerate(_messages(path), start=1):
        part = _part(message, path, f"message={number}", {"message": number})
        yield replace(part, at=part.at or _stamped(stamp))


def _messages(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the messages of a mailbox, each with the line before it.

    Source: RFC 4155, appendix A; in lines of text that begin so, programs write ">From ".
    """
    lines: list[bytes] = []
    size, after_blank, stamp = 0, True, ""
    with path.open("rb") as stream:
        for line in stream:
            if after_blank and POSTMARK.match(line):
                if lines:
                    yield stamp, b"".join(lines)
                lines, size, stamp = [], 0, line.decode("ascii", "replace")
            else:
                lines.append(line[1:] if re.match(rb">+From ", line) else line)
                size += len(line)
            if size > LARGEST:
                raise SourceTooLargeError(
                    f"the mailbox {path.name!r} with a message of more than {LARGEST} bytes",
                    "messages of a mailbox",
                    "leave it out",
                )
            after_blank = not line.strip()
    if lines:
        yield stamp, b"".join(lines)


def _stamped(line: str) -> datetime | None:
    """Return the time in the line before a message: when it came, in UTC by RFC 4155."""
    try:
        return datetime.strptime(" ".join(line.split()[-5:]), "%a %b %d %H:%M:%S %Y").replace(
            tzinfo=timezone.utc
        )
    except ValueError:
        return None


def _part(data: bytes, path: Path, fragment: str, reading: Mapping[str, Any]) -> Part:
    try:
        message = message_from_bytes(data.removeprefix(b"\xef\xbb\xbf"))
        text, at = _words(message), _date(message)
    except (MessageError, ValueError, LookupError, TypeError) as error:
        raise MediaDecodeError(
            f"{path.name!r}, of which a message cannot be read ({error})",
            "mails as programs write them",
            "export it anew",
        ) from error
    return Part(text, fragment, reading, at)


def _words(message: Message) -> str:
    """Return the headers that people see, the words, and the names of what is attached."""
    told = [f"{name}: {each}" for name in SHOWN if (each := _header(message, name))]
    attached = [_decoded(name) for part in message.walk() if (name := part.get_filename())]
    if attached:
        told.append("Attached: " + ", ".join(attached))
    return "\n".join(told) + "\n\n" + "\n\n".join(filter(None, _bodies(message)))


def _bodies(message: Message) -> Iterator[str]:
    """Yield the words of a message; of several versions of them, the plain one if it has any."""
    if message.get_content_type() == "multipart/alternative":
        versions = ["\n\n".join(filter(None, _bodies(part))) for part in _within(message)]
        plain = [part.get_content_type() == "text/plain" for part in _within(message)]
        told = sorted(zip(plain, versions, strict=True), key=lambda each: not each[0])
        yield next((text for _, text in told if text.strip()), "")
    elif message.is_multipart():
        for part in _within(message):
            yield from _bodies(part)
    elif message.get_content_maintype() == "text" and not message.get_filename():
        text = _text(message)
        is_html = message.get_content_type() == "text/html"
        yield words_of_html(text)[1] if is_html else text.replace("\r\n", "\n").strip()


def _within(message: Message) -> list[Message]:
    payload = message.get_payload()
    return (
        [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []
    )


def _text(part: Message) -> str:
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


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name, "")))


def _decoded(value: str) -> str:
    """Return a header as it is meant: `=?utf-8?q?Gr=C3=BC=C3=9Fe?=` is "Grüße"."""
    try:
        meant = str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        meant = value
    return " ".join(meant.split())


def _date(message: Message) -> datetime | None:
    """Return when a message was sent; of a time without a zone, RFC 5322 says UTC."""
    try:
        at = parsedate_to_datetime(str(message.get("Date")))
    except (TypeError, ValueError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
