"""Keywords in scripts without spaces between words: Chinese, Japanese, Thai and their neighbours.

The store's index cuts texts at spaces and signs, so that a whole sentence is one word to it. These
keywords are therefore looked for by groups of neighbouring letters, in the texts themselves: all
texts that the filter lets through are read once for a question. Scores are BM25 (Robertson et al.,
1994).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from sensorium.qdrant import Backend, Condition, Filter, Present

TEXT = "page_content"
PAIRED = (  # Chinese characters and Japanese syllables
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
LONGER = "\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17e9"  # Thai, Lao, Burmese, Khmer
RUN = re.compile(f"(?P<paired>[{PAIRED}]+)|[{LONGER}]+")
PAIR, GROUP = 2, 4  # letters of a group: a Chinese word has about two, a Thai syllable about four
PAGE = 1000  # texts that are read at a time
SATURATION, LENGTH = 1.2, 0.75  # k1 and b of BM25, as the store has them


def split_keywords(keywords: str) -> tuple[str, list[str]]:
    """Return the keywords that the store's index finds, and groups of letters of the others."""
    plain = unicodedata.normalize("NFKC", keywords)
    groups: dict[str, None] = {}
    for found in RUN.finditer(plain):
        groups.update(dict.fromkeys(_groups(found[0], PAIR if found["paired"] else GROUP)))
    return " ".join(RUN.sub(" ", plain).split()), list(groups)


def _groups(run: str, size: int) -> Iterator[str]:
    yield from (run[at : at + size] for at in range(max(1, len(run) - size + 1)))


def score_texts(backend: Backend, filter: Filter, groups: list[str]) -> dict[str, float]:
    """Return the BM25 scores of all texts with any of the groups of letters, by record.

    Args:
        backend: Store of the records.
        filter: Records whose texts are read.
        groups: Groups of letters, at least one.
    """
    where = replace(filter, condition=_with_text(filter.condition), parts=False)
    counts: dict[str, tuple[int, list[int]]] = {}
    texts = letters = 0
    cursor: str | None = None
    while True:
        page = backend.scroll(where, limit=PAGE, cursor=cursor, payload=[TEXT])
        for point in page.points:
            text = unicodedata.normalize("NFKC", str(point.payload.get(TEXT, "")))
            texts, letters = texts + 1, letters + len(text)
            found = [text.count(group) for group in groups]
            if any(found):
                counts[point.id] = len(text), found
        cursor = page.cursor
        if cursor is None:
            return _bm25(counts, texts, letters, len(groups))


def _with_text(condition: Condition | None) -> Condition:
    return Present(TEXT) if condition is None else Present(TEXT) & condition


def _bm25(
    counts: dict[str, tuple[int, list[int]]], texts: int, letters: int, groups: int
) -> dict[str, float]:
    usual = letters / texts if letters else 1.0
    having = [sum(found[index] > 0 for _, found in counts.values()) for index in range(groups)]
    rarity = [math.log(1 + (texts - n + 0.5) / (n + 0.5)) for n in having]
    scores = {}
    for record, (length, found) in counts.items():
        least = SATURATION * (1 - LENGTH + LENGTH * length / usual)
        scores[record] = sum(
            rare * n * (SATURATION + 1) / (n + least) for rare, n in zip(rarity, found, strict=True)
        )
    return scores
