"""The precision of recall over all modalities, with every ranking.

    python benchmarks/recall.py --pack PACK      # minutes; rewrites recall.md

Each file of the pack's dev splits is a record, and no dev file was used for training. Questions are
texts. `confidence.py` judges confidence.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from pool import LIMIT, Answer, Kept, Pool, Question, Vectors, recalled, sample_of, words_of
from tables import markdown

from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.sample import Sample
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text
from training.evaluate import QUERIES
from training.pack import read_rows
from training.percepts import percept_of

HERE = Path(__file__).parent
TABLE = HERE / "recall.md"
MODALITIES = ("image", "audio", "thermal", "depth", "imu")
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


def texts(encoder: MiniEncoder, words: Sequence[str]) -> list[Vectors]:
    """Return a vector for each text."""
    return list(encoder.embed([Text(text) for text in words]))


def labelled(encoder: MiniEncoder, dev: dict[str, Dev]) -> list[Question]:
    """Ask for every label, by text."""
    labels = sorted({label for part in dev.values() for label in part.labels})
    asked = zip(texts(encoder, labels), labels, strict=True)
    return [Question(vector, "text", words_of(label)) for vector, label in asked]


def pool_of(dev: dict[str, Dev]) -> Pool:
    """Put all dev files into one pool."""
    return {
        modality: Kept.of(part.stacks, part.labels, range(len(part.labels)))
        for modality, part in dev.items()
    }


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


def ranking_table(pool: Pool, encoder: MiniEncoder, asked: Sequence[Question]) -> str:
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
        many = ranking_figures(pool, asked, answer)
        rows.append([name, *(f"{figure:.3f}" for figure in (*few, *many))])
    return markdown(
        [
            "ranking",
            "16 texts: precision@10",
            "relevant modalities found",
            f"{len(asked)} labels: precision@10",
            "relevant modalities found",
        ],
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    arguments = parser.parse_args()
    encoder = MiniEncoder()
    dev = {modality: Dev.read(encoder, arguments.pack, modality) for modality in MODALITIES}
    text = ranking_table(pool_of(dev), encoder, labelled(encoder, dev))
    print(text)
    TABLE.write_text(f"{HEADING}\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
