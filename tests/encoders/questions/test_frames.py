"""Frames of questions: what is asked for is left, in its own words, or else nothing is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.encoders.questions import strip_frame
from sensorium.encoders.questions.frame_words import frame_words

FRAMES = (
    "did I ever show you {}?",
    "Have we seen {} before?",
    "do you remember {}",
    "DO YOU REMEMBER {}?",
    "Do you happen to have a photo of {}?",
    "is there anything about {} in my notes?",
    "show me {}, please",
    "Show me pictures of {}.",
    "please show us all the old photos with {} in them",
    "could you please find {} for me?",
    "Could you dig out that old recording with {}?",
    "find the photo with {}",
    "let me hear the recording of {} again",
    "when did we last see {}?",
    "where have I seen {} before?",
    "In which of my photos can you see {}?",
    "which picture shows {}?",
    "what do you know about {}?",
    "what does {} sound like?",
    "how does {} sound",
    "What kind of noise does {} make?",
    "what does {} look like?",
    "I'm looking for a picture of {}",
    "I would like to see {}",
    "I can't remember where I saw {}",
    "hey, um, do you have any pics of {}?",
    "{}, have we ever seen one?",
    "The photo that I took of {}, can you find it?",
    "the sound of {}",
    "Hey! Where have we met {}?",
    "Sorry to bother you, but could you show me {} once more?",
    "It would be nice to see {} again",
    "Would you be so kind as to show me {}?",
    "Have any of my recordings got {} in them?",
    "which sound is made by {}?",
    "Do you recall hearing {}?",
    "I wonder whether we ever met {}",
    "read me what I wrote down about {}",
    "I took a photo of {} a while ago, where is it?",
    "Some days ago I recorded a sound that I liked, it was {}",
    "when was the picture of {} taken?",
    "I forgot what {} sounds like",
    "Ist da irgendwo {}?",
    "Zeig mir bitte Fotos von {}",
    "Haben wir schon mal {} gesehen?",
    "Wie klingt {}?",
    "¿Te acuerdas de {}?",
    "Muéstrame fotos de {}, por favor",
    "¿Cómo suena {}?",
    "Est-ce que je t'ai déjà montré {} ?",
    "Peux-tu me montrer {}, s'il te plaît ?",
    "Ti ho mai mostrato {}?",
    "Mostrami una foto di {}",
    "我们什么时候看到过{}？",
    "给我看{}的照片",
)
UNFRAMED = (
    "the cat that showed me pictures",
    "we saw a heron at the lake",
    "I remember the summer in Rome",
    "my sister showed me a picture of her dog",
    "who showed me the heron",
    "the man who asked where the station is",
    "the picture of Dorian Gray",
    "The Sound of Music",
    "Show Me a Hero",
    "find nemo",
    "show jumping",
    "sound check at noon",
    "photo album",
    "picture frames for the hall",
    "the note on the fridge",
    "play the piano",
    "remember the milk",
    "a photo of a dog",
    "do the dishes",
    "have a nice day",
    "let me go",
    "search engine",
    "lost and found",
    'the song "show me the way"',
    "der Reiher, der mir Bilder zeigte",
    "wir haben einen Reiher am See gesehen",
    "vimos un perro en la playa",
    "le chien qui m'a montré des photos",
    "nous avons vu un chien",
    "il cane che mi ha mostrato le foto",
    "我们看到了一只狗",
)
EMPTY = (
    "show me",
    "show me pictures",
    "Show me everything, please.",
    "do you remember?",
    "do you remember me?",
    "what did I hear?",
    "where is it?",
    "when did we see it?",
    "any pictures?",
    "what does it sound like?",
    "please",
    "thanks",
    "find them for me please",
    "zeig mir alles",
    "wo ist es?",
    "¿dónde está?",
    "给我看",
    "?",
    "",
    " ",
)


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_asked_for_is_left(frame: str) -> None:
    """A planted thing comes out as it went in, whatever surrounds it."""
    thing = "狗" if frame[0] > "\u2e80" else "zorbax"  # Chinese, or letters with blanks
    assert strip_frame(frame.format(thing)) == thing


@pytest.mark.parametrize("text", [*UNFRAMED, *EMPTY])
def test_other_words_stay_as_they_are(text: str) -> None:
    """Words that only look like a frame, and frames around nothing, are not touched."""
    assert strip_frame(text) == text


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("show me the second photo of the dog", "the second photo of the dog"),
        ("show me photos without people", "photos without people"),
        ("do you remember where I put the keys?", "I put the keys"),
        ("tell me about the film with the man who plays the piano", "the man who plays the piano"),
        ("did I write a note about the wifi password", "the wifi password"),
        ("show me 🐶", "🐶"),
        ("Où est mon chien ?", "mon chien"),
        ("Dov'è il mio cane?", "il mio cane"),
        ("¿Dónde está mi perro?", "mi perro"),
        ("where's my 10 mm key?", "my 10 mm key"),
    ],
)
def test_only_the_frame_is_taken(question: str, left: str) -> None:
    """What says more than the frame stays: which one, what is missing, what happened."""
    assert strip_frame(question) == left


@given(st.text(max_size=60), st.sampled_from(FRAMES))
def test_something_is_always_left(text: str, frame: str) -> None:
    """A question with a letter or a digit never becomes one without; parts of it alone come out."""
    question = frame.replace("{}", text)
    left = strip_frame(question)
    assert left in question
    assert any(map(str.isalnum, left)) or not any(map(str.isalnum, text)) or left == question


@given(st.text(alphabet="do you have any of the pictures of my the ever is there ,?", max_size=400))
def test_runs_of_small_words_end(text: str) -> None:
    """No pattern takes long to say no: the deadline of the test is a fifth of a second."""
    strip_frame(text)


@pytest.mark.parametrize("text", ["\ud800 show me", "show me \ud800", "a" * 100_000])
def test_any_text_can_be_asked(text: str) -> None:
    """Unpaired surrogates and long texts are left to those who refuse them."""
    assert isinstance(strip_frame(text), str)


def test_a_language_can_be_left_out() -> None:
    """Only the frames of the given languages are known then."""
    assert strip_frame("Wie klingt ein Hund?", languages=("en",)) == "Wie klingt ein Hund?"


@pytest.mark.parametrize("question", ["dog", " Elefante?", "Hunde!", "\u00e9l\u00e9phant."])
def test_a_word_alone_needs_no_patterns(question: str) -> None:
    """Nothing would be left beside a frame, so that no language is read for it."""
    frame_words.cache_clear()
    assert strip_frame(question) == question
    assert frame_words.cache_info().currsize == 0
    assert strip_frame("show me a dog") == "a dog"
