"""Pools of records of several modalities, and questions to them, for `recall.py`."""

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

LIMIT = 10  # hits that are judged
CANDIDATES = 50  # records of each modality that a store would return
SAMPLED = 256  # points of each modality in a calibration sample
FUSED = ("rrf", "dbsf")
EMPTY_WORDS = frozenset(["a", "an", "and", "from", "in", "of", "or", "the", "up", "with"])

Vectors = NDArray[np.float32]
Place = tuple[str, int]  # a modality, and the number of one of its dev files in the pack


@dataclass(frozen=True, eq=False)
class Kept:
    """The records of one modality, with all their rows in one array.

    Attributes:
        numbers: Number of each record's file among the pack's dev files of that modality.
        labels: Label of each record.
        rows: Rows of all records, one record after the other, shape `(N, D)`.
        starts: Index of the first row of each record.
        counts: Number of rows of each record.
    """

    numbers: NDArray[np.int64]
    labels: Sequence[str]
    rows: Vectors
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, stacks: Sequence[Vectors], labels: Sequence[str], numbers: Sequence[int]) -> Kept:
        """Make records of the files with the given numbers."""
        chosen = [stacks[number] for number in numbers]
        counts = np.array([len(stack) for stack in chosen])
        kept = [labels[number] for number in numbers]
        starts = counts.cumsum() - counts
        return cls(np.array(numbers), kept, np.concatenate(chosen), starts, counts)

    def stack(self, index: int) -> Vectors:
        """Return the rows of one record."""
        return self.rows[self.starts[index] :][: self.counts[index]]


@dataclass(frozen=True, eq=False)
class Question:
    """A vector of some modality, and the words of the labels it should find."""

    vector: Vectors
    modality: str
    words: frozenset[str]
    labels: Sequence[str] = ()  # the exact labels, if only they are right
    itself: Place | None = None  # the file that the question was made of, which is not to be found

    def means(self, label: str) -> bool:
        """Return whether a record of that label answers the question."""
        return label in self.labels if self.labels else bool(self.words & words_of(label))


Pool = Mapping[str, Kept]


class Hit(NamedTuple):
    """A record that was found."""

    score: float
    modality: str
    label: str


Answer = Callable[[Pool, Question], list[Hit]]


def words_of(label: str) -> frozenset[str]:
    """Return the meaningful words of a label, in the singular."""
    words = label.lower().replace(",", "").replace("people", "person").split()
    return frozenset(word.rstrip("s") for word in words if word not in EMPTY_WORDS)


def sample_of(pool: Pool, seed: int = 0) -> Sample:
    """Draw the sample that a memory of this pool would draw for its calibration."""
    draw = np.random.default_rng(seed)
    rows = {}
    for modality, kept in pool.items():
        chosen = draw.permutation(len(kept.labels))[:SAMPLED]
        rows[modality] = kept.rows[[kept.starts[i] + draw.integers(kept.counts[i]) for i in chosen]]
    counts = {modality: len(kept.labels) for modality, kept in pool.items()}
    shares = {modality: float(kept.counts.mean()) for modality, kept in pool.items()}
    return Sample(rows, counts, sum(counts.values()), shares=shares)


def found(kept: Kept, modality: str, scale: Scale, question: Question) -> list[tuple[int, float]]:
    """Return index and best similarity of the nearest records of a modality, as a store does."""
    nearest = np.maximum.reduceat(kept.rows @ scale.vector, kept.starts)
    if question.itself is not None and question.itself[0] == modality:
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
    """Answer a question as a memory does; `exact` scores candidates by their rows."""
    asked = [QueryVector(question.vector, question.modality)]
    scales = calibration.scales(asked, list(pool), ranking=ranking)
    lists = {
        modality: found(kept, modality, scales[modality], question)
        for modality, kept in pool.items()
    }
    if ranking in FUSED:
        return fused(pool, lists, ranking)
    hits = []
    for modality, ranked in lists.items():
        scale, kept = scales[modality], pool[modality]
        for index, similarity in ranked:
            score = scale.score(similarity, int(kept.counts[index]))
            if exact:
                score = scale.score_rows(kept.stack(index)).score
            hits.append(Hit(score, modality, kept.labels[index]))
    return sorted(hits, reverse=True)[:LIMIT]


def fused(pool: Pool, lists: Mapping[str, list[tuple[int, float]]], method: str) -> list[Hit]:
    """Fuse the ranked lists of all modalities."""
    named = {
        modality: [(f"{modality} {index}", similarity) for index, similarity in ranked]
        for modality, ranked in lists.items()
    }
    return [
        Hit(score, modality, pool[modality].labels[int(key.split()[1])])
        for key, score, modality in fuse_ranks(named, method=method)[:LIMIT]
    ]
