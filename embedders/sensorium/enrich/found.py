"""Words that were found in a percept, and where in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from sensorium.errors import PerceptFormatError, show
from sensorium.percepts import Span

Origin: TypeAlias = Literal["read", "heard", "subtitle"]
ORIGINS: tuple[Origin, ...] = ("read", "heard", "subtitle")


class Box(NamedTuple):
    """A rectangle in an upright picture: fractions of its width and height, from its top left."""

    left: float
    top: float
    right: float
    bottom: float


class Word(NamedTuple):
    """One word that was heard, with its start and end in seconds from the start of the percept."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Found:
    """A stretch of words that was found in a percept.

    Attributes:
        text: The words.
        origin: `"read"` in a picture, `"heard"` in a sound, or a `"subtitle"` of a video.
        by: What found them, with its version: `"rapidocr 3.10.0"`.
        span: When they are in the percept, in seconds from its start; `None` in a still picture.
        box: Where in the picture they stand; `None` where they were heard.
        confidence: How sure the finder is of the words, from 0 to 1.
        words: Each word with its time, if the finder tells it.
    """

    text: str
    origin: Origin
    by: str
    span: Span | None = None
    box: Box | None = None
    confidence: float = 1.0
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        wrong: tuple[str, str] | None = None
        if not isinstance(self.text, str) or not self.text.strip():
            wrong = f"text={show(self.text)}", "words"
        elif self.origin not in ORIGINS:
            wrong = f"origin={show(self.origin)}", '"read", "heard" or "subtitle"'
        elif not isinstance(self.by, str) or not self.by.strip():
            wrong = f"by={show(self.by)}", "the name of what found the words"
        elif not 0 <= self.confidence <= 1:
            wrong = f"confidence={show(self.confidence)}", "a number from 0 to 1"
        if wrong:
            raise PerceptFormatError(*wrong, "correct the enricher that made it")

    def to_dict(self) -> dict[str, Any]:
        """Return what was found, JSON-ready; what is not known is left out."""
        told: dict[str, Any] = {"text": self.text, "origin": self.origin, "by": self.by}
        if self.span is not None:
            told["span"] = [self.span.start, self.span.end]
        if self.box is not None:
            told["box"] = list(self.box)
        if self.words:
            told["words"] = [list(word) for word in self.words]
        return {**told, "confidence": round(self.confidence, 3)}
