"""The lists: media by package and file, notes, and questions with the records that answer them."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sensorium.percepts import Audio, Image, Percept, Text
from sensorium.samples import sample

HERE = Path(__file__).parent
OURS = "sensorium"  # the package whose media are always there
FOLDER = "SENSORIUM_EVERYDAY"  # environment variable: where the other packages were unpacked
SOUND = "sound_"


@dataclass(frozen=True)
class Medium:
    """A photo or a sound of a package.

    Attributes:
        id: Id of its record.
        package: Name of the package that carries it.
        file: Path in the package, or its end; of our own, the name of the sample.
        content: What it shows, for people.
        seen: Whether the encoder learned it: `"learned"`, `"chosen on"` (settings were), or `"no"`.
        sha256: Digest of the file.
    """

    id: str
    package: str
    file: str
    content: str
    seen: str
    sha256: str

    def read(self, folder: Path | None) -> Percept | None:
        """Return the percept; None where its package is not in the folder.

        Raises:
            ValueError: The file is another one than was listed.
        """
        if self.package == OURS:
            return sample(Path(self.file).stem)
        found = next(folder.rglob(self.file), None) if folder else None
        if found is None:
            return None
        if hashlib.sha256(found.read_bytes()).hexdigest() != self.sha256:
            raise ValueError(f"{found} is not the file that was listed")
        return Audio(found) if self.id.startswith(SOUND) else Image(found)


@dataclass(frozen=True)
class Question:
    """A question and the ids of the records that answer it; none, if nothing does."""

    language: str
    text: str
    right: tuple[str, ...]

    @property
    def about(self) -> str:
        """What is asked for: `"photos"`, `"sounds"` or `"notes"`."""
        if self.right[0] in notes():
            return "notes"
        return "sounds" if self.right[0].startswith(SOUND) else "photos"


def media() -> list[Medium]:
    """Return the media in their order."""
    return [Medium(**row) for row in _rows("media.tsv")]


def notes() -> dict[str, str]:
    """Return the notes by their ids."""
    return {row["id"]: row["text"] for row in _rows("notes.tsv")}


def questions() -> list[Question]:
    """Return the questions in their order; those that nothing answers come last."""
    rows = _rows("questions.tsv")
    return [Question(row["language"], row["question"], (*row["right"].split(),)) for row in rows]


def folder() -> Path | None:
    """Return the folder of the unpacked packages, if one was named."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else None


def percepts(folder: Path | None) -> dict[str, Percept]:
    """Return what can be remembered on this machine: our own media and the notes always can."""
    read = {medium.id: medium.read(folder) for medium in media()}
    found = {name: percept for name, percept in read.items() if percept is not None}
    return {**found, **{name: Text(text) for name, text in notes().items()}}


def answerable(asked: Sequence[Question], stored: Sequence[str]) -> list[Question]:
    """Return the questions that something answers among what is stored."""
    return [question for question in asked if {*question.right} & {*stored}]


def _rows(file: str) -> list[dict[str, str]]:
    with (HERE / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
