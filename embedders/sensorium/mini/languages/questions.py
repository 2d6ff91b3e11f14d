"""What happens to texts that no tower reads: a question is refused, what is remembered is told.

Remembering never fails for its language: an import of a thousand notes does not stop at one of
them. Its vector is what the English tower makes of it, and keywords find it.
"""

from __future__ import annotations

import logging

from sensorium.encoders.noting import note
from sensorium.errors import MissingExtraError, QueryError, show
from sensorium.mini.languages.elsewhere import language_elsewhere
from sensorium.mini.languages.emoji import name_emoji
from sensorium.mini.languages.multilingual import EXTRA, MultilingualTower
from sensorium.mini.languages.reader import Language, is_certain, language_of

logger = logging.getLogger(__name__)

LANGUAGES = (
    "Arabic, Chinese (simplified and traditional), Dutch, English, French, German, Italian, "
    "Japanese, Korean, Polish, Portuguese, Russian, Spanish, Thai or Turkish"
)
INSTALL = f'pip install "sensorium[{EXTRA}]"'
ELSEWHERE = (
    "{question} may be {language}, which the encoder has not learned: what it finds may mean "
    "nothing; ask in {languages}, or look for the words themselves with keywords"
)
DOUBTFUL = (
    "{question} may not be English, and is read as if it were: what it finds may mean nothing; for "
    "other languages run: {install}"
)
UNINSTALLED = (
    "sensorium: %s may not be English. Its meaning is not understood until you run: %s. "
    "Texts that were remembered before are then understood after Memory.reembed"
)
UNREAD = "sensorium: %s is in letters that no tower has learned: only keywords find it"

_told: set[Language] = set()  # what was told once


def can_be_read(text: str) -> bool:
    """Return whether the tower of many languages reads a text that is not English; tell if not."""
    language = language_of(text)
    if language is Language.OTHER and MultilingualTower.is_installed():
        return True
    if language is not Language.ENGLISH and language not in _told:
        _told.add(language)
        _tell(language, text)
    return False


def check_question(text: str) -> None:
    """Check that a question can be understood.

    Raises:
        QueryError: It has neither letter nor digit, or is of letters that were not learned.
        MissingExtraError: It is of another language than English beyond doubt, and the tower for
            those is not installed. Where there is doubt, as with a name, this is noted and asked.
    Warns:
        QuestionWarning: It may be of a language that no tower reads. In a block of
            `sensorium.encoders.noting.noted` this is a note instead.
    """
    named = name_emoji(text)
    if not any(map(str.isalnum, named)):
        raise QueryError(
            f"the question {show(text)}",
            "a word, a number or an emoji: signs alone mean nothing",
            "ask in words",
        )
    language = language_of(named)
    if language is Language.UNREAD:
        raise QueryError(
            f"the question {show(text)}, whose letters the encoder has not learned",
            LANGUAGES,
            'ask in one of these, or look for the words themselves: keywords="..."',
        )
    if language is Language.OTHER and not MultilingualTower.is_installed():
        if is_certain(named):
            raise MissingExtraError(
                f"the question {show(text)}, which is not English",
                "the tower of 16 languages, which is not installed",
                f"run: {INSTALL}; or ask in English",
            )
        note(DOUBTFUL.format(question=show(text), install=INSTALL))
    elif language is Language.OTHER and (named_language := language_elsewhere(named)):
        told = {"question": show(text), "language": named_language, "languages": LANGUAGES}
        note(ELSEWHERE.format(**told))


def _tell(language: Language, text: str) -> None:
    if language is Language.OTHER:
        logger.warning(UNINSTALLED, show(text), INSTALL)
    else:
        logger.warning(UNREAD, show(text))
