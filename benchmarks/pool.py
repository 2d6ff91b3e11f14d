"""A pool of memories of several senses, and questions to it: what `recall.py` measures on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import Scale
from sensorium.memory.recalling.fusion import fuse_ranks

LIMIT = 10  # hits looked at
CANDIDATES = 50  # of each sense: what a store would return
SAMPLED = 256  # points of each sense in a sample
FUSED = ("rrf", "dbsf")
EMPTY_WORDS = frozenset(["a", "an", "and", "from", "in", "of", "or", "the", "up", "with"])

Vectors = NDArray[np.float32]
Place = tuple[str, int]  # a sense, and the number of a file among the pack's dev files of it


@dataclass(frozen=True, eq=False)
class Kept:
    """The memories of one sense, all rows in one array.

    Attributes:
        numbers: Of the files, among the pack's dev files of that sense.
        labels: One a memory.
        rows: Shape `(N, D)`: the rows of all memories, one memory after the other.
        starts: The first row of each memory.
        counts: How many rows each has.
    """

    numbers: NDArray[np.int64]
    labels: Sequence[str]
    rows: Vectors
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, stacks: Sequence[Vectors], labels: Sequence[str], numbers: Sequence[int]) -> Kept:
        """Keep those of the files that are named by their numbers."""
        chosen = [stacks[number] for number in numbers]
        counts = np.array([len(stack) for stack in chosen])
        kept = [labels[number] for number in numbers]
        starts = counts.cumsum() - counts
        return cls(np.array(numbers), kept, np.concatenate(chosen), starts, counts)

    def stack(self, index: int) -> Vectors:
        """Return the rows of one memory."""
        return self.rows[self.starts[index] :][: self.counts[index]]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked for: a vector of one sense, and the words of the labels it should find."""

    vector: Vectors
    modality: str
    words: frozenset[str]
    labels: Sequence[str] = ()  # the exact labels, where only they count
    itself: Place | None = None  # not to be found by itself

    def means(self, label: str) -> bool:
        """Say whether a memory of that label answers the question."""
        return label in self.labels if self.labels else bool(self.words & words_of(label))


Pool = Mapping[str, Kept]


class Hit(NamedTuple):
    """One memory that was found."""

    score: float
    confidence: float
    deviate: float  # spreads above the unrelated
    points: int  # compared in its sense
    sense: str
    label: str


Answer = Callable[[Pool, Question], list[Hit]]


def words_of(label: str) -> frozenset[str]:
    """Return the words of a label that mean something, in the singular."""
    words = label.lower().replace(",", "").split()
    return frozenset(word.rstrip("s") for word in words if word not in EMPTY_WORDS)


def sample_of(pool: Pool, seed: int = 0) -> Sample:
    """Draw what a memory of this pool would have drawn for its calibration."""
    draw = np.random.default_rng(seed)
    rows = {}
    for sense, kept in pool.items():
        chosen = draw.permutation(len(kept.labels))[:SAMPLED]
        rows[sense] = kept.rows[[kept.starts[i] + draw.integers(kept.counts[i]) for i in chosen]]
    counts = {sense: len(kept.labels) for sense, kept in pool.items()}
    return Sample(rows, counts, sum(counts.values()))


def found(kept: Kept, sense: str, scale: Scale, question: Question) -> list[tuple[int, float]]:
    """Return the nearest memories of one sense, as a store does: index and best similarity."""
    nearest = np.maximum.reduceat(kept.rows @ scale.vector, kept.starts)
    if question.itself is not None and question.itself[0] == sense:
        nearest[kept.numbers == question.itself[1]] = -1
    order = np.argsort(-nearest)[:CANDIDATES]
    return [(int(index), float(nearest[index])) for index in order if nearest[index] > -1]


def recalled(
    pool: Pool,
    question: Question,
    *,
    calibration: Calibration,
    ranking: str = "centred",
    exact: bool = True,
) -> list[Hit]:
    """Answer one question the way a memory does; `exact` computes the scores of candidates anew."""
    asked = [QueryVector(question.vector, question.modality)]
    scales = calibration.scales(asked, list(pool), ranking=ranking)
    lists = {sense: found(kept, sense, scales[sense], question) for sense, kept in pool.items()}
    if ranking in FUSED:
        return fused(pool, lists, ranking)
    hits = []
    for sense, ranked in lists.items():
        scale, kept = scales[sense], pool[sense]
        for index, similarity in ranked:
            score = scale.score(similarity, int(kept.counts[index]))
            if exact:
                score = scale.score_rows(kept.stack(index))[0]
            confidence = scale.confidence(score) or 0.0
            deviate = scale.deviate(score)
            hits.append(Hit(score, confidence, deviate, scale.points, sense, kept.labels[index]))
    return sorted(hits, reverse=True)[:LIMIT]


def fused(pool: Pool, lists: Mapping[str, list[tuple[int, float]]], method: str) -> list[Hit]:
    """Fuse the lists of all senses by rank."""
    named = {
        sense: [(f"{sense} {index}", similarity) for index, similarity in ranked]
        for sense, ranked in lists.items()
    }
    return [
        Hit(score, 0.0, 0.0, 1, sense, pool[sense].labels[int(key.split()[1])])
        for key, score, sense in fuse_ranks(named, method=method)[:LIMIT]
    ]
