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
from sensorium.percepts import Image, Text
from training.off_centre import SHAPES, at_an_end, beside
from training.pack import Row, read_rows
from training.percepts import percept_of
from training.table import Table, read_table

Vectors = NDArray[np.float32]
SHOTS = 5  # examples of each class for the few-shot probe
SEEDS = 5  # draws of the few-shot examples
LIMIT = 10  # hits looked at in the mixed pool
NOTE = """Written by `python -m training.evaluate`: the pack's dev splits, one run. Intervals are
Wilson's, of the number of tries; those of the mixed pool take its texts as tries.
"""
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


def add_pictures(table: Table, encoder: MiniEncoder, image: Dev, pack: Path) -> None:
    """Name pictures, and find others of their kind."""
    caltech = sorted({row.label for row in read_rows(pack, "image") if row.source == "caltech101"})
    names = f"{len(caltech)} names"
    for split in ("dev", "dev_unseen"):
        found = image.of("caltech101", split)
        top = named(encoder, found, caltech, "a photo of a {}")
        table.add(f"Caltech-101 {split}: top-1 / top-5", *top, count=len(found[1]), on=names)
    found = image.of("Grocery")
    groceries = sorted(set(found[1]))
    top = named(encoder, found, groceries, "a photo of a {}")
    on = f"{len(groceries)} names"
    table.add("Grocery dev: top-1 / top-5", *top, count=len(found[1]), on=on)
    found = image.of("caltech101")
    task = "image to image: same class first"
    table.add(task, alike(found), count=len(found[1]), on="Caltech-101")
    add_off_centre(table, encoder, caltech, image)


def add_off_centre(table: Table, encoder: MiniEncoder, names: list[str], image: Dev) -> None:
    """Name things at an end of pictures of several shapes, and two things beside each other."""
    rows = [row for row in image.rows if row.source == "caltech101"]
    pictures = [Image(row.path).picture() for row in rows]
    labels = [row.label for row in rows]
    for shape in SHAPES:
        random = np.random.default_rng(0)
        made = [Image(at_an_end(picture, shape, random)) for picture in pictures]
        top = named(encoder, (encoder.embed(made), labels), names, "a photo of a {}")
        task = f"at an end of {shape[0]}:{shape[1]}: top-1 / top-5"
        table.add(task, *top, count=len(rows), on=f"Caltech-101 dev, {len(names)} names")
    others = np.roll(np.random.default_rng(0).permutation(len(rows)), 1).tolist()
    made = [Image(beside(p, pictures[o])) for p, o in zip(pictures, others, strict=True)]
    vectors = encoder.embed(made)
    asked = encoder.embed([Text(f"a photo of a {name}") for name in names])
    place = np.argsort(np.argsort(-(vectors @ asked.T), axis=1), axis=1)  # of each name
    pairs = [(labels[i], labels[o]) for i, o in enumerate(others)]
    worst = np.array([max(place[i, names.index(x)] for x in p) for i, p in enumerate(pairs)])
    top = float((worst < 2).mean()), float((worst < 5).mean())
    table.add("two side by side: both in the first 2 / 5", *top, count=len(rows), on="the same")


def add_motion(table: Table, encoder: MiniEncoder, imu: Dev, pack: Path) -> None:
    """Name motion by words, and by a few examples."""
    for source in ("MotionSense", "GeoTec", "seglearn"):
        found = imu.of(source)
        activities = sorted(set(found[1]))
        [top, _] = named(encoder, found, activities, "a person {}")
        count, on = len(found[1]), f"{len(activities)} names"
        table.add(f"{source} dev: top-1", top, count=count, on=on)
        asked = [row for row in imu.rows if row.source.startswith(source)]
        taught = [r for r in read_rows(pack, "imu", "train") if r.source.startswith(source)]
        probe = few_shot(encoder, taught, asked)
        task = f"{source} dev: probe, {SHOTS} examples a class"
        table.add(task, probe, count=count, on=f"mean of {SEEDS} draws")


def figures(encoder: MiniEncoder, pack: Path) -> Table:
    """Measure every modality, and all together."""
    image, audio, thermal, depth, imu = dev = [
        Dev(encoder, pack, modality) for modality in ("image", "audio", "thermal", "depth", "imu")
    ]
    table = Table()
    add_pictures(table, encoder, image, pack)
    found = audio.of("ESC-10")
    sounds = sorted(set(found[1]))
    for template in ("the sound of {}", "{}"):
        [top, _] = named(encoder, found, sounds, template)
        task = f'ESC-10 fold 4, zero-shot, "{template}": top-1'
        table.add(task, top, count=len(found[1]), on="10 names")
    add_motion(table, encoder, imu, pack)
    found = thermal.of("")
    seen = sorted(set(found[1]))
    [top, _] = named(encoder, found, seen, "thermal image of a {}")
    table.add("thermal dev: top-1", top, count=len(found[1]), on=f"{len(seen)} names")
    things = sorted({row.label for row in read_rows(pack, "depth")})
    found = depth.of("")
    both = named(encoder, found, things, "a {}")
    task = "depth, unseen models: top-1 / top-5"
    table.add(task, *both, count=len(found[1]), on=f"{len(things)} names")
    pool = sum(len(part.rows) for part in dev)
    for centred in (False, True):
        both = mixed(encoder, dev, centred=centred)
        task = f"mixed pool, {'centred' if centred else 'raw cosine'}: precision@10 / modalities"
        table.add(task, *both, count=len(QUERIES), on=f"texts, among {pool}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DIRECTORY / "EVALUATION.md")
    parser.add_argument("--before", type=Path, help="an earlier table, shown beside")
    arguments = parser.parse_args()
    before = read_table(arguments.before) if arguments.before else {}
    text = "\n".join(figures(MiniEncoder(), arguments.pack).lines(before)) + "\n"
    print(text)
    old = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    _, heading, sections = old.partition("\n## ")  # of other scripts, see `training.sections`
    whole = f"# sensorium-mini, measured\n\n{NOTE}\n{text}{heading}{sections}"
    arguments.out.write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()
