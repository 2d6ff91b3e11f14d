"""Emoji as the words they stand for: the text tower has one and the same piece for all of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("emoji.tsv")  # written by training/languages/emoji_names.py
STYLE = dict.fromkeys((0xFE0F, *range(0x1F3FB, 0x1F400)))  # colour or not, tones of skin: left out
MAYBE = re.compile(
    "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
)  # a text without has no emoji


class Names(NamedTuple):
    """Names of emoji, and what finds them in a text.

    Attributes:
        things: Names of animals, food, places, things and flags, which are what a text is about.
        others: Names of faces, gestures and signs, which say how something is meant.
        found: Finds an emoji, the longest one first.
    """

    things: dict[str, str]
    others: dict[str, str]
    found: re.Pattern[str]


@cache
def names() -> Names:
    """Read the table, once."""
    things: dict[str, str] = {}
    others: dict[str, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            emoji, name, kind = line.split("\t")
            (things if kind == "thing" else others)[emoji] = name
    longest_first = sorted({*things, *others}, key=len, reverse=True)
    return Names(things, others, re.compile("|".join(map(re.escape, longest_first))))


def name_emoji(text: str) -> str:
    """Return a text with the names of its emoji in their place.

    In a text with letters, faces, gestures and signs stay as they are: "what a day" with a smile is
    about the day. A text without letters is what its emoji are.
    """
    if not MAYBE.search(text):
        return text
    known = names()
    plain = text.translate(STYLE)
    alone = not any(map(str.isalpha, known.found.sub("", plain)))
    read = {**known.others, **known.things} if alone else known.things
    named = known.found.sub(lambda found: f" {read.get(found[0], found[0])} ", plain)
    return " ".join(named.split()) if named != plain else text
