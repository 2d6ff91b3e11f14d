"""The precision of recall over all modalities, and the truth of its confidence.

    python benchmarks/recall.py --pack PACK      # minutes; rewrites recall.md and the diagram

Each file of the pack's dev splits is a record. Questions are texts, pictures, sounds, thermal
pictures, depth maps and motion. No dev file was used for training. The two constants of confidence
were fitted to one half of the questions, and are judged by the other half.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pool import LIMIT, Answer, Kept, Pool, Question, Vectors, recalled, sample_of, words_of
from reliability import Judged, diagram, fitted
from tables import markdown

from sensorium.encoders import Background, normalise
from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.extremes import log_cdf, median_of_maximum
from sensorium.memory.calibrating.sample import Sample
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text
from training.evaluate import QUERIES
from training.pack import read_rows
from training.percepts import percept_of

HERE = Path(__file__).parent
TABLE = HERE / "recall.md"
DIAGRAM = HERE.parent / "docs" / "reliability.png"
MODALITIES = ("image", "audio", "thermal", "depth", "imu")
POOLS = ((50, 4), (200, 3), (1000, 1), (None, 1))  # records in a pool, number of such pools
EACH = 80  # questions of each modality
SEED = 5
ENOUGH = 1000  # records whose sample can replace shipped statistics, in most modalities
HEADING = """# Recall, measured

Written by `python benchmarks/recall.py --pack PACK`, with sensorium-mini on the dev splits of its
pack; each file is a record. The figures are explained in docs/calibration.md.
"""
NONSENSE = (
    "quarterly tax report",
    "blockchain governance",
    "the meeting was moved to Friday",
    "constitutional amendment",
    "interest rate futures",
    "a sonnet about regret",
    "password reset instructions",
    "differential equations",
    "medieval church Latin grammar",
    "the philosophy of Kant",
    "a software licence agreement",
    "inflation in the euro area",
    "the plot of a detective novel",
    "nuclear fusion research",
    "a job interview next week",
    "insurance claim number",
    "my dentist appointment",
    "the history of the Ottoman Empire",
    "how to file a patent",
    "election results in Bavaria",
    "compiler optimisation flags",
    "a proof of Fermat's last theorem",
    "pension fund regulation",
    "supply chain logistics",
    "a lecture on macroeconomics",
    "the invoice is overdue",
    "quantum chromodynamics",
    "football transfer rumours",
    "vaccination schedule",
    "a treaty on maritime law",
)


@dataclass(frozen=True, eq=False)
class Dev:
    """The dev files of one modality, with the label and the rows of each."""

    labels: Sequence[str]
    stacks: Sequence[Vectors]

    @classmethod
    def read(cls, encoder: MiniEncoder, pack: Path, modality: str) -> Dev:
        """Encode the files; all modalities take some ten minutes on one core."""
        rows = read_rows(pack, modality, "dev", "dev_unseen")
        stacks = [
            encoding.vectors for encoding in encoder.encode([percept_of(row) for row in rows])
        ]
        return cls([row.label for row in rows], stacks)


@dataclass(frozen=True)
class Group:
    """Questions of one kind; every second question was used to fit the constants."""

    name: str
    questions: Sequence[Question]


def texts(encoder: MiniEncoder, words: Sequence[str]) -> list[Vectors]:
    """Return a vector for each text."""
    return list(encoder.embed([Text(text) for text in words]))


def groups(encoder: MiniEncoder, dev: dict[str, Dev]) -> Iterator[Group]:
    """Yield questions by every label, by nonsense, and by files of each modality."""
    labels = sorted({label for part in dev.values() for label in part.labels})
    asked = zip(texts(encoder, labels), labels, strict=True)
    yield Group("text: a label", [Question(v, "text", words_of(label)) for v, label in asked])
    nonsense = [Question(v, "text", frozenset()) for v in texts(encoder, NONSENSE)]
    yield Group("text: no answer", nonsense)
    for modality, part in dev.items():
        chosen = np.random.default_rng(SEED).permutation(len(part.labels))[:EACH]
        yield Group(
            modality,
            [
                Question(
                    normalise(part.stacks[i].mean(axis=0)),
                    modality,
                    words_of(part.labels[i]),
                    itself=(modality, int(i)),
                )
                for i in chosen
            ],
        )


def pools(dev: dict[str, Dev], *, at_least: int = 0) -> Iterator[tuple[int, Pool]]:
    """Yield pools of random records, each with its size."""
    places = [(modality, i) for modality, part in dev.items() for i in range(len(part.labels))]
    for size, draws in POOLS:
        if (size or len(places)) < at_least:
            continue
        for seed in range(draws):
            order = np.random.default_rng(10 + seed).permutation(len(places))[:size]
            pool = {}
            for modality, part in dev.items():
                numbers = [places[i][1] for i in order if places[i][0] == modality]
                if numbers:
                    pool[modality] = Kept.of(part.stacks, part.labels, numbers)
            yield size or len(places), pool


def ranking_figures(
    pool: Pool, questions: Sequence[Question], answer: Answer
) -> tuple[float, float]:
    """Return precision at 10, and the share of the relevant modalities that is found.

    Where fewer than ten records are relevant, precision is taken at their number.
    """
    precision, share = [], []
    for question in questions:
        relevant = {
            modality: sum(question.means(label) for label in kept.labels)
            for modality, kept in pool.items()
        }
        if not sum(relevant.values()):
            continue
        right = [hit.modality for hit in answer(pool, question) if question.means(hit.label)]
        precision.append(len(right) / min(LIMIT, sum(relevant.values())))
        share.append(len(set(right)) / sum(count > 0 for count in relevant.values()))
    return float(np.mean(precision)), float(np.mean(share))


def ranking_table(pool: Pool, encoder: MiniEncoder, labelled: Group) -> str:
    """Compare the rankings on 16 texts, and on every label."""
    named = zip(texts(encoder, list(QUERIES)), QUERIES.values(), strict=True)
    sixteen = [Question(vector, "text", frozenset(), labels) for vector, labels in named]
    shipped, sample = encoder.background, sample_of(pool)
    both = Calibration(shipped, sample)
    answers: dict[str, Answer] = {
        f'"{name}"': partial(recalled, calibration=both, ranking=name)
        for name in ("raw", "centred", "z", "rrf", "dbsf")
    }
    answers['"centred", from the store\'s similarities alone'] = partial(
        recalled, calibration=both, exact=False
    )
    answers['"centred", without a sample'] = partial(
        recalled, calibration=Calibration(shipped, Sample.EMPTY)
    )
    answers['"centred", without shipped statistics'] = partial(
        recalled, calibration=Calibration(None, sample)
    )
    rows = []
    for name, answer in answers.items():
        few = ranking_figures(pool, sixteen, answer)
        many = ranking_figures(pool, labelled.questions, answer)
        rows.append([name, *(f"{figure:.3f}" for figure in (*few, *many))])
    return markdown(
        [
            "ranking",
            "16 texts: precision@10",
            "relevant modalities found",
            f"{len(labelled.questions)} labels: precision@10",
            "relevant modalities found",
        ],
        rows,
    )


@dataclass(frozen=True, eq=False)
class Answers:
    """All hits of all questions in all pools; each array has an entry for each hit."""

    judged: Judged
    beyond: NDArray[np.float64]  # standard deviations beyond the luckiest unrelated record
    no_luck: NDArray[np.float64]  # probability that no unrelated record is as good
    size: NDArray[np.int64]
    group: NDArray[np.int64]
    rank: NDArray[np.int64]
    fitting: NDArray[np.bool_]  # hits of the questions that the constants were fitted to


def answers_of(
    dev: dict[str, Dev],
    asked: Sequence[Group],
    background: Background | None,
    *,
    at_least: int = 0,
) -> Answers:
    """Ask every question in every pool, and weigh hits so that sizes and groups count the same."""
    table = []
    for size, pool in pools(dev, at_least=at_least):
        calibration = Calibration(background, sample_of(pool))
        for number, group in enumerate(asked):
            for place, question in enumerate(group.questions):
                hits = recalled(pool, question, calibration=calibration)
                for rank, hit in enumerate(hits):
                    right = question.means(hit.label)
                    beyond = hit.deviate - median_of_maximum(hit.points)
                    no_luck = exp(hit.points * log_cdf(hit.deviate))
                    where = (size, number, rank, place % 2 == 0)
                    table.append((hit.confidence, right, beyond, no_luck, *where))
    confidence, right, beyonds, no_lucks, sizes, group, ranks, fitting = np.array(table).T
    cells = np.unique(np.stack([sizes, group]), axis=1, return_inverse=True, return_counts=True)
    weight = 1 / cells[2][cells[1].ravel()]
    judged = Judged(confidence, right > 0, weight)
    return Answers(judged, beyonds, no_lucks, sizes, group, ranks, fitting > 0)


def confidence_table(answers: Answers, alone: Answers, asked: Sequence[Group]) -> str:
    """Judge confidence by the questions that it was not fitted to."""
    others = ~answers.fitting
    masks = {"all questions": others, "all questions, first hits": others & (answers.rank == 0)}
    for size in np.unique(answers.size):
        masks[f"{int(size)} records"] = others & (answers.size == size)
    for number, group in enumerate(asked):
        masks[f"asked by {group.name}"] = others & (answers.group == number)
    parts = {name: answers.judged.where(mask) for name, mask in masks.items()}
    by_luck = Judged(answers.no_luck, answers.judged.right, answers.judged.weight)
    parts["all questions, by luck alone: `Φ(z')^n`"] = by_luck.where(others)
    unshipped = f"without shipped statistics, {ENOUGH} records and more"
    parts[unshipped] = alone.judged.where(~alone.fitting)
    parts[f"{unshipped}, {asked[0].name}"] = alone.judged.where(~alone.fitting & (alone.group == 0))
    rows = []
    for name, part in parts.items():
        stated = np.average(part.confidence, weights=part.weight)
        true = np.average(part.right, weights=part.weight)
        figures = (stated, true, part.calibration_error(), part.brier(), part.separation())
        rows.append([name, str(len(part.right)), *(_shown(figure) for figure in figures)])
    columns = ["hits", "number", "mean confidence", "share right", "ECE", "Brier", "AUC"]
    return markdown(columns, rows)


def _shown(figure: float) -> str:
    return "" if np.isnan(figure) else f"{figure:.3f}"


def notes(answers: Answers, asked: Sequence[Group]) -> str:
    """Say which constants a new fit gives, and how often nonsense finds something."""
    fitting = answers.fitting
    judged = answers.judged.where(fitting)
    even, steepness = fitted(answers.beyond[fitting], judged.right, judged.weight)
    nonsense = [group.name for group in asked].index("text: no answer")
    first = (answers.group == nonsense) & (answers.rank == 0)
    believed = float((answers.judged.confidence[first] > 0.5).mean())
    return (
        f"A new fit to the first half of these questions puts a confidence of 0.5 at {even:.2f}"
        f" standard deviations beyond the luckiest, with a steepness of {steepness:.2f}.\n"
        f"Of the questions without an answer, {believed:.1%} find a hit of more than 0.5.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    arguments = parser.parse_args()
    encoder = MiniEncoder()
    dev = {modality: Dev.read(encoder, arguments.pack, modality) for modality in MODALITIES}
    asked = list(groups(encoder, dev))
    *_, (_, everything) = pools(dev)
    ranking = ranking_table(everything, encoder, asked[0])
    answers = answers_of(dev, asked, encoder.background)
    alone = answers_of(dev, asked, None, at_least=ENOUGH)
    text = f"{ranking}\n\n{confidence_table(answers, alone, asked)}\n\n{notes(answers, asked)}"
    print(text)
    TABLE.write_text(f"{HEADING}\n{text}", encoding="utf-8")
    held_out = answers.judged.where(~answers.fitting)
    diagram(held_out, DIAGRAM, title="Reliability: dev splits, questions not fitted to")


if __name__ == "__main__":
    main()
