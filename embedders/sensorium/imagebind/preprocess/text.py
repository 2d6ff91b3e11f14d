"""Text: windows of at most 75 tokens, cut between words.

Deliberate difference: the reference reads 75 tokens of a longer text; ours reads it whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from torch import Tensor

from sensorium.imagebind.tokenizer import CONTENT, contents, frame
from sensorium.percepts import Span

FILL = 64  # tokens aimed at; words differ in length, and a window that overflows is cut again
WORD_REACH = 32  # characters searched for the end of a word; without one, the word is cut
SPACE = re.compile(r"\s")


def text_windows(text: str) -> Iterator[tuple[Span, Tensor]]:
    """Cut a text into a few windows that fit a forward pass, of about equal length.

    Cuts fall between words, or anywhere in an endless word or a script without spaces. The vector
    of a window equals that of the text `text[start:end]`.

    Args:
        text: Any string.
    Yields:
        Span in characters, in order, back to back from 0 to the end; token ids `(77,)`, int64.
    """
    yield from _cut(text, 0, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[Span, Tensor]]:
    # Each window is tokenised by itself, because its tokens depend on the neighbouring text.
    [ids] = contents([text[start:end]])
    if len(ids) <= CONTENT or end - start < 2:
        yield Span(start, end), frame([ids])[0]
        return
    parts = -(-len(ids) // FILL)  # rounded up: at least two
    even = [start + (end - start) * part // parts for part in range(1, parts)]
    edges = {start, end, *(_word_end(text, at, end) for at in even)}
    if len(edges) == 2:  # the only cut found no end of a word
        edges.add((start + end) // 2)
    for first, last in pairwise(sorted(edges)):
        yield from _cut(text, first, last)


def _word_end(text: str, at: int, end: int) -> int:
    space = SPACE.search(text, at, min(at + WORD_REACH, end))
    return space.start() if space else at
