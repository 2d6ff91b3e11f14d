"""Cutting a text of any length into windows that the text tower takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from sensorium.mini.wordpiece import CONTENT, Ids, Pieces, frame, wordpiece
from sensorium.percepts import Span

FILL = 224  # pieces aimed at, fewer than `CONTENT`, so that windows can end with a word
READ = 2**15  # characters tokenised at a time, as each takes 200 bytes of memory


def text_windows(text: str) -> Iterator[tuple[Span, Ids]]:
    """Cut a text into a few windows that fit a forward pass, of about equal length.

    Cuts fall between words, never inside: a word is at most 100 pieces, in any script. The vector
    of a window equals that of the text `text[start:end]`.

    Args:
        text: Any string.
    Yields:
        Span in characters, in order, back to back from 0 to the end; token ids `(N,)`, int64, with
        start and end tokens.
    """
    start, reach = 0, READ
    while True:
        pieces = wordpiece().pieces(text[start : start + reach])
        cuts = _cuts(pieces)
        for (first, at), (last, end) in pairwise([(0, 0), *cuts]):
            yield Span(start + at, start + end), frame(pieces.ids[first:last])
        first, at = cuts[-1] if cuts else (0, 0)
        if start + reach >= len(text):
            yield Span(start + at, len(text)), frame(pieces.ids[first:])
            return
        start += at  # the last window is read again, with what follows it
        reach = READ if cuts else 2 * reach


def _cuts(pieces: Pieces) -> list[tuple[int, int]]:
    """Return the starts of all windows but the first, each as a piece and as a character."""
    cuts: list[tuple[int, int]] = []
    first = 0
    while (left := len(pieces.ids) - first) > CONTENT:
        parts = -(-left // FILL)  # rounded up: at least two
        word = bisect_right(pieces.firsts, first + left // parts) - 1
        first = pieces.firsts[word]
        cuts.append((first, pieces.starts[word]))
    return cuts
