"""What a question asks for, as the built-in encoder reads it."""

from __future__ import annotations

import pytest

from sensorium.mini import MiniEncoder
from sensorium.mini.languages.emoji import name_emoji
from sensorium.mini.languages.reader import language_of
from sensorium.percepts import Text

ENCODER = MiniEncoder()


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("did I ever show you a dog?", "a dog"),
        ("what does the sea sound like?", "the sea"),
        ("where is my 🐶?", "my 🐶"),
        ("Ist da irgendwo ein Hund?", "ein Hund"),
        ("¿Hay un perro en algún sitio?", "un perro"),
        ("我们什么时候见过狗？", "狗"),
        ("a dog", "a dog"),
        ("Le chat qui m'a montré des photos", "Le chat qui m'a montré des photos"),
    ],
)
def test_the_frame_is_left_out(question: str, asked: str) -> None:
    """In English and in other languages; other words are left as they are."""
    assert ENCODER.asked_for(question) == asked


@pytest.mark.parametrize(
    "question",
    ["Montre-moi une photo de chat", "Zeig mir Bilder von Pizza", "Wie klingt ein Gong?"],
)
def test_the_same_tower_reads_what_is_left(question: str) -> None:
    """ "chat" alone would be English: then the whole question is asked."""
    asked = ENCODER.asked_for(question)
    assert language_of(name_emoji(asked)) is language_of(name_emoji(question))


def test_texts_are_encoded_as_they_are() -> None:
    """What is encoded, and so what is remembered, has the vector of all its words."""
    framed, bare = ENCODER.embed([Text("did I ever show you a dog?"), Text("a dog")])
    assert float(framed @ bare) < 0.9
