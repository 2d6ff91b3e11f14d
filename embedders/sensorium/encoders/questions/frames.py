"""What a question asks for, without the words with which it is put.

"Did I ever show you a heron?" asks for "a heron". Only a whole frame is taken away, from the ends
of a question; where nothing would be left, the question stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sensorium.encoders.questions.frame_words import LANGUAGES, FrameWords, Lead, frame_words

LONGEST = 400  # characters; a longer text is told, not asked
CLOSING = re.compile(r"[\s?!.,;:\u2026\uff1f\uff01\u3002\u3001]+$")  # also Chinese signs
CAPITAL = re.compile(r"(?<=[^\s.!?] )[A-Z]\w*")  # in the middle of a sentence
ONE_WORD = re.compile(r"\s*[a-zA-Z\u00c0-\u024f]+[\s?!.]*")  # no apostrophe: "d'oiseaux" has two
OPENING = re.compile(r"^[\s¿¡,;:]+")


def strip_frame(question: str, *, languages: Collection[str] = LANGUAGES) -> str:
    """Return what a question asks for.

    Args:
        question: A question in words, of any language.
        languages: Languages that it may be in, of `"en"`, `"de"`, `"es"`, `"fr"`, `"it"`, `"zh"`.
    Returns:
        The thing that is asked for, in the question's own words; the question itself, unchanged, if
        it has no frame that is known, or nothing but a frame.
    """
    if len(question) > LONGEST or _is_one_word(question):
        return question
    for language in LANGUAGES:
        if language not in languages:
            continue
        found = _stripped(question, frame_words(language))
        if found is not None:
            return found
    return question


def _is_one_word(question: str) -> bool:
    """Return whether nothing would be left beside a frame; a language without blanks has none.

    A question of one word is common, and compiling the patterns of a language takes 0.1 s.
    """
    return re.fullmatch(ONE_WORD, question) is not None


def _stripped(question: str, words: FrameWords) -> str | None:
    places = _places(question, words)
    for place in places:
        for first, last in words.around:
            start = first.end(question, place)
            if start is None:
                continue
            left = CLOSING.sub("", question[start:])
            end = next((e for e in map(last.start, (left, _ended(left, words))) if e), None)
            if end:
                # The middle may have a frame, too: "that photo of a heron, where is it?"
                inner = _stripped(f"{left[:end]}?", words)
                middle = _ended(left[_all(words.then, left[:end], 0) : end], words)
                return _checked(question, start, inner or middle, words)
    start = max(_one(words.opens, question, place) for place in places)
    if start <= places[-1]:
        return None
    start = _all(words.then, question, start)
    return _checked(question, start, _ended(question[start:], words), words)


def _places(question: str, words: FrameWords) -> list[int]:
    """Return where a frame may begin: at the start, and behind each polite or empty word."""
    opening = OPENING.match(question)
    places = [opening.end() if opening else 0]
    while (end := _one(words.before, question, places[-1])) > places[-1]:
        places.append(end)
    return places


def _one(patterns: Sequence[Lead], text: str, place: int) -> int:
    """Return where the longest of the patterns ends that matches at a place; else the place."""
    return max(pattern.end(text, place) or place for pattern in patterns)


def _all(patterns: Sequence[Lead], text: str, place: int) -> int:
    while (end := _one(patterns, text, place)) > place:
        place = end
    return place


def _ended(text: str, words: FrameWords) -> str:
    """Return a text without the words behind what is asked for, and without its closing signs."""
    while True:
        text = CLOSING.sub("", text)
        starts = [start for pattern in words.ends if (start := pattern.start(text)) is not None]
        if not starts:
            return text
        text = text[: min(starts)]


def _checked(question: str, start: int, left: str, words: FrameWords) -> str | None:
    """Return what is left of a question, if it names something; and if no title was cut."""
    left = OPENING.sub("", left)
    if not words.names(left) or (words.titles and _is_title(question, start)):
        return None
    return left


def _is_title(question: str, start: int) -> bool:
    """Return whether the frame is written as a title is: "The Sound of Music"."""
    inside = CAPITAL.findall(question[:start])
    return any(word != "I" and not word.isupper() for word in inside)
