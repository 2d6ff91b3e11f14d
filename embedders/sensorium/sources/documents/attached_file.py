"""One file that is attached to a mail, as percepts.

It is read from memory. A document alone has a file while it is read, as readers of documents take
paths; it lies in a folder of its own, which is removed with it.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any

from sensorium.percepts.image import Image
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.percepts.readers import Reader, known_options, reader_of, why_skipped
from sensorium.percepts.recognising import (
    MEDIA,
    check_words,
    guessed_suffixes,
    kind_of_bytes,
    modality_of_content,
    percept_without_reader,
)
from sensorium.percepts.signatures import PREFIX
from sensorium.percepts.source import Encoded
from sensorium.percepts.text import Text
from sensorium.sources.documents.mail_words import text_of
from sensorium.sources.documents.parts import ILLUSTRATED, Part, as_percepts
from sensorium.sources.documents.pictures_within import SMALLEST

PLAIN = frozenset(("text/plain", "text/markdown"))  # types of words, whatever the name ends in
UNKNOWN, SMALL = "unknown kind", "a small picture of the layout"
NOWHERE = Path("attachment").absolute()  # stands for the file of words, which have none


@dataclass
class AttachedFile:
    """A file that is attached to a mail.

    Attributes:
        data: Its bytes.
        name: Its name; may be empty.
        part: The part of the mail that it is.
        options: Those of the call.
        at: When the mail was sent.
        why: Why there are no percepts of it, once it was read.
    """

    data: bytes = field(repr=False)
    name: str
    part: Message
    options: Mapping[str, Any]
    at: datetime | None
    why: str = UNKNOWN

    def percepts(self) -> Iterator[Percept]:
        """Yield its percepts, their `uri` with the fragments that a reader gives them.

        Raises:
            PerceptError: It is of a kind that is read, and cannot be.
        """
        suffix = PurePosixPath(self.name).suffix.lower() or (
            mimetypes.guess_extension(self.part.get_content_type()) or ""
        )
        named = guessed_suffixes().get(suffix)
        seen = kind_of_bytes(self.data[:PREFIX])
        if named in MEDIA or (seen in MEDIA and not named):
            yield from self._medium(named or seen)
        elif named == Text.modality or self.part.get_content_type() in PLAIN:
            yield from self._words()
        else:
            yield from self._document(suffix)

    def _medium(self, named: str | None) -> Iterator[Percept]:
        # A picture by its name whose bytes are words is a damaged one, and no text
        family = None if kind_of_bytes(self.data[:PREFIX]) in MEDIA else named
        modality = modality_of_content(self.data, family, limits=self._limits)
        percept = percept_without_reader(self.data, modality=modality, limits=self._limits)
        if isinstance(percept, Image):
            attached = self.part.get_content_disposition() == "attachment"
            if min(percept.size) < SMALLEST and not attached:
                self.why = SMALL
                return
        else:
            percept.duration  # noqa: B018  # opens it: what is damaged is told here
        yield percept.with_reading({"modality": modality, **percept.reading})

    def _words(self) -> Iterator[Percept]:
        text = text_of(self.part)
        check_words(text, repr(self.name))
        yield from as_percepts([Part(text, "")], NOWHERE, self.options)

    def _document(self, suffix: str) -> Iterator[Percept]:
        with tempfile.TemporaryDirectory(prefix="sensorium-") as folder:
            path = Path(folder).resolve() / ("attachment" + "".join(filter(_plain, suffix)))
            path.write_bytes(self.data)
            reader = reader_of(path)
            if reader is None or not _is_of_documents(reader):
                return
            why = why_skipped(reader, path)
            if why is not None:
                self.why = why
                return
            for percept in reader.read(path, self._options(reader, path)):
                yield _in_memory(percept)

    def _options(self, reader: Reader, path: Path) -> dict[str, Any]:
        known = known_options(reader, path)
        return {name: each for name, each in self.options.items() if name in known}

    @property
    def _limits(self) -> Any:
        return self.options.get("limits") or DEFAULT_LIMITS


def _is_of_documents(reader: Reader) -> bool:
    """Return whether a reader yields words and pictures alone, and thus is not for recordings."""
    modalities = getattr(reader, "modalities", None)
    return modalities is not None and set(modalities) <= ILLUSTRATED


def _in_memory(percept: Percept) -> Percept:
    """Return a percept that needs no file: that of a document will be gone."""
    source = percept.source
    if not isinstance(source, Encoded) or source.path is None:
        return percept
    return percept.with_source(Encoded(data=source.read()), at=percept.at, uri=percept.uri)


def _plain(sign: str) -> bool:
    return sign == "." or (sign.isascii() and sign.isalnum())
