"""Emoji are read as the words they stand for."""

from __future__ import annotations

import pytest

from sensorium.memory import Memory
from sensorium.mini import MiniEncoder
from sensorium.mini.languages.emoji import name_emoji
from sensorium.percepts import Text
from sensorium.samples import sample


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("🐶", "dog"),
        ("where is my 🐶?", "where is my dog ?"),
        ("🚁🔊", "helicopter speaker high volume"),
        ("👍🏽", "thumbs up"),
        ("🇩🇪", "Germany"),
        ("what a day 😀", "what a day 😀"),
        ("no emoji", "no emoji"),
        ("⚽️", "soccer ball"),
    ],
)
def test_an_emoji_is_named(text: str, named: str) -> None:
    """Things always, faces and gestures where there is nothing else, whatever colour they have."""
    assert name_emoji(text) == named


@pytest.mark.slow
def test_a_dog_finds_the_dog() -> None:
    """Among the photos of the demo, and as the word does."""
    with Memory.open(":memory:", owner="rex") as memory:
        for name in ("photo_dog", "photo_piano", "photo_pizza", "photo_helicopter"):
            memory.remember(sample(name), id=name)
        for asked, found in (("🐶", "photo_dog"), ("🎹", "photo_piano"), ("my 🍕", "photo_pizza")):
            assert memory.recall(asked, limit=1)[0].record.id == found


def test_a_long_text_with_an_emoji_keeps_its_places() -> None:
    """The span counts the characters that were given."""
    text = "the dog ran. " * 30 + "🐶"
    [encoding] = MiniEncoder().encode([Text(text)])
    assert encoding.spans[-1].end == len(text)
