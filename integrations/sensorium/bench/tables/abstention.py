"""Questions that nothing answers: does the memory know?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.bench.data import absent
from sensorium.bench.figures import NOTHING, Figure, auroc, calibration_error, drawn
from sensorium.bench.pool import Pool, named
from sensorium.bench.report import Table
from sensorium.percepts import Text

NOTE = (
    "Names of the kinds that are there, and of 20 things that are not. AUROC: how often a question "
    "that something answers has the surer first hit; .5 is chance. Calibration error: of the "
    "confidence of first hits, ten bins. Confidence: as Memory.recall gives it. Exact scan: the "
    "best raw cosine. Names: the best cosine with a caption."
)
COLUMNS = ("surest by", "AUROC", "first hit right", "calibration error")


def abstention(pool: Pool) -> Table:
    """Measure whether confidence tells what is there from what is not."""
    kinds = list(pool.kinds())
    questions = [*(named(kind) for kind in kinds), *absent()]
    there = np.arange(len(questions)) < len(kinds)
    asked = pool.encoder.embed([Text(question) for question in questions])
    scanned = pool.similarity(asked, range(len(pool.items)))
    by_name = asked @ pool.captions.T
    kind_of = {item.id: item.kind for item in pool.items}
    confidence, right = np.zeros(len(questions)), np.zeros(len(questions))
    calibrated = True
    with pool.memory() as memory:
        for index, question in enumerate(questions):
            hit = next(iter(memory.recall(question, limit=1)), None)
            if hit is None:
                continue
            calibrated = calibrated and hit.confidence is not None
            confidence[index] = hit.score if hit.confidence is None else hit.confidence
            right[index] = there[index] and kind_of[hit.record.id] == kinds[index]
    rows: list[Sequence[str | Figure]] = [
        (
            "confidence" if calibrated else "score, as the encoder ships no statistics",
            _separation(confidence, there, pool.seed),
            drawn(lambda chosen: _share(right, there, chosen), len(questions), pool.seed),
            drawn(
                lambda chosen: calibration_error(confidence[chosen], right[chosen]),
                len(questions),
                pool.seed,
            )
            if calibrated
            else NOTHING,
        )
    ]
    names = np.array([item.kind for item in pool.items])
    for name, scores in (("exact scan", scanned), ("names", by_name)):
        first = names[scores.argmax(axis=1)]
        hits = np.array([a == b for a, b in zip(first, [*kinds, *absent()], strict=True)], float)
        rows.append(
            (
                name,
                _separation(scores.max(axis=1).astype(float), there, pool.seed),
                drawn(
                    lambda chosen, hits=hits: _share(hits, there, chosen),  # type: ignore[misc]  # a default binds it
                    len(questions),
                    pool.seed,
                ),
                NOTHING,
            )
        )
    rows.append(("chance", Figure(0.5), Figure(_by_luck(pool)), NOTHING))
    return Table("abstention", "Questions that nothing answers", NOTE, COLUMNS, rows)


def _separation(scores: np.ndarray, there: np.ndarray, seed: int) -> Figure:
    return drawn(lambda chosen: auroc(scores[chosen], there[chosen]), len(scores), seed)


def _share(right: np.ndarray, there: np.ndarray, chosen: np.ndarray) -> float:
    asked = there[chosen]
    return float(right[chosen][asked].mean()) if asked.any() else float("nan")


def _by_luck(pool: Pool) -> float:
    counts = [len(places) for places in pool.kinds().values()]
    return float(np.mean(counts)) / len(pool.items)
