"""Text: windows of at most 75 tokens, cut between words.

Deliberate difference: the reference reads the first 75 tokens of a longer text; ours reads all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from sensorium.imagebind.tokenizer import CONTENT, contents, frame, tokenize
from sensorium.percepts import Span

SAFE_PIECE = 16  # characters: at most four bytes, hence four tokens, each


class _Piece(NamedTuple):
    start: int  # characters
    end: int
    tokens: int


def text_windows(text: str) -> Iterator[tuple[Span, Tensor]]:
    """Cut a text into the fewest windows that fit a forward pass, of about equal length.

    A word that is too long by itself (or a script without spaces) is cut every 16 characters. The
    vector of a window is that of the text `text[start:end]`.

    Args:
        text: Any string.
    Yields:
        Span in characters, in order and covering every word, and token ids `(77,)`, int64.
    """
    [whole] = contents([text])
    if len(whole) <= CONTENT:
        yield Span(0, len(text)), frame([whole])[0]
        return
    spans = _balance(_pieces(text))
    rows = tokenize([text[int(span.start) : int(span.end)] for span in spans])
    yield from zip(spans, rows, strict=True)


def _pieces(text: str) -> list[_Piece]:
    """List the words with their token counts, over-long ones in parts."""
    words = [match.span() for match in re.finditer(r"\S+", text)]
    pieces: list[_Piece] = []
    for word in _counted(text, words):
        if word.tokens <= CONTENT:
            pieces.append(word)
        else:
            cuts = [*range(word.start, word.end, SAFE_PIECE), word.end]
            pieces += _counted(text, list(pairwise(cuts)))
    return pieces


def _counted(text: str, spans: list[tuple[int, int]]) -> list[_Piece]:
    ids = contents([text[start:end] for start, end in spans])
    return [_Piece(*span, len(row)) for span, row in zip(spans, ids, strict=True)]


def _balance(pieces: list[_Piece]) -> list[Span]:
    total = sum(piece.tokens for piece in pieces)
    target = min(CONTENT, -(-total // -(-total // CONTENT)))  # tokens a window, rounded up
    spans: list[Span] = []
    first, filled = 0, 0
    for index, piece in enumerate(pieces):
        if filled and filled + piece.tokens > target:
            spans.append(Span(pieces[first].start, pieces[index - 1].end))
            first, filled = index, 0
        filled += piece.tokens
    spans.append(Span(pieces[first].start, pieces[-1].end))
    return spans
