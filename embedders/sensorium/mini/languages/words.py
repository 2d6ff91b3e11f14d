"""Whether words in Latin letters are English: a lexicon of English, and what others look like.

The lexicon is a Bloom filter of WordNet's words and of the text tower's vocabulary. A word outside
it is judged by its groups of one to four letters, with weights that were learned from words of 24
other languages (`training/languages/lexicon.py`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from sensorium.mini.languages.small_words import AMBIGUOUS, LOANED, SMALL, SMALL_ELSEWHERE
from sensorium.mini.manifest import DIRECTORY, read_listed

WORD = re.compile(r"[^\W\d_]+")
HASHES = 6  # bits of a word in the lexicon
LONGEST_GROUP = 4  # letters
MOST = 3.0  # what one word says at most, in either direction
DOUBT = 1.5  # added for a word that English does not know: it is probably another language's
ENGLISH, SHORT = -2.0, -1.0  # what an English word says; one of two letters says less
FOREIGN = 2.5  # what a small word of other languages says
LONG_ENOUGH = 3  # letters of a stem, at least
ENDINGS = (  # endings of English, and what they stand for
    *(("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e")),
    *(("ly", ""), ("er", ""), ("er", "e")),
)
DOUBLED = re.compile(r"(.{2,})(.)\2(?:ing|ed|er)")  # running, stopped
NAME_OF_A_PRODUCT = re.compile(r"[a-z]\w*[A-Z]|[A-Z][A-Z0-9]*[a-z]+[A-Z]")  # iPhone, PyTorch
NAMED = 0.5  # part of what a word with a capital says inside a text: it may be a name


class Words:
    """Judges words by the lexicon and the weights in the package."""

    def __init__(self, lexicon: NDArray[np.uint8], groups: NDArray[np.float32]) -> None:
        """Take the tables.

        Args:
            lexicon: Bits of the Bloom filter, eight in a byte.
            groups: Weight of each group of letters by its hash; the last one is the offset.
        """
        self._lexicon, self._groups = lexicon, groups
        self.judge = lru_cache(maxsize=65_536)(self._judge)

    def foreign(self, text: str) -> float:
        """Return what the words of a text say: above 0 for another language, below for English."""
        total = 0.0
        for place, word in enumerate(self.plain(text)):
            said = self.judge(word.lower())
            total += NAMED * said if said > 0 and place and word[0].isupper() else said
        return total

    @staticmethod
    def plain(text: str) -> list[str]:
        """Return the words of a text that some language may have: no letters alone, no products."""
        found = (word for word in WORD.findall(text) if len(word) > 1)
        return [word for word in found if not NAME_OF_A_PRODUCT.match(word)]

    def _judge(self, word: str) -> float:
        if word in AMBIGUOUS:
            return 0.0
        if word in SMALL_ELSEWHERE:
            return ENGLISH if word in SMALL else FOREIGN
        if word in LOANED or self.is_english(word):
            return ENGLISH if len(word) > 2 else SHORT
        places = [place_of(group, len(self._groups) - 1) for group in sorted(groups_of(word))]
        said = float(self._groups[places].sum() + self._groups[-1]) + DOUBT
        return min(max(said, ENGLISH), MOST)

    def is_english(self, word: str) -> bool:
        """Return whether the lexicon has a word, in small letters, or the stem of it."""
        return any(self._has(form) for form in forms_of(word))

    def _has(self, word: str) -> bool:
        bits = bits_of(word, 8 * len(self._lexicon))
        return all(self._lexicon[bit >> 3] >> (bit & 7) & 1 for bit in bits)


def forms_of(word: str) -> Iterator[str]:
    """Yield a word and what it may be a form of; a word with accents stands for itself alone."""
    yield word
    if not word.isascii():
        return
    for ending, instead in ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) < len(word) and len(stem) >= LONG_ENOUGH:
            yield stem + instead
    if doubled := DOUBLED.fullmatch(word):
        yield doubled[1] + doubled[2]


def bits_of(word: str, count: int) -> list[int]:
    """Return the bits of a word in a Bloom filter of `count` bits (Kirsch, Mitzenmacher, 2006)."""
    digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
    first, step = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little") | 1
    return [(first + index * step) % count for index in range(HASHES)]


def groups_of(word: str) -> set[str]:
    """Return the groups of one to four letters of a word, with its ends marked."""
    ended = f"<{unicodedata.normalize('NFC', word)}>"
    return {
        ended[start : start + length]
        for length in range(1, LONGEST_GROUP + 1)
        for start in range(len(ended) - length + 1)
    }


def place_of(group: str, count: int) -> int:
    """Return the place of a group's weight among `count`."""
    return zlib.crc32(group.encode()) % count


@lru_cache(maxsize=1)
def words(directory: Path = DIRECTORY) -> Words:
    """Read the tables beside the weights, once.

    Raises:
        CheckpointNotFoundError: The file is missing.
        CheckpointFormatError: The file is damaged.
    """
    tables = load(read_listed("languages", directory))
    return Words(tables["lexicon"], tables["groups"].astype(np.float32))
