"""Long texts are cut into windows that fit the text tower."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sensorium.mini.text_windows import FILL, READ, text_windows
from sensorium.mini.wordpiece import CONTENT, END, POSITIONS, START, wordpiece
from sensorium.percepts import Span


def cut(text: str) -> list[Span]:
    return [span for span, _ in text_windows(text)]


def stretch(text: str, span: Span) -> str:
    return text[int(span.start) : int(span.end)]


def check_windows(text: str) -> None:
    windows = list(text_windows(text))
    spans = [span for span, _ in windows]
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert spans[-1].end == len(text)
    for span, ids in windows:
        [content] = wordpiece().contents([stretch(text, span)])
        assert ids.tolist() == [START, *content, END]
        assert len(ids) <= POSITIONS


mixed = st.text(
    "abcé 日本한🎧12.,-'\x85\x00\t\n\u0301\u200b\u302e\u2028İß≠\u0385\u1100\u1161\ufffd"
)


@settings(deadline=None, max_examples=60)
@given(st.lists(mixed | st.text(), max_size=12), st.integers(1, 60))
@example(["a" * 101, " "], 400)
@example([" "], READ + 5)
@example(["b\u0301"], READ)
@example(["-\u0301\u302e日"], READ // 4 + 1)
def test_windows_lose_nothing_and_all_fit(pieces: list[str], times: int) -> None:
    """Windows lie back to back over any text, each with exactly the tokens of its stretch."""
    check_windows("".join(pieces) * times)


def test_windows_across_reads_are_as_within_one() -> None:
    """A text longer than one read has no seam: each cut falls before a word."""
    text = "internationalisation of harbours, 12.5 times; " * (3 * READ // 40)
    assert len(text) > 3 * READ
    check_windows(text)
    for left, right in pairwise(cut(text)):
        assert not (text[int(left.end) - 1].isalnum() and text[int(right.start)].isalnum())


def test_windows_are_few_and_even() -> None:
    """600 one-piece words become three windows of 200, not 254 + 254 + 92."""
    text = "dog " * 600
    assert [len(wordpiece().contents([stretch(text, s)])[0]) for s in cut(text)] == [200] * 3
    assert len(cut("dog " * CONTENT)) == 1
    assert len(cut("dog " * (CONTENT + 1))) == 2


@pytest.mark.parametrize("text", ["", " \n\t", "\x85"])
def test_a_text_without_words_is_one_window(text: str) -> None:
    """It is the start and end tokens, over the whole text."""
    [(span, ids)] = text_windows(text)
    assert span == Span(0, len(text))
    assert ids.tolist() == [START, END]


def test_long_texts_take_time_in_proportion() -> None:
    """A million characters are cut into windows that are nearly full."""
    text = "the dog and the sea " * 50_000
    spans = cut(text)
    assert spans[-1].end == len(text)
    assert len(spans) <= 1.05 * 250_000 / FILL
