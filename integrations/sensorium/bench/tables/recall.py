"""Modality by modality: an item of one finds items of its kind in another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.bench.figures import Figure, chance, mean
from sensorium.bench.pool import Pool, Vectors, named
from sensorium.bench.report import Table
from sensorium.percepts import Text

LIMITS = (1, 10)
NOTE = (
    "Share of questions with an item of the same kind among the first 1 and the first 10, by an "
    "exact scan of cosines; a question is an item, which is not to find itself, or the name of a "
    "kind. Names: the same, had the memory kept captions in place of signals, written by people "
    "who saw them: what the best of captioners would give. Chance: a random order. Intervals are "
    "of questions drawn anew, 95 %. sensorium-mini learned our own samples of sound, heat, depth "
    "and motion, and its settings were chosen on our photos: of these its figures are too good."
)
COLUMNS = (
    "asked by",
    "among",
    "items",
    "questions",
    "recall@1",
    "chance@1",
    "names@1",
    "recall@10",
    "chance@10",
    "names@10",
)


def recall(pool: Pool) -> Table:
    """Measure recall for each pair of modalities."""
    rows = []
    kinds = list(pool.kinds())
    words = pool.encoder.embed([Text(named(kind)) for kind in kinds])
    for stored in pool.modalities:
        places = pool.of_modality(stored)
        rows.append(
            _row(
                "text",
                stored,
                pool,
                places=places,
                vectors=words,
                meant=kinds,
                selves=[None] * len(kinds),
            )
        )
        for asking in pool.modalities:
            own = pool.of_modality(asking)
            vectors = np.stack([pool.encodings[place].pooled for place in own])
            meant = [pool.items[place].kind for place in own]
            rows.append(
                _row(
                    asking,
                    stored,
                    pool,
                    places=places,
                    vectors=vectors,
                    meant=meant,
                    selves=own,
                )
            )
    title = "Recall, modality by modality"
    return Table("recall", title, NOTE, COLUMNS, [row for row in rows if row is not None])


def _row(
    asking: str,
    stored: str,
    pool: Pool,
    *,
    places: Sequence[int],
    vectors: Vectors,
    meant: Sequence[str],
    selves: Sequence[int | None],
) -> Sequence[str | Figure] | None:
    """Return one pair of modalities; `None` if nothing in one is of a kind of the other."""
    scores = pool.similarity(vectors, places)  # (Q, N)
    by_name = vectors @ pool.captions[list(places)].T
    if asking != "text":  # a memory of captions is asked by the caption of what one has
        own = [place for place in selves if place is not None]
        by_name = pool.captions[own] @ pool.captions[list(places)].T
    kinds = np.array([pool.items[place].kind for place in places])
    found: dict[str, list[float]] = {f"{what}{k}": [] for what in "rcn" for k in LIMITS}
    for index, kind in enumerate(meant):
        others = np.array([place != selves[index] for place in places])
        right = (kinds == kind) & others
        if not right.any():
            continue
        for limit in LIMITS:
            found[f"r{limit}"].append(_first(scores[index], right, others, limit))
            found[f"n{limit}"].append(_first(by_name[index], right, others, limit))
            found[f"c{limit}"].append(chance(int(right.sum()), int(others.sum()), limit))
    if not found["r1"]:
        return None
    cells: list[str | Figure] = [asking, stored, str(len(places)), str(len(found["r1"]))]
    for limit in LIMITS:
        cells += [
            mean(found[f"r{limit}"], pool.seed),
            Figure(float(np.mean(found[f"c{limit}"]))),
            mean(found[f"n{limit}"], pool.seed),
        ]
    return cells


def _first(scores: Vectors, right: np.ndarray, others: np.ndarray, limit: int) -> float:
    order = np.argsort(-np.where(others, scores, -np.inf))[:limit]
    return float(right[order].any())
