"""Measure the background statistics: `python -m training.background --pack PACK`.

Percepts of the pack's train split are encoded; any two of them with different labels count as
unrelated.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sensorium.encoders.arithmetic import normalise
from sensorium.mini import MiniEncoder
from sensorium.mini.background import CENTRE, PAIR
from sensorium.percepts import Percept, Text
from training.class_names import HERE, read_names
from training.pack import read_rows
from training.percepts import percept_of
from training.release import write_tower

SEED = 0
COUNT = 400  # percepts of each modality at most
NOTES = (
    "my keys are on the table",
    "the meeting was moved to Friday",
    "a recipe with onions and tomatoes",
    "the train was twenty minutes late",
    "he plays chess with his grandfather",
    "remember to water the plants",
    "we watched the sunset from the roof",
    "the printer is out of paper",
)
SAMPLED = ("image", "audio", "thermal", "depth", "imu")
SOURCES = ("the pack's train split; names and notes for text",)


def sampled(pack: Path) -> dict[str, tuple[list[Percept], list[str]]]:
    """Draw percepts of each modality with their labels, in equal parts from each data set."""
    random = np.random.default_rng(SEED)
    drawn: dict[str, tuple[list[Percept], list[str]]] = {}
    for modality in SAMPLED:
        rows = read_rows(pack, modality, "train")
        sources = sorted({row.source for row in rows})
        chosen = []
        for source in sources:
            part = [row for row in rows if row.source == source]
            share = min(len(part), COUNT // len(sources))
            chosen += [part[i] for i in random.permutation(len(part))[:share]]
        drawn[modality] = [percept_of(row) for row in chosen], [row.label for row in chosen]
    things = [row[0] for row in read_names(HERE / "imagenet.tsv")][::5]
    sounds = [row[1] for row in read_names(HERE / "sounds.tsv")][::3]
    texts = [*things, *sounds, *NOTES]
    drawn["text"] = [Text(text) for text in texts], texts
    return drawn


def measured(
    vectors: dict[str, NDArray[np.float32]], labels: dict[str, list[str]]
) -> dict[str, torch.Tensor]:
    """Return the tensors of the file: centres, and five numbers for each pair of modalities."""
    centres = {name: rows.mean(0) for name, rows in vectors.items()}
    centred = {name: normalise(rows - centres[name]) for name, rows in vectors.items()}
    tensors = {CENTRE + name: torch.from_numpy(mean) for name, mean in centres.items()}
    used = {name: rows.any(axis=0) for name, rows in vectors.items()}  # dimensions
    for asked, stored in product(vectors, repeat=2):
        unrelated = np.array(labels[asked])[:, None] != np.array(labels[stored])
        raw = (vectors[asked] @ vectors[stored].T)[unrelated]
        even = (centred[asked] @ centred[stored].T)[unrelated]
        # Only modalities with an appearance use its dimensions; the others have zeros there.
        both = used[asked] & used[stored]
        lengths = [
            np.linalg.norm(centred[name][:, both], axis=1).mean() for name in (asked, stored)
        ]
        numbers = [raw.mean(), raw.std(), even.mean(), even.std(), lengths[0] * lengths[1]]
        tensors[f"{PAIR}{asked}/{stored}"] = torch.tensor(numbers, dtype=torch.float32)
    return tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    arguments = parser.parse_args()
    encoder = MiniEncoder()
    drawn = sampled(arguments.pack)
    vectors = {name: encoder.embed(percepts) for name, (percepts, _) in drawn.items()}
    labels = {name: words for name, (_, words) in drawn.items()}
    vectors["video"], labels["video"] = vectors["image"], labels["image"]  # they share a tower
    tensors = measured(vectors, labels)
    counts = {name: len(rows) for name, rows in vectors.items()}
    write_tower(
        "background",
        tensors,
        licence="Apache-2.0",
        sources=SOURCES,
        training={"seed": SEED, **counts},
    )
    for asked in ("text", "image"):
        shown = {s: tensors[f"{PAIR}{asked}/{s}"].numpy().round(3).tolist() for s in vectors}
        print(asked, shown)


if __name__ == "__main__":
    main()
