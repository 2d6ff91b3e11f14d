"""Cutting a text so that a model reads all of it: models drop what is beyond their longest text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sensorium.encoders.noting import note
from sensorium.percepts import Span

READ = 2**15  # characters tokenised at a time
SPARE = 2  # tokens: a piece of a text can have a few more than it had within the text
SHORTEST = 8  # tokens of a window, whatever a prompt takes


def token_windows(text: str, model: Any, prompt: str) -> Iterator[Span]:
    """Cut a text into windows of about equal length that the model reads whole.

    Cuts fall between words where there are words.

    Args:
        text: Any string.
        model: The `SentenceTransformer`.
        prompt: Words that will stand before each window.
    Yields:
        Spans in characters, in order, back to back from 0 to the end.
    """
    longest, tokenizer = model.max_seq_length, model.tokenizer
    if not longest or len(text) + len(prompt) + SPARE < longest // 2:  # a letter is a token at most
        yield Span(0, len(text))
        return
    if not getattr(tokenizer, "is_fast", False):
        said = f"this model reads the first {longest} tokens of a text, and its tokenizer does not "
        note(said + "tell where they end: pass long texts in parts")
        yield Span(0, len(text))
        return
    room = longest - len(tokenizer(prompt, verbose=False)["input_ids"]) - SPARE
    for start, end in _stretches(text):
        cuts = [start + at for at in _cuts(text[start:end], tokenizer, max(room, SHORTEST))]
        for first, last in zip([start, *cuts], [*cuts, end], strict=True):
            yield Span(first, last)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield stretches that are tokenised at once, each up to a blank where there is one."""
    start = 0
    while len(text) - start > READ:
        blank = text.rfind(" ", start + READ // 2, start + READ)
        end = blank + 1 if blank >= 0 else start + READ
        yield start, end
        start = end
    yield start, len(text)


def _cuts(text: str, tokenizer: Any, room: int) -> list[int]:
    """Return the characters at which all windows but the first begin."""
    read = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    begins = [start for start, _ in read["offset_mapping"]]
    cuts: list[int] = []
    first = 0
    while (left := len(begins) - first) > room:
        parts = -(-left // room)  # rounded up: at least two
        at = first + left // parts
        words = range(at, first + left // (2 * parts), -1)
        at = next((token for token in words if _begins_word(text, begins[token])), at)
        cuts.append(begins[at])
        first = at
    return cuts


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or text[at].isspace() or text[at - 1].isspace()
