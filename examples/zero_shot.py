"""Name every sample in examples/media, in every sense, and find the notes' samples across senses.

Each sample is named among the plain names of its own sense, which come from the files: the encoder
is given only pixels, samples or motion, and the words. Nothing is downloaded.

This shows how naming works, not how well: all samples but the photos are training data of
sensorium-mini, and the photos come from the set its settings were chosen on. For what it does with
data it never met, see EVALUATION.md beside its weights.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from sensorium.encoders import Encoder, ZeroShotClassifier
from sensorium.mini import MiniEncoder, open_mini
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal

MEDIA = Path(__file__).parent / "media"
COLOURED = {"dog", "person"}  # thermal pictures in the colours of a Seek camera
FOUND = 2  # samples shown for each note


def thermal(path: Path) -> Thermal:
    """A display picture, hot shown white or in the camera's palette."""
    coloured = path.stem.partition("_")[2] in COLOURED
    return Thermal(path, unit="white-hot", palette="spectra" if coloured else None)


def depth(path: Path) -> Depth:
    """Millimetres; the camera's focal length is not known."""
    return Depth(path, unit="mm", fx="assume-60deg")


def motion(path: Path) -> IMU:
    """A phone's recording: (T, 6), m/s^2 with gravity and rad/s."""
    with np.load(path) as recording:
        return IMU(recording["data"], rate=float(recording["fs"]), accel="m/s^2", gyro="rad/s")


class Sense(NamedTuple):
    """How files of one kind are read, and asked about."""

    read: Callable[[Path], Percept]
    template: str


SENSES = {  # by what the names of the files begin with
    "photo": Sense(Image, "a photo of a {}"),
    "sound": Sense(Audio, "the sound of {}"),
    "thermal": Sense(thermal, "thermal image of a {}"),
    "depth": Sense(depth, "a {}"),
    "imu": Sense(motion, "a person {}"),
}


class Sample(NamedTuple):
    """A percept and what it is."""

    file: str
    name: str
    percept: Percept


def samples(kind: str) -> list[Sample]:
    """Read the files of one kind; `photo_wild_cat.jpg` is named "wild cat"."""
    return [
        Sample(path.name, path.stem.partition("_")[2].replace("_", " "), SENSES[kind].read(path))
        for path in sorted(MEDIA.glob(f"{kind}_*"))
    ]


def name_all(encoder: Encoder, kind: str, table: Table) -> tuple[int, int]:
    """Name the samples of one kind: how many are right, of how many."""
    known = samples(kind)
    classifier = ZeroShotClassifier(encoder, [x.name for x in known], [SENSES[kind].template])
    right = 0
    for sample, guesses in zip(known, classifier.classify([x.percept for x in known]), strict=True):
        correct = guesses[0].label == sample.name
        mark = "right" if correct else "[bold]wrong[/]"
        score = f"{guesses[0].similarity:.2f}"
        table.add_row(sample.file, sample.name, guesses[0].label, score, mark)
        right += correct
    table.add_section()
    return right, len(known)


def nearest_to_notes(encoder: MiniEncoder) -> Table:
    """Find samples for each note, on the one scale that the encoder's background gives."""
    notes = [Text(note) for note in json.loads((MEDIA / "texts.json").read_text(encoding="utf-8"))]
    asked, files, scores = encoder.embed(notes), [], []
    for sample in (sample for kind in SENSES for sample in samples(kind)):
        stored, pair = encoder.embed([sample.percept]), ("text", sample.percept.modality)
        files.append(sample.file)
        scores.append(encoder.background.scores(asked, stored, modalities=pair)[:, 0])
    table = Table("note", "nearest samples of all senses")
    for note, row in zip(notes, np.stack(scores, axis=1), strict=True):  # (notes, samples)
        table.add_row(note.text, ", ".join(files[i] for i in np.argsort(-row)[:FOUND]))
    return table


def main() -> None:
    encoder, console = open_mini(), Console(width=100)
    table = Table("file", "what it is", "first guess", "cosine", "")
    counts = {kind: name_all(encoder, kind, table) for kind in SENSES}
    console.print(table)
    for kind, (right, total) in counts.items():
        print(f"{kind:8} {right:2} right, {total - right} wrong of {total}")
    print(f"all      {sum(r for r, _ in counts.values())} of {sum(t for _, t in counts.values())}")
    print("All but the photos are training data: a demonstration, not a measurement.")

    console.print(nearest_to_notes(encoder))


if __name__ == "__main__":
    main()
