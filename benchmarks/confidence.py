"""Fit the margins of confidence, and judge it for every modality, on records not used for the fit.

    python benchmarks/confidence.py --pack PACK   # minutes; rewrites confidence.md and the diagram

Records and questions are in two halves: other recordings, other words. The margins are fitted to
the first half (`sensorium.mini.margins` holds them) and judged by the second.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from confidence_records import GROUPS, Asked, Record, Words, records
from numpy.typing import NDArray
from reliability import Judged, diagrams
from tables import markdown

from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.extremes import median_of_maximum
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import EVEN, Scale
from sensorium.memory.certainty import RELATED, SURE
from sensorium.mini import MiniEncoder
from sensorium.mini.margins import ROWS as MODALITIES
from sensorium.mini.margins import TWINS, read_margins

HERE = Path(__file__).parent
TABLE = HERE / "confidence.md"
DIAGRAM = HERE.parent / "docs" / "reliability.png"
POOLS = ((50, 3), (150, 2), (200, 2), (1000, 1))  # records in a pool at most, number of such pools
SAMPLED = 256  # points of each modality in a calibration sample
NEAREST = 12  # records of each modality that are scored
LIMIT = 10  # hits that are judged
RESAMPLED = 200  # times that questions are drawn anew for an interval
# How strongly a margin is drawn to the common one: of a modality, and of a pair of modalities; the
# hits of one kind of question and one size of pool weigh 500 together, over their number.
SHRINK, SHRINK_PAIR, HITS = 0.3, 2.0, 500.0
HEADING = """# Confidence, measured

Written by `python benchmarks/confidence.py --pack PACK`; docs/calibration.md explains the figures.
"""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """Records of one modality, all rows in one array, one record after the other."""

    records: Sequence[Record]
    rows: NDArray[np.float32]
    starts: Ints
    counts: Ints

    @classmethod
    def of(cls, records: Sequence[Record]) -> Pool:
        """Join the rows of records."""
        counts = np.array([len(record.rows) for record in records])
        rows = np.concatenate([record.rows for record in records])
        return cls(records, rows, counts.cumsum() - counts, counts)


@dataclass(frozen=True, eq=False)
class Table:
    """Scored records; an entry of each array for each, records of a question together."""

    half: Ints
    size: Ints
    group: Ints  # index of GROUPS, then of the modalities
    asked: Ints
    found: Ints
    beyond: Floats  # typical spreads above the best unrelated record, no margin subtracted
    order: Floats  # the same, less what the rows of its own record gain by chance
    right: NDArray[np.bool_]
    question: Ints

    def where(self, mask: NDArray[np.bool_]) -> Table:
        """Return the records that a mask selects."""
        return Table(*(value[mask] for value in self.__dict__.values()))


def group_names() -> list[str]:
    """Return the names of all groups of questions."""
    return [*GROUPS, *(name for name in (*MODALITIES, *TWINS) if name != "text")]


def pools(
    found: Mapping[str, Sequence[Record]], half: int
) -> Iterator[tuple[int, dict[str, Pool]]]:
    """Yield pools of random records of a half, each with its size."""
    places = [(name, r) for name, part in found.items() for r in part if r.half == half]
    for size, draws in POOLS:
        for seed in range(draws):
            chosen = np.random.default_rng(100 + seed + size).permutation(len(places))[:size]
            parts: dict[str, list[Record]] = {}
            for i in chosen:
                parts.setdefault(places[i][0], []).append(places[i][1])
            yield size, {name: Pool.of(part) for name, part in parts.items()}


def sample_of(pool: Mapping[str, Pool]) -> Sample:
    """Draw the sample that a memory of this pool would draw."""
    draw = np.random.default_rng(0)
    rows = {}
    for name, part in pool.items():
        chosen = draw.permutation(len(part.records))[:SAMPLED]
        rows[name] = part.rows[[part.starts[i] + draw.integers(part.counts[i]) for i in chosen]]
    counts = {name: len(part.records) for name, part in pool.items()}
    shares = {name: float(part.counts.mean()) for name, part in pool.items()}
    return Sample(rows, counts, sum(counts.values()), shares=shares)


def nearest(part: Pool, scale: Scale, asked: Asked) -> Iterator[tuple[float, float, Words]]:
    """Yield evidence, score and what is shown, of the nearest records of a modality."""
    similarities = np.maximum.reduceat(part.rows @ scale.vector, part.starts)
    for i in np.argsort(-similarities)[:NEAREST]:
        if part.records[i] is not asked.itself:
            best = scale.score_rows(part.rows[part.starts[i] :][: part.counts[i]])
            yield best.evidence, best.score, part.records[i].shown[best.row]


def scored(
    encoder: MiniEncoder, found: Mapping[str, Sequence[Record]], questions: Sequence[Asked]
) -> Table:
    """Ask all questions of a half in all pools of it."""
    plain = replace(encoder.background, margins={})
    names = [*MODALITIES, *TWINS]
    rows, number = [], 0
    for half in (0, 1):
        for size, pool in pools(found, half):
            calibration = Calibration(plain, sample_of(pool))
            luck = median_of_maximum(sum(len(part.records) for part in pool.values()))
            for asked in questions:
                if asked.half != half:
                    continue
                number += 1
                group = group_names().index(asked.group)
                question = [QueryVector(asked.vector, asked.modality)]
                scales = calibration.scales(question, list(pool), ranking="z")
                for name, part in pool.items():
                    where = (half, size, group, names.index(asked.modality), names.index(name))
                    for evidence, score, shown in nearest(part, scales[name], asked):
                        right = bool(shown & asked.words)
                        rows.append((*where, evidence - luck, score - luck, right, number))
    columns = np.array(rows, np.float64).T
    kinds = (*[np.int64] * 5, np.float64, np.float64, np.bool_, np.int64)
    return Table(*(column.astype(kind) for column, kind in zip(columns, kinds, strict=True)))


def weights(table: Table) -> Floats:
    """Weigh hits so that sizes of pools count the same, and kinds of questions.

    Half of the questions by text are labels.
    """
    names = len(group_names())
    cells = table.size * names + table.group
    _, where, counts = np.unique(cells, return_inverse=True, return_counts=True)
    kinds = np.ones(names)
    kinds[: len(GROUPS)] = (2.0, *[2 / 3] * (len(GROUPS) - 1))
    weight: Floats = kinds[table.group] / counts[where]
    return weight


def twins(table: Table) -> tuple[Ints, Ints]:
    """Return the modalities asked and found, videos as the pictures that they are."""
    index = np.array([MODALITIES.index(name) for name in (*MODALITIES, *TWINS.values())])
    return index[table.asked], index[table.found]


def fitted(table: Table) -> Floats:
    """Fit the margin of each pair of modalities by ridge regression, shape (asked, found)."""
    count = len(MODALITIES)
    asked, found = twins(table)
    inputs = np.zeros((len(asked), 1 + 2 * count + count**2))
    every = np.arange(len(asked))
    inputs[:, 0] = inputs[every, 1 + asked] = inputs[every, 1 + count + found] = 1
    inputs[every, 1 + 2 * count + asked * count + found] = 1
    ridge = np.array([1e-9, *[SHRINK] * (2 * count), *[SHRINK_PAIR] * count**2])
    weight, factors = weights(table) * HITS, np.zeros(len(ridge))
    for _ in range(30):
        chance = 1 / (1 + np.exp(-(table.beyond + inputs @ factors)))
        slope = inputs.T @ (weight * (table.right - chance)) - ridge * factors
        curve = (inputs * (weight * chance * (1 - chance))[:, None]).T @ inputs
        factors += np.linalg.solve(curve + np.diag(ridge), slope)
    first, second = factors[1 : 1 + count], factors[1 + count : 1 + 2 * count]
    pairs = factors[1 + 2 * count :].reshape(count, count)
    margins: Floats = -(factors[0] + first[:, None] + second[None, :] + pairs)
    return margins


@dataclass(frozen=True, eq=False)
class Lists:
    """The hits of all questions in order."""

    table: Table
    judged: Judged
    rank: Ints

    @classmethod
    def of(cls, table: Table, margin: Floats) -> Lists:
        """Rank records by their scores less margins, as a memory does."""
        order = np.lexsort((margin - table.order, table.question))
        table, margin = table.where(order), margin[order]
        starts = np.r_[0, np.flatnonzero(np.diff(table.question)) + 1, len(order)]
        rank = np.arange(len(order)) - np.repeat(starts[:-1], np.diff(starts))
        kept = rank < LIMIT
        table, margin, rank = table.where(kept), margin[kept], rank[kept]
        confidence = 1 / (1 + np.exp(-(table.beyond - margin)))
        for i in np.flatnonzero(rank):
            confidence[i] = min(confidence[i], confidence[i - 1])
        return cls(table, Judged(confidence, table.right, weights(table)), rank)

    def interval(self, mask: NDArray[np.bool_]) -> tuple[float, float]:
        """Return the central 95 % of the calibration errors of questions drawn anew."""
        draw = np.random.default_rng(1)
        part, ids = self.judged.where(mask), np.unique(self.table.question[mask])
        where = np.searchsorted(ids, self.table.question[mask])
        errors = []
        for _ in range(RESAMPLED):
            times = np.bincount(draw.integers(len(ids), size=len(ids)), minlength=len(ids))
            again = replace(part, weight=part.weight * times[where])
            errors.append(again.where(again.weight > 0).calibration_error())
        low, high = np.quantile(errors, [0.025, 0.975])
        return float(low), float(high)


def masks(lists: Lists) -> dict[str, NDArray[np.bool_]]:
    """Return what is judged: names, and the hits that they select."""
    table, names = lists.table, [*MODALITIES, *TWINS]
    text = table.asked == names.index("text")
    chosen = {"all questions": text | True, "first hits": lists.rank == 0}
    chosen["asked by text"] = text
    chosen["asked by text, first hits"] = text & (lists.rank == 0)
    for name in (name for name in names if name != "text"):
        chosen[f"asked by {name}"] = table.asked == names.index(name)
    for name in names:
        chosen[f"found by text: {name}"] = text & (table.found == names.index(name))
    for size, _ in POOLS:
        chosen[f"{size} records"] = table.size == size
    return chosen


def calibration_table(common: Lists, lists: Lists) -> str:
    """Judge confidence with the common margin, and with those of the pairs."""
    rows = []
    before, after = masks(common), masks(lists)
    for name in after:
        part = lists.judged.where(after[name])
        stated = np.average(part.confidence, weights=part.weight)
        true = np.average(part.right, weights=part.weight)
        low, high = lists.interval(after[name])
        error = common.judged.where(before[name]).calibration_error()
        figures = [f"{figure:.3f}" for figure in (stated, true, error, part.calibration_error())]
        rows.append([name, str(len(part.right)), *figures, f"{low:.3f} to {high:.3f}"])
    columns = ["hits", "number", "mean confidence", "share right", "ECE, one margin"]
    return markdown([*columns, "ECE", "95 % interval"], rows)


def levels_table(lists: Lists) -> str:
    """Tell how often first hits by text are right on each level, and what a limit would hide."""
    text = (lists.table.asked == MODALITIES.index("text")) & (lists.rank == 0)
    judged = lists.judged.where(text)
    unanswered = np.isin(lists.table.group[text], [2, 3])
    levels = {"sure": (SURE, 1.1), "uncertain": (RELATED, SURE), "probably unrelated": (0, RELATED)}
    rows = []
    for name, (low, high) in levels.items():
        part = judged.where((judged.confidence >= low) & (judged.confidence < high))
        share = float(np.average(part.right, weights=part.weight))
        count = len(part.right)
        rows.append([f"{name}: {low} and more", str(count), f"{share:.2f}", *wilson(share, count)])
    text_table = markdown(["first hits, asked by text", "number", "right", "from", "to"], rows)
    rows = []
    for limit in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.5, 0.8):
        hidden = judged.confidence < limit
        weight = judged.weight
        lost = (weight * (judged.right & hidden)).sum() / (weight * judged.right).sum()
        kept = (weight * (~judged.right & ~hidden)).sum() / (weight * ~judged.right).sum()
        share = float((judged.confidence[unanswered] >= limit).mean())
        rows.append([f"{limit}", f"{lost:.2f}", f"{kept:.2f}", f"{share:.2f}"])
    columns = ["min_confidence", "right first hits hidden", "wrong first hits shown"]
    columns.append("questions without an answer that get a hit")
    return f"{text_table}\n\n{markdown(columns, rows)}"


def wilson(share: float, count: int) -> tuple[str, str]:
    """Return Wilson's 95 % interval of a share."""
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return f"{max(middle - reach, 0):.2f}", f"{min(middle + reach, 1):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    encoder = MiniEncoder()
    report(encoder, *records(encoder, parser.parse_args().pack))


def report(
    encoder: MiniEncoder, found: Mapping[str, Sequence[Record]], questions: Sequence[Asked]
) -> None:
    """Fit, judge, and write the tables and the diagram."""
    table = scored(encoder, found, questions)
    margins = fitted(table.where(table.half == 0))
    new = markdown(
        ["asked", *MODALITIES],
        [
            [name, *(f"{margin:.2f}" for margin in row)]
            for name, row in zip(MODALITIES, margins.tolist(), strict=True)
        ],
    )
    other = table.where(table.half == 1)
    shipped = read_margins()
    names = [*MODALITIES, *TWINS]
    by_pair = np.array([[shipped[asked, stored] for stored in names] for asked in names])
    lists = Lists.of(other, by_pair[other.asked, other.found])
    common = Lists.of(other, np.full(len(other.right), EVEN))
    text = f"{calibration_table(common, lists)}\n\n{levels_table(lists)}\n\n{new}\n"
    print(text)
    TABLE.write_text(f"{HEADING}\n{text}", encoding="utf-8")
    chosen = masks(lists)
    parts = {name: lists.judged.where(mask) for name, mask in chosen.items()}
    diagrams({name: part for name, part in parts.items() if " by " in name}, DIAGRAM)


if __name__ == "__main__":
    main()
