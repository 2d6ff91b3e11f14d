"""Text: a string, unchanged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from sensorium.errors import PerceptValueError, SourceTooLargeError, SourceTypeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.percepts.unit import Unit

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a UTF-16 pair, e.g. of a bad file name


@dataclass(frozen=True)
class Characters:
    """The source of a text: the string itself."""

    text: str

    @property
    def name(self) -> str:
        """Name of the source in messages: its first 60 characters."""
        return repr(self.text if len(self.text) <= 60 else self.text[:57] + "...")

    def content_digest(self) -> bytes:
        """Return the SHA-256 (32 bytes) of the text as UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8")).digest()

    def to_dict(self) -> dict[str, Any]:
        """Return `{"text": ...}`."""
        return {"text": self.text}


class Text(Percept):
    """A text of any length, the empty one included. A `str` is always the text, never a path."""

    modality: ClassVar[str] = "text"
    needs: ClassVar[Mapping[str, Unit]] = {
        "encoding": Unit(
            'how the letters of a file are encoded, if it does not tell: "cp1252", "gb18030", ...',
            "cp1252",
        )
    }
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".md", ".markdown", ".rst", ".org", ".text")
    has_file: ClassVar[bool] = False
    source: Characters

    def __init__(
        self,
        text: str | Characters,
        *,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a string.

        Raises:
            SourceTypeError: The text is not a `str`.
            SourceTooLargeError: More characters than `limits.max_characters` or `limits.max_bytes`.
            PerceptValueError: A lone surrogate, which is not a character and cannot be stored.
            TimeError: `at` is not an aware datetime.
        """
        characters = text if isinstance(text, Characters) else Characters(text)
        if not isinstance(characters.text, str):
            raise SourceTypeError(
                f"{type(characters.text).__name__} as text",
                "a str",
                'decode it first: data.decode("utf-8")',
            )
        for name, most in (
            ("max_characters", limits.max_characters),
            ("max_bytes", limits.max_bytes),
        ):
            if len(characters.text) > most:
                raise SourceTooLargeError(
                    f"a text of {len(characters.text)} characters",
                    f"at most {most}",
                    f"split it, or raise the limit with limits=Limits({name}=...)",
                )
        if LONE_SURROGATE.search(characters.text):
            raise PerceptValueError(
                f"the text {characters.name} with a lone surrogate",
                "Unicode characters",
                'repair it: text.encode("utf-8", "replace").decode()',
            )
        self._describe(characters, at=at, uri=uri, limits=limits)

    @classmethod
    def _read_source(
        cls, fields: dict[str, Any], limits: Limits, roots: Sequence[Path] | None
    ) -> Characters:
        return Characters(fields["text"])

    @property
    def text(self) -> str:
        """The string."""
        return self.source.text

    @property
    def units(self) -> Mapping[str, Any]:
        """Text has no units."""
        return {}
