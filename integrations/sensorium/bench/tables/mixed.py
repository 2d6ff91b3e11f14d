"""One memory of all modalities, asked by words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.bench.figures import Figure, mean
from sensorium.bench.pool import Pool, named
from sensorium.bench.report import Table
from sensorium.percepts import Text

LIMIT = 10
NOTE = (
    "Each kind of which there are two items or more is asked for by its name. Precision: share of "
    "the first 10 hits that are of the kind; of as many as there are, if those are fewer. "
    "Modalities: of the modalities with such items, the share from which one is among these hits. "
    "Memory: Memory.recall with one scale for all modalities. Exact scan: raw cosines, without an "
    "index. Names: a memory of captions that people wrote, in place of signals. Chance: a random "
    "order."
)
COLUMNS = ("ranking", "precision@10", "modalities present")


def mixed(pool: Pool) -> Table:
    """Measure one ranking over all modalities."""
    kinds = {kind: places for kind, places in pool.kinds().items() if len(places) > 1}
    asked = pool.encoder.embed([Text(named(kind)) for kind in kinds])
    everything = range(len(pool.items))
    scanned = np.argsort(-pool.similarity(asked, everything), axis=1)
    by_name = np.argsort(-(asked @ pool.captions.T), axis=1)
    places = {item.id: place for place, item in enumerate(pool.items)}
    with pool.memory() as memory:
        recalled = [
            [places[hit.record.id] for hit in memory.recall(named(kind), limit=LIMIT)]
            for kind in kinds
        ]
    draw = np.random.default_rng(pool.seed)
    random = [draw.permutation(len(pool.items)).tolist() for _ in kinds]
    found: dict[str, Sequence[Sequence[int]]] = {
        "memory": recalled,
        "exact scan": scanned.tolist(),
        "names": by_name.tolist(),
        "chance": random,
    }
    rows: list[Sequence[str | Figure]] = []
    for name, orders in found.items():
        precision, present = [], []
        for order, right in zip(orders, kinds.values(), strict=True):
            hits = [place for place in order[: min(LIMIT, len(right))] if place in right]
            within = [place for place in order[:LIMIT] if place in right]
            precision.append(len(hits) / min(LIMIT, len(right)))
            modalities = {pool.items[place].modality for place in right}
            present.append(len({pool.items[p].modality for p in within}) / len(modalities))
        rows.append((name, mean(precision, pool.seed), mean(present, pool.seed)))
    return Table("mixed", "A mixed pool, asked by words", NOTE, COLUMNS, rows)
