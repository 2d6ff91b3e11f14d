"""Which modalities a question names: "show me pictures of ..." asks for pictures."""

from __future__ import annotations

from sensorium.encoders.questions.frame_words import LANGUAGES, frame_words
from sensorium.encoders.questions.frames import strip_frame


def named_modalities(question: str, asked: str) -> frozenset[str]:
    """Return the modalities that the frame of a question names.

    Args:
        question: A question in words, of any language.
        asked: What it asks for, as `strip_frame` returned it.
    Returns:
        `{"audio"}`, of "what does a dog sound like?"; empty if the frame names none. Words of the
        thing itself do not count: "a photo album" is no photo.
    """
    if asked == question or asked not in question:
        return frozenset()
    language = next(
        (name for name in LANGUAGES if strip_frame(question, languages=(name,)) == asked), None
    )
    if language is None:
        return frozenset()
    frame = question.replace(asked, " ", 1)
    named: set[str] = set()
    for words, modalities in frame_words(language).media:
        # What one reads is taken out: a thermal picture is no photo.
        frame, found = words.subn(" ", frame)
        if found:
            named.update(modalities)
    return frozenset(named)
