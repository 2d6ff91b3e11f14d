"""Mails: a single one (EML, or a page saved as MHTML), and mailboxes (mbox), message by message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email import message_from_bytes
from itertools import chain
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError, SourceTooLargeError
from sensorium.percepts.limits import MIB
from sensorium.percepts.percept import Percept
from sensorium.sources.documents.attachments import Attachments
from sensorium.sources.documents.mail_words import UNREADABLE, date_of, header, words_of
from sensorium.sources.documents.parts import GENERAL, ILLUSTRATED, Part, as_percepts
from sensorium.sources.reader import check_options

SUFFIXES = frozenset((".eml", ".mht", ".mhtml"))
LARGEST = 256 * MIB  # bytes of one message
HEADER = re.compile(rb"\A(?:\xef\xbb\xbf)?[A-Za-z][\w-]*:[ \t\r\n]")
POSTMARK = re.compile(  # the line before each message of a mailbox
    rb"From (?:\S+ +|- *)?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d"
)


class MailReader:
    """Reads each mail of a file as its headers and words, and then what is attached to it."""

    options = GENERAL
    modalities = ILLUSTRATED | {"audio", "video"}

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether it is a mail by its name, or a mailbox by its first line."""
        named = path.suffix.lower() in SUFFIXES and HEADER.match(head) is not None
        return named or POSTMARK.match(head) is not None

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the mails in the order of the file, and all of a mail with its time.

        Raises:
            PerceptFormatError: An option is unknown.
            SourceTooLargeError: A message of more than 256 MiB.
            MediaDecodeError: A message cannot be read.
            EmptyPerceptError: There is no message in it.
        """
        check_options(options, self.options, f"the mail {str(path)!r}")
        return as_percepts(_read(path, options), path, options)


def _read(path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
    with path.open("rb") as stream:
        is_box = POSTMARK.match(stream.read(512)) is not None
    if not is_box:
        if path.stat().st_size > LARGEST:
            raise _too_large(path)
        yield from _percepts(path.read_bytes(), path, options)
        return
    for number, (stamp, message) in enumerate(_messages(path), start=1):
        yield from _percepts(message, path, options, number=number, stamp=_stamped(stamp))


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
                raise _too_large(path)
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


def _percepts(
    data: bytes,
    path: Path,
    options: Mapping[str, Any],
    *,
    number: int = 0,
    stamp: datetime | None = None,
) -> Iterator[Percept]:
    """Yield the words of a message and what is attached; the last says how much is left out.

    Args:
        data: The message.
        path: The file that it is in.
        options: Those of the call.
        number: Which message of a mailbox it is, from 1; 0 for one that has the file.
        stamp: When it came into the mailbox, for one that says no time itself.
    """
    try:
        message = message_from_bytes(data.removeprefix(b"\xef\xbb\xbf"))
        text, at = words_of(message), date_of(message) or stamp
        subject = header(message, "Subject")
    except UNREADABLE as error:
        raise MediaDecodeError(
            f"{path.name!r}, of which a message cannot be read ({error})",
            "mails as programs write them",
            "export it anew",
        ) from error
    fragment = f"message={number}" if number else ""
    reading: dict[str, Any] = {"message": number} if number else {}
    attached = Attachments(path, fragment, options, {**reading, "mail": subject or path.name})
    held: Percept | None = None  # the last one waits until it is known what is left out
    words = as_percepts([Part(text, fragment, reading, at)], path, options) if text.strip() else ()
    for percept in chain(words, attached.read(message, at)):
        if held is not None:
            yield held
        held = percept
    if held is not None:
        missing = {"attachments_left_out": dict(attached.left_out)} if attached.left_out else {}
        yield held.with_reading({**held.reading, **missing})


def _too_large(path: Path) -> SourceTooLargeError:
    return SourceTooLargeError(
        f"{path.name!r} with a message of more than {LARGEST} bytes", "mails", "leave it out"
    )
