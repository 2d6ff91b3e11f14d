"""Long texts become windows of CLIP's tokens."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.imagebind.preprocess.text import text_windows
from sensorium.imagebind.tokenizer import CONTENT, END, tokenize
from sensorium.imagebind.tokenizer import contents as uncut
from sensorium.percepts import Span


def cut(text: str) -> list[Span]:
    return [span for span, _ in text_windows(text)]


def contents(text: str) -> list[int]:
    """Token ids between start and end."""
    row = tokenize([text])[0].tolist()
    return row[1 : row.index(END)]


words = st.text("abcé日本🎧12.,'\x85Ð¿Ñ€&;", min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(st.lists(words, max_size=120))
def test_windows_lose_no_word_and_all_fit(pieces: list[str]) -> None:
    """Windows lie back to back over the whole text, and none is cut by the tokenizer."""
    text = " ".join(pieces)
    spans = cut(text)
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert spans[-1].end == len(text)
    for span, ids in text_windows(text):
        window = text[int(span.start) : int(span.end)]
        assert len(uncut([window])[0]) <= CONTENT
        assert ids.tolist() == tokenize([window])[0].tolist()


def test_windows_are_few_and_even() -> None:
    """160 one-token words become three windows of about 53, not 75 + 75 + 10."""
    spans = cut("dog " * 160)
    sizes = [len(contents(("dog " * 160)[int(s.start) : int(s.end)])) for s in spans]
    assert sum(sizes) == 160
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 2


def test_scripts_without_spaces_are_cut_too() -> None:
    """Japanese, an endless word, mojibake and control characters are windowed, not lost."""
    for text in ("日本語の長い文章です。" * 60, "a" * 5000, "Ã© " * 300, "\x85 " * 100):
        spans = cut(text)
        assert spans[0].start == 0
        assert spans[-1].end == len(text)
        assert all(left.end == right.start for left, right in pairwise(spans))
