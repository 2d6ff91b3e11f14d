"""Records of seven modalities and questions to them, in two halves, for `confidence.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from notes import ABSENT, ANSWERED, FILLERS, MOTIONS, SOUNDS, THINGS
from numpy.typing import NDArray
from PIL import Image as Pillow
from pool import words_of
from recall import MODALITIES, NONSENSE

from sensorium.encoders import normalise
from sensorium.mini import MiniEncoder
from sensorium.percepts import Image, Text
from training.pack import Row, read_rows
from training.percepts import percept_of

Vectors = NDArray[np.float32]
Words = frozenset[str]
FILMED = 240  # photos that become videos: no record shows them as a photo, too
FRAMES = (2, 3, 5, 8)  # frames of a scene
TWO_SCENES = 0.4  # share of the videos that have two scenes
JOINED = (4, 10)  # recordings in a long sound
LONG = 6  # long sounds of each half
OF_A_KIND = 8  # training recordings of one label at most
EACH = 60  # questions of each modality and half
GROUPS = ("text: a label", "text: a note", "text: no answer", "text: nothing alike")  # by text


@dataclass(frozen=True, eq=False)
class Record:
    """A record of one modality: its rows, what each row shows, and its half."""

    rows: Vectors
    shown: Sequence[Words]
    half: int


@dataclass(frozen=True, eq=False)
class Asked:
    """A question: its vector, what a right row shows, and the record that it was made of."""

    group: str
    modality: str
    vector: Vectors
    words: Words
    half: int
    itself: Record | None = None


class Halves:
    """Puts every second recording of a label into the other half, and labels, too.

    Labels that share a word stay together, so that no question of one half has the words of one of
    the other.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        """Divide labels."""
        self._seen: dict[tuple[str, str], int] = defaultdict(int)
        groups: list[tuple[Words, list[str]]] = []
        for label in sorted(labels):
            joined, apart = (words_of(label), [label]), []
            for words, members in groups:
                if words & joined[0]:
                    joined = (joined[0] | words, [*members, *joined[1]])
                else:
                    apart.append((words, members))
            groups = [*apart, joined]
        self._of_label: dict[str, int] = {}
        sizes = [0, 0]
        for _, members in sorted(groups, key=lambda group: (-len(group[1]), min(group[1]))):
            half = int(sizes[1] < sizes[0])
            sizes[half] += len(members)
            self._of_label |= dict.fromkeys(members, half)

    def of_label(self, label: str) -> int:
        """Return the half of a label, as a question."""
        return self._of_label[label]

    def next(self, modality: str, label: str) -> int:
        """Return the half of the next recording of a label."""
        self._seen[modality, label] += 1
        return (self._seen[modality, label] + len(label)) % 2


def records(encoder: MiniEncoder, pack: Path) -> tuple[dict[str, list[Record]], list[Asked]]:
    """Encode all records and questions; some minutes on one core."""
    draw = np.random.default_rng(3)
    rows = {name: read_rows(pack, name, "dev", "dev_unseen") for name in MODALITIES}
    rows["audio"] += _more_sounds(pack)
    filmed = [rows["image"][i] for i in draw.permutation(len(rows["image"]))[:FILMED]]
    rows["image"] = [row for row in rows["image"] if row not in filmed]
    labels = sorted({row.label for part in rows.values() for row in part})
    halves = Halves(sorted({*labels, *(row.label for row in filmed)}))
    found: dict[str, list[Record]] = {}
    for name, part in rows.items():
        stacks = [each.vectors for each in encoder.encode([percept_of(row) for row in part])]
        found[name] = [
            Record(stack, [words_of(row.label)] * len(stack), halves.next(name, row.label))
            for row, stack in zip(part, stacks, strict=True)
        ]
    found["video"] = list(_videos(encoder, filmed, halves, draw))
    found["text"] = list(_notes(encoder, rows, halves))
    questions = [*_by_text(encoder, labels, halves), *_by_percept(found)]
    for half in (0, 1):
        found["audio"] += _long_sounds([r for r in found["audio"] if r.half == half], draw)
    return found, questions


def _more_sounds(pack: Path) -> Iterator[Row]:
    """Yield training recordings of other kinds than those of the dev split.

    The sound tower was trained on them without their labels.
    """
    counts: dict[str, int] = defaultdict(int)
    for row in read_rows(pack, "audio", "train"):
        counts[row.label] += 1
        if not row.source.startswith("ESC") and counts[row.label] <= OF_A_KIND:
            yield row


def _videos(
    encoder: MiniEncoder, filmed: Sequence[Row], halves: Halves, draw: np.random.Generator
) -> Iterator[Record]:
    """Film photos: the camera moves over one, or over two of them in turn."""
    left = list(filmed)
    while left:
        scenes = [left.pop() for _ in range(1 + (draw.random() < TWO_SCENES)) if left]
        frames: list[Image] = []
        shown: list[Words] = []
        for row in scenes:
            count = int(draw.choice(FRAMES))
            frames += _frames(row, count, draw)
            shown += [words_of(row.label)] * count
        yield Record(encoder.embed(frames), shown, halves.next("video", scenes[0].label))


def _frames(row: Row, count: int, draw: np.random.Generator) -> Iterator[Image]:
    picture = np.asarray(Pillow.open(row.path).convert("RGB"))
    size = (np.array(picture.shape[:2]) * draw.uniform(0.6, 0.95)).astype(int)
    places = draw.integers(picture.shape[:2] - size + 1, size=(2, 2))
    for step in np.linspace(0, 1, count):
        top, left = (places[0] + (places[1] - places[0]) * step).astype(int)
        window = picture[top : top + size[0], left : left + size[1]].astype(np.float32)
        noisy = window * draw.uniform(0.85, 1.1) + draw.normal(0, 4, (*window.shape[:2], 1))
        yield Image(np.clip(noisy, 0, 255).astype(np.uint8))


def _notes(
    encoder: MiniEncoder, rows: Mapping[str, Sequence[Row]], halves: Halves
) -> Iterator[Record]:
    frames = {"audio": SOUNDS, "imu": MOTIONS}
    written: list[tuple[str, Words, int]] = []
    for name, part in rows.items():
        for number, label in enumerate(sorted({row.label for row in part})):
            if number % 2 and name in ("image", "depth"):
                continue  # they have many labels
            frame = frames.get(name, THINGS)[number % len(frames.get(name, THINGS))]
            written.append((frame.format(label), words_of(label), halves.of_label(label)))
    written += [(note, frozenset([note]), i % 2) for i, (note, _) in enumerate(ANSWERED)]
    written += [(note, frozenset(), i % 2) for i, note in enumerate(FILLERS)]
    vectors = encoder.embed([Text(note) for note, *_ in written])
    for vector, (_, shown, half) in zip(vectors, written, strict=True):
        yield Record(vector[None], [shown], half)


def _long_sounds(sounds: Sequence[Record], draw: np.random.Generator) -> Iterator[Record]:
    for number in range(LONG):
        parts = [
            sounds[i] for i in draw.choice(len(sounds), JOINED[number % len(JOINED)], replace=False)
        ]
        shown = [words for part in parts for words in part.shown]
        yield Record(np.concatenate([part.rows for part in parts]), shown, parts[0].half)


def _by_text(encoder: MiniEncoder, labels: Sequence[str], halves: Halves) -> Iterator[Asked]:
    asked = [(GROUPS[0], label, words_of(label), halves.of_label(label)) for label in labels]
    asked += [(GROUPS[1], words, frozenset([n]), i % 2) for i, (n, words) in enumerate(ANSWERED)]
    for group, texts in zip(GROUPS[2:], (ABSENT, NONSENSE), strict=True):
        asked += [(group, text, frozenset(), i % 2) for i, text in enumerate(texts)]
    vectors = encoder.embed([Text(text) for _, text, *_ in asked])
    for vector, (group, _, words, half) in zip(vectors, asked, strict=True):
        yield Asked(group, "text", vector, words, half)


def _by_percept(found: Mapping[str, Sequence[Record]]) -> Iterator[Asked]:
    draw = np.random.default_rng(9)
    for name, part in found.items():
        for half in (0, 1):
            own = [r for r in part if r.half == half and len(set(r.shown)) == 1]
            for number in draw.permutation(len(own))[: EACH if name != "text" else 0]:
                record = own[number]
                vector = normalise(record.rows.mean(axis=0))
                yield Asked(name, name, vector, record.shown[0], half, record)
