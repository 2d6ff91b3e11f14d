"""The scripts of a text's letters, by Unicode's blocks."""

from __future__ import annotations

import re
from functools import lru_cache

READ = {  # scripts of the 16 languages other than Latin, as ranges of a regular expression
    "Chinese characters": "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff",
    "Japanese syllables": "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "Korean letters": "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff",
    "Arabic letters": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "Cyrillic letters": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "Thai letters": "\u0e01-\u0e5b",
}
LATIN = (
    "a-zA-Z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
    "\uff21-\uff3a\uff41-\uff5a"
)
DENSE = 3  # Latin letters that one Chinese, Japanese or Korean character weighs: it says as much

_SCRIPTS = {name: re.compile(f"[{ranges}]") for name, ranges in READ.items()}
_LATIN = re.compile(f"[{LATIN}]")
_DENSE = frozenset(("Chinese characters", "Japanese syllables", "Korean letters"))
OTHER = "other letters"
PLAIN = "Latin letters"


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """Name the script of a letter: Latin letters, one of `READ`, or other letters."""
    if _LATIN.match(letter):
        return PLAIN
    return next((name for name, found in _SCRIPTS.items() if found.match(letter)), OTHER)


def weigh_scripts(text: str) -> dict[str, int]:
    """Return how much of a text is in each script, counted in Latin letters."""
    weights: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            name = script_of(character)
            weights[name] = weights.get(name, 0) + (DENSE if name in _DENSE else 1)
    return weights
