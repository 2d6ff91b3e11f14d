"""A question without a word of time is left alone before all expressions are compiled."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sensorium.memory.times.own_words import LANGUAGES
from sensorium.memory.times.phrases import _calendar, _expressions, _floating, _gate, _relative
from sensorium.memory.times.reading import read_times
from sensorium.memory.times.vocabulary import vocabulary

try:
    from re import _parser as parser  # Python's own, from 3.11
except ImportError:
    import sre_parse as parser

SAMPLES = 4  # of each expression


def sample(tree: Any, dice: random.Random) -> str:
    """Make a text that an expression may match, from its parts as Python reads them."""
    said = ""
    for kind, given in tree:
        name = str(kind)
        if name == "LITERAL":
            said += chr(given)
        elif name == "SUBPATTERN":
            said += sample(given[-1], dice)
        elif name == "BRANCH":
            said += sample(dice.choice(given[1]), dice)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            times = dice.randint(given[0], min(int(given[1]), given[0] + 1))
            said += "".join(sample(given[2], dice) for _ in range(times))
        elif name == "IN":
            first, value = given[0]
            ways = {"LITERAL": value, "RANGE": value[0] if isinstance(value, tuple) else 0}
            said += chr(ways[str(first)]) if str(first) in ways else " "
        elif name == "GROUPREF":
            said += "."
    return said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_expression_matches_opens_the_gate(language: str) -> None:
    """Of every expression of every language, in small letters and in capitals."""
    words, dice = vocabulary(language), random.Random(7)
    rules = [*_relative(words), *_calendar(words), *_floating(words)]
    texts = [sample(parser.parse(rule), dice) for rule, _ in rules for _ in range(SAMPLES)]
    shut = {text for text in texts if not _gate(language).search(text)}
    assert not shut
    assert all(_gate(language).search(text.upper()) for text in texts if text.isascii())
    matched = [any(each.search(text) for each, _ in _expressions(language)) for text in texts]
    assert sum(matched) > 0.6 * len(texts)  # the samples are what expressions match


def test_a_question_without_a_time_compiles_no_expressions() -> None:
    """ "dog" may be of seven languages; none of their thousand expressions is needed."""
    _expressions.cache_clear()
    assert read_times("dog") is None
    assert _expressions.cache_info().currsize == 0
    assert read_times("dog yesterday") is not None
