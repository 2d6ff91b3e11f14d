"""The encoding of bytes that are neither marked nor UTF-8, where their language tells it.

Many encodings decode almost any bytes, so that decoding alone tells nothing. What tells is whether
the text that comes out could have been written: by one language, with letters where letters go.
Where two readings could both have been written, none is taken.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sensorium.percepts.encodings.languages import EAST_ASIAN, FAMILIES, LATINS, SCRIPTS, Language

LOOKED_AT = 2**13  # bytes that tell an encoding
COVERED = 0.96  # of the letters beyond ASCII are of one language
FREQUENT = 0.3  # of letters of other scripts than the Latin one are among the most frequent ones
FEWEST = 3  # letters that tell a language of another script
FEW = 0.1  # of words or characters are not as they should be
LAST_ASCII = 127
NEAR = 0.05  # by which a usual encoding may be worse than a rare one of the same language
CLEAR = 0.1  # by which the best reading has to be better than another one
# Marks that texts of any language have, and those of them that may stand between two letters
MARKS = frozenset("«»“”„‘’‚–—…•€£§°²³½¼¾ªº´·©®™\u00a0×÷¿¡±†‹›\u00ad¥¢µ¹№")
BETWEEN = frozenset("’–—·´…\u00ad")
WIDE_MARKS = frozenset("，。、「」『』！？：；（）《》〈〉【】“”‘’—…·～　・〜％")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff]")
INSIDE = re.compile(r"(?<=[^\W\d_])[^\w\s](?=[^\W\d_])")  # a mark between two letters
# One letter beyond ASCII within a word of ASCII, as Latin languages have it
ALONE = re.compile(
    r"(?<=[A-Za-z])[^\x00-\x7f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f](?=[A-Za-z])"
)
WORD = re.compile(r"[^\W\d_]+")
BESIDE_ASCII = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")


@dataclass(frozen=True)
class Reading:
    """Bytes as an encoding reads them.

    Attributes:
        encoding: Name of the encoding.
        text: What comes out.
        score: How well it could have been written: 0 to 2.
    """

    encoding: str
    text: str
    score: float


def detect(data: bytes) -> str | None:
    """Return the encoding of bytes that are not UTF-8, or `None` if it cannot be known.

    Args:
        data: The beginning of a text; a character that is cut off at its end is left out.
    """
    lines = sample(data)
    readings = _readings(lines, ((EAST_ASIAN, _ideographs), (LATINS, _latin), (SCRIPTS, _script)))
    readings = readings or _readings(lines, [(FAMILIES, _latin)])
    best = max(readings, key=lambda reading: reading.score, default=None)
    if best is None:
        return None
    second = max((each.score for each in readings if each.text != best.text), default=0.0)
    return best.encoding if best.score >= second + CLEAR else None


def sample(data: bytes) -> bytes:
    """Return lines of a text that are not of ASCII alone, 8 KiB of them at most."""
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines():
        if size >= LOOKED_AT:
            break
        if not line.isascii():
            lines.append(line[: LOOKED_AT - size])
            size += len(lines[-1])
    return b"\n".join(lines)


def read(data: bytes, encoding: str, *, whole: bool = False) -> str | None:
    """Return bytes as an encoding reads them, `None` if it does not.

    Args:
        data: The bytes.
        encoding: Name of the encoding.
        whole: Whether the last character must be whole, too.
    """
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, whole)
    except UnicodeDecodeError:
        return None


def _readings(
    data: bytes, judged: Iterable[tuple[Sequence[Language], Callable[[str, Language], float]]]
) -> list[Reading]:
    """Return how each language reads a text that could be its own: in its most usual encoding.

    Args:
        data: The text.
        judged: Languages, and what tells how well a text is written in one of them.
    """
    texts: dict[str, str | None] = {}
    found = []
    for languages, likelihood in judged:
        for language in languages:
            readings = []
            for name in language.encodings:
                if name not in texts:
                    text = read(data, name)
                    texts[name] = None if text is None or CONTROLS.search(text) else text
                if text := texts[name]:
                    readings.append(Reading(name, text, likelihood(text, language)))
            most = max((each.score for each in readings), default=0.0)
            found += [each for each in readings if most and each.score > most - NEAR][:1]
    return found


def _ideographs(text: str, language: Language) -> float:
    """Return 1 and the share of characters that are frequent ones; 0 if that is small."""
    characters = [each for each in text if ord(each) > LAST_ASCII and each not in WIDE_MARKS]
    other = sum(unicodedata.category(each) not in ("Lo", "Lm") for each in characters)
    frequent = sum(each in language.frequent for each in characters)
    other += len(ALONE.findall(text))
    if other > FEW * len(characters) or frequent < FREQUENT * len(characters):
        return 0.0
    return 1 + frequent / len(characters) if characters else 0.0


def _latin(text: str, language: Language) -> float:
    """Return 1 and the share of words that are frequent ones; 0 if letters are of no such text."""
    if not _is_covered(text, language):
        return 0.0
    words = WORD.findall(text)
    told = [word for word in words if not word.isascii()]
    turned = sum(any(a.islower() and b.isupper() for a, b in pairwise(word)) for word in told)
    if turned > FEW * len(told):  # a capital behind a small letter
        return 0.0
    return 1 + sum(word.lower() in language.words for word in words) / max(len(words), 1)


def _script(text: str, language: Language) -> float:
    """Return 1 and the share of letters that are frequent ones; 0 if they are of no such text."""
    beyond = [each for each in text if ord(each) > LAST_ASCII]
    mixed = sum(each in language.letters for each in BESIDE_ASCII.findall(text))
    if len(beyond) < FEWEST or not _is_covered(text, language) or mixed > FEW * len(beyond):
        return 0.0
    frequent = sum(each in language.frequent for each in beyond)
    return 1 + frequent / len(beyond) if frequent >= FREQUENT * len(beyond) else 0.0


def _is_covered(text: str, language: Language) -> bool:
    """Return whether what is beyond ASCII are letters of a language, and marks where marks go."""
    beyond = [each for each in text if ord(each) > LAST_ASCII]
    lettered = sum(each in language.letters for each in beyond)
    marks = sum(each in MARKS for each in beyond)
    inside = (each for each in INSIDE.findall(text) if each not in language.letters)
    odd = sum(each not in BETWEEN and ord(each) > LAST_ASCII for each in inside)
    return bool(beyond) and lettered + marks - odd >= COVERED * len(beyond)
