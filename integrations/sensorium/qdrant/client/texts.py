"""Ranking texts by words, where a server does not: by BM25 (Robertson et al., 1994).

Servers before 1.20 find the texts that hold a word, and count them, but have no query that ranks
them. So the texts that hold any of the words are read, and scored as newer servers and Edge do. Of
words that are in very many texts, the rarest come first: `MOST` texts are read at most.
"""

from __future__ import annotations

import math
import unicodedata
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from qdrant_client import models

from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.filters import translated
from sensorium.qdrant.filters import Condition, Either, Every, Filter, Present, Shared, Words
from sensorium.qdrant.points import Scored
from sensorium.qdrant.schema import TEXT

SATURATION, LENGTH = 1.2, 0.75  # k1 and b, as newer servers and Edge have them
MOST = 10_000  # texts to read for one question
PAGE = 1_000  # texts of a request
SAMPLED = 512  # random texts, of which the usual length is taken; if there are no more, it is exact
DRIFT = 1.1  # times more or fewer texts, after which their length is looked at again


@dataclass(frozen=True)
class Corpus:
    """The texts of an owner, among which a word is rare or frequent.

    Attributes:
        points: Points with a text, the empty ones included.
        texts: Texts that are not empty.
        length: Words that one of these has on average.
    """

    points: int
    texts: float
    length: float


Key: TypeAlias = tuple[str, str, tuple[Shared, ...]]  # the collection, and who reads what in it
_corpora: weakref.WeakKeyDictionary[Connection, dict[Key, Corpus]] = weakref.WeakKeyDictionary()


def rank_texts(collection: Collection, text: str, filter: Filter, limit: int) -> list[Scored]:
    """Find points whose text holds any of some words, best BM25 score first, then by id."""
    words = list(dict.fromkeys(words_of(text)))
    counts = {word: _count(collection, _owned(filter, _holding(word))) for word in words}
    rarest = sorted((word for word in words if counts[word]), key=counts.__getitem__)
    if not rarest:
        return []
    chosen = _within_reach(rarest, counts)
    found = dict(_texts(collection, _with(filter, Either(tuple(map(_holding, chosen))))))
    if not found:
        return []
    corpus = _corpus(collection, filter)
    texts = max(corpus.texts, *counts.values())
    rarity = {word: _rarity(counts[word], texts) for word in rarest}
    scores = [Scored(name, _score(words_of(each), rarity, corpus)) for name, each in found.items()]
    return sorted(scores, key=lambda scored: (-scored.score, scored.id))[:limit]


def words_of(text: str) -> list[str]:
    """Cut a text at everything but letters and digits, as the server's index does."""
    return "".join(each if _is_of_word(each) else " " for each in text.lower()).split()


def _is_of_word(letter: str) -> bool:
    # Vowel signs count as letters, accents of their own do not
    return letter.isalnum() or (
        unicodedata.category(letter) in ("Mn", "Mc") and not unicodedata.combining(letter)
    )


def _score(words: Sequence[str], rarity: Mapping[str, float], corpus: Corpus) -> float:
    least = SATURATION * (1 - LENGTH + LENGTH * len(words) / corpus.length)
    held = {word: words.count(word) for word in rarity}
    return sum(
        rarity[word] * times * (SATURATION + 1) / (times + least) for word, times in held.items()
    )


def _rarity(having: int, texts: float) -> float:
    return math.log(1 + (texts - having + 0.5) / (having + 0.5))


def _within_reach(rarest: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Return as many words, the rarest first, as have `MOST` texts together; at least one."""
    total = 0
    chosen: list[str] = []
    for word in rarest:
        total += counts[word]
        if chosen and total > MOST:
            break
        chosen.append(word)
    return chosen


def _corpus(collection: Collection, filter: Filter) -> Corpus:
    """Describe the owner's texts; of many, what was found for as many before."""
    known = _corpora.setdefault(collection.connection, {})
    key = (collection.name, filter.owner, filter.shared)
    points = _count(collection, _owned(filter, Present(TEXT)))
    kept = known.get(key)
    if kept and points > SAMPLED and kept.points / DRIFT < points < kept.points * DRIFT:
        return replace(kept, texts=kept.texts * points / kept.points)
    lengths = [len(words_of(text)) for text in _sample(collection, filter)]
    filled = [length for length in lengths if length]
    share = len(filled) / len(lengths) if lengths else 1.0
    usual = sum(filled) / len(filled) if filled else 1.0
    known[key] = Corpus(points, share * points, usual)
    return known[key]


def _sample(collection: Collection, filter: Filter) -> list[str]:
    found = collection.call(
        collection.client.query_points,
        collection.name,
        query=models.SampleQuery(sample=models.Sample.RANDOM),
        query_filter=translated(_owned(filter, Present(TEXT))),
        limit=SAMPLED,
        with_payload=[TEXT],
    )
    return [str((point.payload or {}).get(TEXT, "")) for point in found.points]


def _texts(collection: Collection, filter: Filter) -> Iterator[tuple[str, str]]:
    """Yield the ids and texts of points, `MOST` at most."""
    offset, read = None, 0
    while read < MOST:
        records, offset = collection.call(
            collection.client.scroll,
            collection.name,
            translated(filter),
            limit=min(PAGE, MOST - read),
            offset=offset,
            with_payload=[TEXT],
            with_vectors=False,
        )
        read += len(records)
        for record in records:
            yield str(record.id), str((record.payload or {}).get(TEXT, ""))
        if offset is None:
            return


def _count(collection: Collection, filter: Filter) -> int:
    counted = collection.call(
        collection.client.count, collection.name, translated(filter), exact=True
    )
    return counted.count


def _holding(word: str) -> Words:
    return Words(TEXT, word)


def _owned(filter: Filter, condition: Condition) -> Filter:
    """Return the filter of all records the same owner may read that fulfil a condition."""
    return Filter(filter.owner, condition, shared=filter.shared)


def _with(filter: Filter, condition: Condition) -> Filter:
    given = () if filter.condition is None else (filter.condition,)
    return replace(filter, condition=Every((*given, condition)))
