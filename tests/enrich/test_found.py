"""Words that were found say where, by what, and how sure it is; lines become blocks."""

from __future__ import annotations

from typing import Any

import pytest

from sensorium.enrich import Box, Found, Word
from sensorium.enrich.lines import Line, blocks
from sensorium.errors import PerceptFormatError
from sensorium.percepts import Span


def test_what_was_found_is_written_without_what_is_not_known() -> None:
    """JSON has no field for a span, a box or words that were not found."""
    read = Found("no entry", "read", "eyes 1", box=Box(0.1, 0.2, 0.3, 0.4), confidence=0.98765)
    assert read.to_dict() == {
        "text": "no entry",
        "origin": "read",
        "by": "eyes 1",
        "box": [0.1, 0.2, 0.3, 0.4],
        "confidence": 0.988,
    }
    heard = Found("go", "heard", "ears 2", span=Span(1.5, 2.0), words=(Word("go", 1.5, 2.0),))
    assert heard.to_dict()["span"] == [1.5, 2.0]
    assert heard.to_dict()["words"] == [["go", 1.5, 2.0]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"text": None},
        {"origin": "smelt"},
        {"by": ""},
        {"confidence": 1.5},
        {"confidence": float("nan")},
    ],
)
def test_what_an_enricher_gets_wrong_is_refused(wrong: dict[str, Any]) -> None:
    """Each field that is out of its range is named."""
    with pytest.raises(PerceptFormatError, match=next(iter(wrong))):
        Found(**{"text": "go", "origin": "heard", "by": "ears", **wrong})


def test_lines_below_each_other_are_one_block_and_others_are_not() -> None:
    """A block has the box around its lines, and their confidence weighted by letters."""
    title = Line("Main Street", Box(0.1, 0.10, 0.5, 0.15), 1.0)
    below = Line("12", Box(0.1, 0.16, 0.2, 0.21), 0.5)
    far = Line("no parking", Box(0.1, 0.80, 0.5, 0.85), 0.9)
    aside = Line("exit", Box(0.8, 0.165, 0.9, 0.215), 0.8)
    first, second, third = blocks([far, below, aside, title])
    assert first.text == "Main Street\n12"
    assert first.box == Box(0.1, 0.10, 0.5, 0.21)
    assert first.confidence == pytest.approx((11 * 1.0 + 2 * 0.5) / 13)
    assert [second.text, third.text] == ["exit", "no parking"]


def test_words_of_one_line_that_were_read_apart_stand_together() -> None:
    """Parts of one line are joined from left to right."""
    left = Line("two", Box(0.1, 0.10, 0.2, 0.15), 1.0)
    right = Line("words", Box(0.25, 0.11, 0.4, 0.16), 1.0)
    [block] = blocks([right, left])
    assert block.text == "two\nwords"


def test_a_page_is_parted_so_that_no_block_is_long() -> None:
    """No line of a full page is lost, and no block has more than some 400 letters."""
    page = [
        Line("word " * 15, Box(0.1, 0.01 * row, 0.9, 0.01 * row + 0.008), 1.0) for row in range(60)
    ]
    found = blocks(page)
    assert sum(block.text.count("\n") + 1 for block in found) == 60
    assert all(len(block.text) <= 420 for block in found)
