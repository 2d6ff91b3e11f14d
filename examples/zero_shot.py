"""Name every sample of the package, in every sense, and find the notes' samples across senses.

Each sample is named among the plain names of its own sense, which come from the files: the encoder
is given only pixels, samples or motion, and the words. Nothing is downloaded.

This shows how naming works, not how well: all samples but the photos are training data of
sensorium-mini, and the photos come from the set its settings were chosen on. For what it does with
data it never met, see EVALUATION.md beside its weights.
"""

from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from sensorium.encoders import Encoder, ZeroShotClassifier
from sensorium.mini import MiniEncoder, open_mini
from sensorium.percepts import Percept, Text
from sensorium.samples import FOLDER, notes, sample

FOUND = 2  # samples shown for each note
TEMPLATES = {  # by what the names of the samples begin with
    "photo": "a photo of a {}",
    "sound": "the sound of {}",
    "thermal": "thermal image of a {}",
    "depth": "a {}",
    "imu": "a person {}",
}


class Sample(NamedTuple):
    """A percept and what it is."""

    file: str
    name: str
    percept: Percept


def samples(kind: str) -> list[Sample]:
    """Read the files of one kind; `photo_wild_cat.jpg` is named "wild cat"."""
    return [
        Sample(path.name, path.stem.partition("_")[2].replace("_", " "), sample(path.stem))
        for path in sorted(FOLDER.glob(f"{kind}_*"))
    ]


def name_all(encoder: Encoder, kind: str, table: Table) -> tuple[int, int]:
    """Name the samples of one kind: how many are right, of how many."""
    known = samples(kind)
    classifier = ZeroShotClassifier(encoder, [x.name for x in known], [TEMPLATES[kind]])
    right = 0
    for known_sample, guesses in zip(
        known, classifier.classify([x.percept for x in known]), strict=True
    ):
        correct = guesses[0].label == known_sample.name
        mark = "right" if correct else "[bold]wrong[/]"
        score = f"{guesses[0].similarity:.2f}"
        table.add_row(known_sample.file, known_sample.name, guesses[0].label, score, mark)
        right += correct
    table.add_section()
    return right, len(known)


def nearest_to_notes(encoder: MiniEncoder) -> Table:
    """Find samples for each note, on the one scale that the encoder's background gives."""
    texts = [Text(note) for note in notes()]
    asked, files, scores = encoder.embed(texts), [], []
    for shown in (each for kind in TEMPLATES for each in samples(kind)):
        stored, pair = encoder.embed([shown.percept]), ("text", shown.percept.modality)
        files.append(shown.file)
        scores.append(encoder.background.scores(asked, stored, modalities=pair)[:, 0])
    table = Table("note", "nearest samples of all senses")
    for note, row in zip(texts, np.stack(scores, axis=1), strict=True):  # (notes, samples)
        table.add_row(note.text, ", ".join(files[i] for i in np.argsort(-row)[:FOUND]))
    return table


def main() -> None:
    encoder, console = open_mini(), Console(width=100)
    table = Table("file", "what it is", "first guess", "cosine", "")
    counts = {kind: name_all(encoder, kind, table) for kind in TEMPLATES}
    console.print(table)
    for kind, (right, total) in counts.items():
        print(f"{kind:8} {right:2} right, {total - right} wrong of {total}")
    print(f"all      {sum(r for r, _ in counts.values())} of {sum(t for _, t in counts.values())}")
    print("All but the photos are training data: a demonstration, not a measurement.")

    console.print(nearest_to_notes(encoder))


if __name__ == "__main__":
    main()
