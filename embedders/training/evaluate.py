"""Measure the encoder on the pack's dev splits: `python -m training.evaluate --pack PACK`.

Only the public interface is used. The table is kept in
`embedders/sensorium/mini/weights/EVALUATION.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import FewShotProbe
from sensorium.mini import MiniEncoder
from sensorium.mini.manifest import DIRECTORY
from sensorium.percepts import Text
from training.pack import Row, read_rows
from training.percepts import percept_of

Vectors = NDArray[np.float32]
SHOTS = 5  # examples of each class for the few-shot probe
SEEDS = 5  # draws of the few-shot examples
LIMIT = 10  # hits looked at in the mixed pool
QUERIES = {  # each text, and the labels that it should find
    "a dog": ("dog bark", "dog", "dalmatian"),
    "a rooster": ("rooster", "rooster crowing"),
    "a helicopter": ("helicopter",),
    "fire": ("fire crackling",),
    "rain": ("rain",),
    "someone walking": ("walking", "walking upstairs", "walking downstairs"),
    "someone running": ("jogging",),
    "a person": ("person", "face"),
    "a car": ("car", "car side", "sedan", "sports car"),
    "a cup": ("cup", "mug", "coffee cup"),
    "a chair": ("chair", "windsor chair"),
    "an airplane": ("airplane",),
    "a baby crying": ("baby crying",),
    "a cheetah": ("cheetah", "leopard"),
    "sea waves": ("sea waves",),
    "an apple": ("apple", "Granny Smith", "red apple"),
}


class Dev:
    """The dev percepts of one modality, encoded."""

    def __init__(self, encoder: MiniEncoder, pack: Path, modality: str) -> None:
        self.modality = modality
        self.rows = read_rows(pack, modality, "dev", "dev_unseen")
        self.vectors = encoder.embed([percept_of(row) for row in self.rows])

    def of(self, source: str, *splits: str) -> tuple[Vectors, list[str]]:
        """Return the vectors and labels of one data set."""
        keep = [
            index
            for index, row in enumerate(self.rows)
            if row.source.startswith(source) and row.split in (splits or ("dev", "dev_unseen"))
        ]
        return self.vectors[keep], [self.rows[index].label for index in keep]


def named(
    encoder: MiniEncoder, found: tuple[Vectors, list[str]], names: Sequence[str], template: str
) -> tuple[float, float]:
    """Return how often the right name comes first, and how often among the first five."""
    vectors, labels = found
    asked = encoder.embed([Text(template.format(name)) for name in names])
    order = np.argsort(-(vectors @ asked.T), axis=1)
    right = np.array([list(names).index(label) for label in labels])
    place = (order == right[:, None]).argmax(1)
    return float((place < 1).mean()), float((place < 5).mean())


def alike(found: tuple[Vectors, list[str]]) -> float:
    """Return how often the nearest other percept has the same label."""
    vectors, labels = found
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -1)
    nearest = scores.argmax(1)
    return float(np.mean([labels[i] == labels[j] for i, j in enumerate(nearest)]))


def few_shot(encoder: MiniEncoder, taught: list[Row], asked: list[Row]) -> float:
    """Return the accuracy on `asked` of a probe with a few examples of each label of `taught`."""
    percepts = [percept_of(row) for row in asked]
    scores = []
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(len(taught))
        drawn: dict[str, list[Row]] = {}
        for index in order:
            drawn.setdefault(taught[index].label, []).append(taught[index])
        shown = [row for rows in drawn.values() for row in rows[:SHOTS]]
        probe = FewShotProbe(encoder)
        probe.fit([percept_of(row) for row in shown], [row.label for row in shown])
        best = probe.predict(percepts)
        scores.append(np.mean([p == row.label for p, row in zip(best, asked, strict=True)]))
    return float(np.mean(scores))


def mixed(encoder: MiniEncoder, dev: Sequence[Dev], *, centred: bool) -> tuple[float, float]:
    """Search all modalities at once by text.

    Returns:
        Precision at 10 (at as many hits as are relevant, if those are fewer); and of the modalities
        with relevant percepts, the share from which a relevant one is found.
    """
    precision, coverage = [], []
    for text, wanted in QUERIES.items():
        asked = encoder.embed([Text(text)])
        scores = []
        for part in dev:
            if centred:
                pair = ("text", part.modality)
                row = encoder.background.scores(asked, part.vectors, modalities=pair)[0]
            else:
                row = (asked @ part.vectors.T)[0]
            hits = [r.label in wanted for r in part.rows]
            scores += [(s, part.modality, h) for s, h in zip(row, hits, strict=True)]
        relevant = {modality for _, modality, hit in scores if hit}
        best = sorted(scores, key=lambda item: -item[0])[:LIMIT]
        possible = min(LIMIT, sum(hit for _, _, hit in scores))
        if possible:
            precision.append(sum(hit for _, _, hit in best) / possible)
            coverage.append(len({m for _, m, hit in best if hit}) / len(relevant))
    return float(np.mean(precision)), float(np.mean(coverage))


def figures(encoder: MiniEncoder, pack: Path) -> list[tuple[str, str, str]]:
    """Return the rows of the table: task, figures, and what they were measured on."""
    image, audio, thermal, depth, imu = dev = [
        Dev(encoder, pack, modality) for modality in ("image", "audio", "thermal", "depth", "imu")
    ]
    table: list[tuple[str, str, str]] = []

    def add(task: str, *numbers: float, on: str) -> None:
        table.append((task, " / ".join(f"{number:.3f}" for number in numbers), on))

    caltech = sorted({row.label for row in read_rows(pack, "image") if row.source == "caltech101"})
    for split in ("dev", "dev_unseen"):
        found = image.of("caltech101", split)
        top = named(encoder, found, caltech, "a photo of a {}")
        add(
            f"Caltech-101 {split}: top-1 / top-5", *top, on=f"{len(found[1])}, {len(caltech)} names"
        )
    found = image.of("Grocery")
    groceries = sorted(set(found[1]))
    top = named(encoder, found, groceries, "a photo of a {}")
    add("Grocery dev: top-1 / top-5", *top, on=f"{len(found[1])}, {len(groceries)} names")
    found = image.of("caltech101")
    add("image to image: same class first", alike(found), on=f"{len(found[1])} Caltech")
    found = audio.of("ESC-10")
    sounds = sorted(set(found[1]))
    for template in ("the sound of {}", "{}"):
        top = named(encoder, found, sounds, template)
        add(
            f'ESC-10 fold 4, zero-shot, "{template}": top-1',
            top[0],
            on=f"{len(found[1])}, 10 names",
        )
    for source in ("MotionSense", "GeoTec", "seglearn"):
        found = imu.of(source)
        activities = sorted(set(found[1]))
        top = named(encoder, found, activities, "a person {}")
        add(f"{source} dev: top-1", top[0], on=f"{len(found[1])}, {len(activities)} names")
        asked = [row for row in imu.rows if row.source.startswith(source)]
        taught = [r for r in read_rows(pack, "imu", "train") if r.source.startswith(source)]
        probe = few_shot(encoder, taught, asked)
        add(
            f"{source} dev: probe, {SHOTS} examples a class",
            probe,
            on=f"{len(asked)}, {SEEDS} draws",
        )
    found = thermal.of("")
    seen = sorted(set(found[1]))
    top = named(encoder, found, seen, "thermal image of a {}")
    add("thermal dev: top-1", top[0], on=f"{len(found[1])}, {len(seen)} names")
    things = sorted({row.label for row in read_rows(pack, "depth")})
    found = depth.of("")
    top = named(encoder, found, things, "a {}")
    add("depth, unseen models: top-1 / top-5", *top, on=f"{len(found[1])}, {len(things)} names")
    pool = sum(len(part.rows) for part in dev)
    for centred in (False, True):
        both = mixed(encoder, dev, centred=centred)
        how = "centred" if centred else "raw cosine"
        add(
            f"mixed pool, {how}: precision@10 / modalities",
            *both,
            on=f"{pool}, {len(QUERIES)} texts",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DIRECTORY / "EVALUATION.md")
    arguments = parser.parse_args()
    table = figures(MiniEncoder(), arguments.pack)
    lines = [
        "| task | figure | on |",
        "|---|---|---|",
        *("| " + " | ".join(r) + " |" for r in table),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    note = "Written by `python -m training.evaluate`: the pack's dev splits, one run.\n\n"
    arguments.out.write_text(f"# sensorium-mini, measured\n\n{note}{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
