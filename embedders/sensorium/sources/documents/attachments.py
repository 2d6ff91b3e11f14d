"""What is attached to a mail, in its order: how much of it is read, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sensorium.errors import SensoriumError, SourceTooLargeError
from sensorium.percepts.limits import MIB
from sensorium.percepts.percept import Percept
from sensorium.sources.documents.attached_file import AttachedFile
from sensorium.sources.documents.mail_words import (
    UNREADABLE,
    date_of,
    is_words,
    meant,
    parts_of,
    words_of,
)
from sensorium.sources.documents.parts import Part, as_percepts

MOST = 200  # attachments of a mail, those of mails within it among them
LARGEST = 64 * MIB  # bytes of one
IN_ALL = 256 * MIB  # bytes of all of a mail
DEEPEST = 4  # mails within mails that are looked into
SMALLER = (
    0.72  # of a base64 text that its content has at least: 3 bytes for 4 letters, and line ends
)
MAILS = frozenset((".eml", ".mht", ".mhtml"))

# Why one is left out
MANY, LARGE, DEEP = "beyond the number that is read", "too large", "in a mail too deep within mails"
AGAIN, EMPTY, BAD = "the same again", "nothing in it", "cannot be read"


@dataclass
class Attachments:
    """What is attached to one mail, and to the mails within it.

    Attributes:
        path: The file of the mail.
        fragment: Where the mail stands in it, as the fragment of a URI; empty for the whole.
        options: Those of the call: `at` goes before the time of the mail.
        reading: What the reading of each says of its mail.
        left_out: How many are not read, by the reason.
    """

    path: Path
    fragment: str
    options: Mapping[str, Any]
    reading: Mapping[str, Any]
    left_out: Counter[str] = field(default_factory=Counter)
    _count: int = 0
    _bytes: int = 0
    _seen: set[str] = field(default_factory=set)  # digests: a logo is in a mail many times

    def read(
        self, message: Message, at: datetime | None, *, outer: str = "", depth: int = 0
    ) -> Iterator[Percept]:
        """Yield the percepts of what is attached to a message, each content once.

        Args:
            message: The message.
            at: When it was sent.
            outer: Number of the attachment that the message is, with a point: `"2."`.
            depth: How many mails it is within.
        """
        for number, (part, level) in enumerate(_attached(message, depth), start=1):
            self._count += 1
            try:
                if level > DEEPEST:
                    self.left_out[DEEP] += 1
                elif self._count > MOST:
                    self.left_out[MANY] += 1
                else:
                    yield from self._each(part, f"{outer}{number}", at, level)
            except (SensoriumError, *UNREADABLE) as error:  # the mail and the others are read
                large = isinstance(error, SourceTooLargeError)
                self.left_out[LARGE if large else BAD] += 1

    def _each(
        self, part: Message, number: str, at: datetime | None, level: int
    ) -> Iterator[Percept]:
        written = part.get_payload()
        size = len(written) if isinstance(written, str) else 0
        least = size * SMALLER
        if least > LARGEST or self._bytes + least > IN_ALL:
            self.left_out[LARGE] += 1
            return
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or not data.strip():
            self.left_out[EMPTY] += 1
            return
        self._bytes += len(data)
        name = name_of(part)
        fragments = (self.fragment, f"attachment={number}", name and f"name={quote(name, safe='')}")
        fragment = "&".join(filter(None, fragments))
        reading = {**self.reading, "attachment": name or part.get_content_type()}
        if PurePosixPath(name).suffix.lower() in MAILS:
            inner = message_from_bytes(data)
            sent = date_of(inner) or at
            words = Part(words_of(inner), fragment, reading, sent)
            yield from as_percepts([words], self.path, self.options)
            yield from self.read(inner, sent, outer=f"{number}.", depth=level + 1)
            return
        file = AttachedFile(data, name, part, self.options, self.options.get("at") or at)
        found = False
        for percept in file.percepts():
            found = True
            if percept.digest in self._seen:
                self.left_out[AGAIN] += 1
                continue
            self._seen.add(percept.digest)
            within = (percept.uri or "").partition("#")[2]
            uri = f"{self.path.as_uri()}#{fragment}" + (f"&{within}" if within else "")
            yield percept.with_origin(at=file.at, uri=uri).with_reading(
                {**percept.reading, **reading}
            )
        if not found:
            self.left_out[file.why] += 1


def name_of(part: Message) -> str:
    """Return the name of an attachment, by its own headers; empty if it has none."""
    name = meant(part.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    if name:
        return name
    place = urlsplit(str(part.get("Content-Location", ""))).path  # of a page that was saved
    return unquote(place).rpartition("/")[2]


def _attached(message: Message, depth: int) -> Iterator[tuple[Message, int]]:
    """Yield the parts of a message that are not its words, each with how deep it is in mails."""
    if message.is_multipart():
        depth += message.get_content_type() == "message/rfc822"
        for part in parts_of(message):
            yield from _attached(part, depth)
    elif not is_words(message):
        yield message, depth
