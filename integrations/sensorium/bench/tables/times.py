"""Questions that name a time, about things that happened more than once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import numpy as np

from sensorium.bench.figures import Figure, mean
from sensorium.bench.pool import Pool, named
from sensorium.bench.report import Table
from sensorium.memory import Hit, Memory, Moment
from sensorium.percepts import Text

DAYS = 3  # times that each thing happened, on days of its own
BEGAN = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
SURE = 0.5
TIE = 1e-5  # of scores
MOST = 200  # hits that are looked at: all, so that ties are whole
NOTE = (
    "Each kind happened on three days. Before, after, around: the day is said in words, and "
    "Memory.recall reads it; right if the first hit is of the kind and of the one day that fits. "
    "First, last: the earliest and the latest of what recall is rather sure of; there is no word "
    "for these yet. Unread: the same words, times not read. Hits that are equally near count as "
    "their share. Exact scan: the best cosine with the "
    "right days searched alone. Chance: one of all memories."
)
COLUMNS = ("question", "memory", "unread", "exact scan", "chance")
WORDS = {  # the day that is named, and the day that is meant, of the three
    "before": ("{} before {}", 1, 0),
    "after": ("{} after {}", 1, 2),
    "around": ("{} on {}", 1, 1),
}


def times(pool: Pool) -> Table:
    """Measure questions about first, last, before, after and around."""
    chosen = {kind: places[0] for kind, places in pool.kinds().items()}
    found: dict[str, dict[str, list[float]]] = {}
    with Memory.open(":memory:", owner="bench", encoder=pool.encoder) as memory:
        days = _remember(memory, pool, chosen)
        for name, (form, told, meant) in WORDS.items():
            cells = found.setdefault(name, {"memory": [], "unread": [], "exact scan": []})
            for kind in chosen:
                day = f"{days[kind][told]:%-d %B %Y}"
                question = form.format(named(kind), day)
                for column, read in (("memory", True), ("unread", False)):
                    hits = memory.recall(question, limit=MOST, read_times=read)
                    ids = [hit.record.id for hit in _best(hits)]
                    cells[column].append(ids.count(f"{kind} {meant}") / max(1, len(ids)))
        for name, newest in (("first", False), ("last", True)):
            cells = found.setdefault(name, {"memory": [], "unread": [], "exact scan": []})
            for kind in chosen:
                cells["memory"].append(_edge(memory, kind, newest=newest))
    nearest = _scanned(pool, chosen)
    rows: list[Sequence[str | Figure]] = []
    for name, cells in found.items():
        cells["exact scan"] = nearest
        rows.append(
            (
                name,
                *(mean(cells[column], pool.seed) for column in ("memory", "unread", "exact scan")),
                Figure(1 / (DAYS * len(chosen))),
            )
        )
    return Table("times", "Questions that name a time", NOTE, COLUMNS, rows)


def _remember(memory: Memory, pool: Pool, chosen: dict[str, int]) -> dict[str, list[datetime]]:
    """Remember an item of each kind three times; each day has one memory."""
    count = len(chosen)
    order = np.random.default_rng(pool.seed).permutation(count)
    days = {}
    moments = []
    for turn, (kind, place) in zip(order, chosen.items(), strict=True):
        percept = pool.data.percept(pool.items[place])
        days[kind] = [BEGAN + timedelta(days=int(turn) + count * nth) for nth in range(DAYS)]
        moments += [
            Moment((percept.with_origin(at=at),), id=f"{kind} {nth}")
            for nth, at in enumerate(days[kind])
        ]
    memory.remember_many(moments, sound=False).raise_first()
    return days


def _edge(memory: Memory, kind: str, *, newest: bool) -> float:
    hits = memory.recall(named(kind), limit=MOST)
    sure = [hit for hit in hits if (hit.confidence or 0.0) >= SURE] or _best(hits)
    ordered: list[Hit] = sorted(sure, key=lambda hit: hit.record.at, reverse=newest)
    wanted = f"{kind} {DAYS - 1 if newest else 0}"
    return float(bool(ordered) and ordered[0].record.id == wanted)


def _best(hits: Sequence[Hit]) -> list[Hit]:
    """Return the first hit with those that are as near: a store orders these by chance."""
    return [hit for hit in hits if hit.score >= hits[0].score - TIE]


def _scanned(pool: Pool, chosen: dict[str, int]) -> list[float]:
    """Return whether each kind is found by an exact scan, were the day searched alone given."""
    asked = pool.encoder.embed([Text(named(kind)) for kind in chosen])
    scores = pool.similarity(asked, list(chosen.values()))
    return [float(row.argmax() == index) for index, row in enumerate(scores)]
