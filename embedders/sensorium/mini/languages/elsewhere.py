"""Whether a text is in a language that no tower has learned, and which one it may be.

Naive Bayes over groups of one to four letters, with weights learned from the names of emoji in 53
languages (`training/languages/elsewhere.py`). Only languages in letters that the tower of 16 knows
are here: those of other letters are told by them. The figures are in docs/languages.md.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from sensorium.mini.languages.scripts import PLAIN, script_of, weigh_scripts
from sensorium.mini.languages.words import WORD, groups_of, place_of, words

TABLE = Path(__file__).with_name("elsewhere.safetensors")
SCRIPTS = {PLAIN: "latin", "Cyrillic letters": "cyrillic", "Arabic letters": "arabic"}
MOST = 40  # words of a text that are looked at
ALIKE = 2.5  # groups of one word that say the same: each counts as a part of one
MARGIN = 4.0  # by which the logarithm of a likelihood must exceed that of every learned language
LEARNED_LETTERS = frozenset(  # beyond ASCII, of the languages that a tower has learned
    "äöüßáéíóúñàâæçèêëîïôùûÿœìòïąćęłńóśźżãõğışİ"
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"
)


class Weights:
    """Logarithms of how frequent groups of letters are in the languages of a script.

    Attributes:
        names: Names of the languages, the learned ones first.
        learned: How many of them a tower has learned.
        table: Shape `(languages, groups)`, float32.
    """

    def __init__(self, names: list[str], learned: int, table: NDArray[np.float32]) -> None:
        self.names, self.learned, self.table = names, learned, table

    def foreign(self, found: list[str]) -> str | None:
        """Return the language that words are likeliest in, if it is beyond doubt not learned.

        A letter that no learned language has takes the doubt away, not the likelihood: it may be of
        a name.
        """
        places = [place_of(each, self.table.shape[1]) for word in found for each in groups_of(word)]
        scores = self.table[:, places].sum(axis=1) / ALIKE
        best = int(scores.argmax())
        letters = {letter for word in found for letter in word if letter.isalpha()}
        has_own = any(not each.isascii() and each not in LEARNED_LETTERS for each in letters)
        is_clear = scores[best] - scores[: self.learned].max() > (0 if has_own else MARGIN)
        return self.names[best] if is_clear else None


def language_elsewhere(text: str) -> str | None:
    """Name the language of a text that no tower has learned; `None` if there is doubt.

    Args:
        text: A text that is not read as English.
    """
    weights = weigh_scripts(text)
    most = max(weights, key=lambda name: weights[name], default="")
    script = SCRIPTS.get(most)
    if script is None:
        return None
    every = (word.lower() for word in WORD.findall(text) if len(word) > 1)
    distinct = dict.fromkeys(word for word in every if script_of(word[0]) == most)
    found = list(distinct)[:MOST]
    if most == PLAIN:  # words that English has, too, tell nothing
        found = [word for word in found if words().judge(word) > 0]
    return _weights(script).foreign(found) if found else None


@lru_cache(maxsize=len(SCRIPTS))
def _weights(script: str) -> Weights:
    with safe_open(TABLE, "numpy") as file:
        about = file.metadata()
        levels = file.get_tensor(script).astype(np.float32)  # from 0, the rarest, to 255
    low, high = float(about["low"]), float(about["high"])
    names = about[script].split(",")
    return Weights(names, int(about[f"{script}_learned"]), low + levels * ((high - low) / 255))
