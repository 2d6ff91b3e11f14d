"""Name every sample of the package, and find the samples that are nearest to some notes.

The encoder chooses a name for each sample from the names of all samples of the same kind. The names
come from the files; the encoder gets only the content and the words. Nothing is downloaded.

This shows how naming works, not how well: all samples except the photos are training data of
sensorium-mini, and the photos come from the set on which its settings were chosen. EVALUATION.md
beside its weights has the figures for data that it had never met.
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
TEMPLATES = {  # a sentence for each kind of sample
    "photo": "a photo of a {}",
    "sound": "the sound of {}",
    "thermal": "thermal image of a {}",
    "depth": "a {}",
    "imu": "a person {}",
}


class Sample(NamedTuple):
    """A percept, its file and its right name."""

    file: str
    name: str
    percept: Percept


def samples(kind: str) -> list[Sample]:
    """Return the samples of one kind; the name of `photo_wild_cat.jpg` is "wild cat"."""
    return [
        Sample(path.name, path.stem.partition("_")[2].replace("_", " "), sample(path.stem))
        for path in sorted(FOLDER.glob(f"{kind}_*"))
    ]


def name_all(encoder: Encoder, kind: str, table: Table) -> tuple[int, int]:
    """Name the samples of one kind; return the number of right names, and of all."""
    known = samples(kind)
    names = [known_sample.name for known_sample in known]
    classifier = ZeroShotClassifier(encoder, names, [TEMPLATES[kind]])
    right = 0
    percepts = [known_sample.percept for known_sample in known]
    for known_sample, guesses in zip(known, classifier.classify(percepts), strict=True):
        correct = guesses[0].label == known_sample.name
        mark = "right" if correct else "[bold]wrong[/]"
        score = f"{guesses[0].similarity:.2f}"
        table.add_row(known_sample.file, known_sample.name, guesses[0].label, score, mark)
        right += correct
    table.add_section()
    return right, len(known)


def nearest_to_notes(encoder: MiniEncoder) -> Table:
    """Find the nearest samples for each note.

    The encoder's background statistics put the scores of all modalities on one scale.
    """
    texts = [Text(note) for note in notes()]
    queries, files, scores = encoder.embed(texts), [], []
    for candidate in (candidate for kind in TEMPLATES for candidate in samples(kind)):
        vector, pair = encoder.embed([candidate.percept]), ("text", candidate.percept.modality)
        files.append(candidate.file)
        scores.append(encoder.background.scores(queries, vector, modalities=pair)[:, 0])
    table = Table("note", "nearest samples of all kinds")
    for note, row in zip(texts, np.stack(scores, axis=1), strict=True):  # (notes, samples)
        table.add_row(note.text, ", ".join(files[i] for i in np.argsort(-row)[:FOUND]))
    return table


def main() -> None:
    encoder, console = open_mini(), Console(width=100)
    table = Table("file", "right name", "first guess", "cosine", "")
    counts = {kind: name_all(encoder, kind, table) for kind in TEMPLATES}
    console.print(table)
    for kind, (right, total) in counts.items():
        print(f"{kind:8} {right:2} right, {total - right} wrong of {total}")
    right, total = map(sum, zip(*counts.values(), strict=True))
    print(f"all      {right} of {total}")
    print("All except the photos are training data: a demonstration, not a measurement.")

    console.print(nearest_to_notes(encoder))


if __name__ == "__main__":
    main()
