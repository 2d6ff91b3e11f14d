"""Keywords in the texts of records: who holds them, and what that adds to a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sensorium.memory.recalling.unspaced import score_texts, split_keywords
from sensorium.qdrant import Backend, Condition, Filter, Ids

KEYWORDS = "keywords"  # the modality of a hit that was found by its text alone
BOOST = 0.5  # share of the way to the highest score that the best match of the keywords gains
HEADROOM = 1.25  # highest score over the best one: the best candidate gains by its keywords, too


class KeywordSearch:
    """Full-text search for the keywords of one recall."""

    def __init__(self, backend: Backend, filter: Filter, keywords: str) -> None:
        """Prepare the search; nothing is searched yet.

        Args:
            backend: Store of the records.
            filter: Records that may answer.
            keywords: Words to look for; a record that holds one of them matches.
        """
        self._backend = backend
        self._filter = filter
        self._keywords, groups = split_keywords(keywords)
        # In scripts without spaces, all texts are scored at once
        self._unspaced = score_texts(backend, filter, groups) if groups else {}

    def best(self, limit: int) -> dict[str, float]:
        """Return the BM25 scores of the records that match best, the best first."""
        scores = dict(self._unspaced)
        for record, score in self._bm25(self._filter.condition, limit).items():
            scores[record] = scores.get(record, 0.0) + score
        ranked = sorted(scores.items(), key=lambda pair: -pair[1])
        return dict(ranked[:limit])

    def matches(self, best: Mapping[str, float], others: Sequence[str]) -> dict[str, float]:
        """Return how well records match, from 0 to 1, the best one.

        Args:
            best: Scores that `best` returned; at least one.
            others: Further records, whose texts are searched now.
        """
        scores = dict(best)
        if others:
            found = self._bm25(Ids(tuple(others)), len(others))
            scores |= {
                record: found.get(record, 0.0) + self._unspaced.get(record, 0.0)
                for record in others
            }
        most = max(best.values())
        return {record: min(score / most, 1.0) for record, score in scores.items() if score}

    def _bm25(self, condition: Condition | None, limit: int) -> dict[str, float]:
        if not self._keywords:
            return {}
        # Only a record's own point has its text, so that parts need not be searched.
        where = replace(self._filter, condition=condition, parts=False)
        hits = self._backend.search_text(self._keywords, where, limit=limit)
        return {hit.id: hit.score for hit in hits if hit.score > 0}


def highest_score(scores: Sequence[float]) -> float:
    """Return the score that `boosted` approaches; it is above all scores."""
    return max([1.0, *(HEADROOM * score for score in scores)])


def boost_score(score: float, match: float, *, highest: float, boost: float) -> float:
    """Return a score raised for a match of the keywords.

    A record without the keywords, or without any text, keeps its score: a picture is not worse for
    having no words.

    Args:
        score: Score before; finite.
        match: How well the text matches, from 0 to 1.
        highest: Score that a match moves towards.
        boost: Share of the way that the best match moves.
    """
    return score + boost * match * (highest - score)
