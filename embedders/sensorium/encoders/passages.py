"""Passages: a long text as a few sentences a vector, so that one fact in it can be found.

A vector of a whole page is the mean of all that is said there, and one sentence is a fifteenth of
it. Of 40 facts, each a sentence in a text of 31, a question found 11 to 20 first where a row was a
window of 224 word pieces, and 38 to 40 where it was a sentence or two; see docs/calibration.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from sensorium.encoders.encoder import Encoder, Encoding
from sensorium.errors import SensoriumError
from sensorium.percepts import Percept, Span, Text

WHOLE = 240  # letters up to which a text is one passage: a note of two or three sentences
PASSAGE = 120  # letters of a passage, unless a sentence has more
UNBROKEN = 20_000  # letters without a space after which a text is cut anywhere
# A sentence ends at a mark or a line's end, but not before a small letter: "e.g. this", or a line
# that goes on in the next.
END = re.compile(
    r"[.!?…][\"'”’)\]]*\s+(?![a-z\s])|[。！？][”’」』)]*\s*"  # noqa: RUF001
    r"|\n[^\S\n]*\n\s*|\n\s*(?![a-z\s])"
)
BREAK = re.compile(r"[,;:]\s+|\s+")


def passages(text: str) -> list[Span]:
    """Cut a text into passages of whole sentences, back to back; a short one is one passage.

    Args:
        text: Any string.
    Returns:
        Spans in characters, from 0 to the end; none is blank unless the text is.
    """
    if len(text) <= WHOLE:
        return [Span(0, len(text))]
    ends: list[int] = []
    start = 0
    for end in _sentence_ends(text):
        before = ends[-1] if ends else 0
        if start > before and end - before > PASSAGE:
            ends.append(start)
        start = end
    ends.append(len(text))
    starts = [0, *ends[:-1]]
    return [Span(first, last) for first, last in zip(starts, ends, strict=True)]


def _sentence_ends(text: str) -> Iterator[int]:
    """Yield where each sentence ends, and where one that is too long is broken."""
    start = 0
    for end in (*(found.end() for found in END.finditer(text)), len(text)):
        while end - start > WHOLE:
            begin, start = start, _break_of(text, start, end)
            if text[begin:start].strip():  # a run of blanks belongs to what follows
                yield start
        if text[start:end].strip():
            yield end
            start = end


def _break_of(text: str, start: int, end: int) -> int:
    """Return where to break a long sentence: behind a comma, else between words."""
    breaks = list(BREAK.finditer(text, start + PASSAGE // 2, start + WHOLE))
    if breaks:
        marked = [found for found in breaks if not found[0].isspace()]
        return (marked or breaks)[-1].end()
    last = min(end, start + UNBROKEN)
    found = BREAK.search(text, start + PASSAGE // 2, last)  # the end of a long run of letters
    return found.end() if found else last


def encode_passages(
    encoder: Encoder, percepts: Sequence[Percept]
) -> list[Encoding | SensoriumError]:
    """Encode a batch as `try_encode` does, long texts passage by passage.

    Args:
        encoder: Any encoder; a passage that is longer than its window has several.
        percepts: Percepts of the encoder's modalities, in any mixture.
    Returns:
        One result for each percept, in order.
    """
    cuts = [passages(each.text) if isinstance(each, Text) else [] for each in percepts]
    pieces: list[Percept] = []
    for percept, spans in zip(percepts, cuts, strict=True):
        if isinstance(percept, Text) and len(spans) > 1:
            pieces += [Text(percept.text[int(s.start) : int(s.end)]) for s in spans]
        else:
            pieces.append(percept)
    encoded = iter(encoder.try_encode(pieces))
    return [
        _joined([next(encoded) for _ in spans], spans) if len(spans) > 1 else next(encoded)
        for spans in cuts
    ]


def _joined(
    results: Sequence[Encoding | SensoriumError], spans: Sequence[Span]
) -> Encoding | SensoriumError:
    """Put the encodings of passages together, or return the first error."""
    encodings = []
    for result in results:
        if isinstance(result, SensoriumError):
            return result
        encodings.append(result)
    windows = [
        Span(passage.start + window.start, passage.start + window.end)
        for encoding, passage in zip(encodings, spans, strict=True)
        for window in encoding.spans or (Span(0, passage.end - passage.start),)
    ]
    rows = np.concatenate([encoding.vectors for encoding in encodings])
    return Encoding(encodings[0].modality, rows, tuple(windows))
