"""Names of things and sounds, and their vectors by the text tower.

`imagenet.tsv`: WordNet's names of the trunk's 1000 classes, in their order, the usual name first.
`broader.tsv`: what WordNet calls each of them more broadly, the nearest term first.
`kin.tsv`: other things that WordNet has under the same term as each of them.
`sounds.tsv`: plain names of the teacher's 521 kinds of sound, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

HERE = Path(__file__).parent
PHOTO_TEMPLATES = ("{}", "a photo of a {}", "a {}", "a picture of a {}")
BROAD_TEMPLATES = ("{}", "a photo of a {}")
SYNONYMS = 3  # further names of an ImageNet class that are used beside the first
AROUND = 0.6  # weight of broader terms, and of kin, against a class's own names
SHARED = 0.5  # part of what all names share that is taken away; more makes vague pictures noise
BATCH = 256  # texts in a forward pass


class Names:
    """Vectors of texts, each computed once and kept in a file.

    The file lets training run on a machine without the text tower's weights.
    """

    def __init__(self, file: Path) -> None:
        """Open the file, or begin a new one."""
        self.file = file
        self.known: dict[str, Tensor] = torch.load(file, weights_only=True) if file.exists() else {}
        self.imagenet = [names[0] for names in read_names(HERE / "imagenet.tsv")]

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """Map texts to unit vectors `(N, 384)`, float32."""
        missing = sorted({text for text in texts if text not in self.known}, key=len)
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            self.known.update(zip(part, _encoded(part).half(), strict=True))
        if missing:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            torch.save(self.known, self.file)
        return F.normalize(torch.stack([self.known[text] for text in texts]).float(), dim=-1)


def read_names(file: Path) -> list[list[str]]:
    """Read a file with a thing on each line, its names separated by tabs."""
    return [
        [name for name in line.split("\t") if name]
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def class_vectors(
    names: Names, labels: Sequence[str], templates: Sequence[str] = PHOTO_TEMPLATES
) -> Tensor:
    """Map labels to unit vectors `(N, 384)`: the mean of each label in every template."""
    total = sum(
        names.vectors([template.format(label) for label in labels]) for template in templates
    )
    return F.normalize(torch.as_tensor(total), dim=-1)


def imagenet_vectors(names: Names) -> Tensor:
    """Map ImageNet's classes to unit vectors `(1000, S)`: their names, and what lies around them.

    A thing of none of the classes resembles several, and is named by what they share. Of what
    all names share a part is taken away, as it says the same of every picture.
    """
    known = [row[: 1 + SYNONYMS] for row in read_names(HERE / "imagenet.tsv")]
    spoken = class_vectors(names, names.imagenet) + means(names, known, ("{}",))
    own = F.normalize(spoken, dim=-1)
    around = sum(
        means(names, read_names(HERE / file), BROAD_TEMPLATES)
        for file in ("broader.tsv", "kin.tsv")
    )
    both = own + AROUND * torch.as_tensor(around)
    return F.normalize(both - SHARED * both.mean(0), dim=-1)


def means(names: Names, rows: Sequence[Sequence[str]], templates: Sequence[str]) -> Tensor:
    """Map rows of names to the means of their vectors `(N, S)`; an empty row to zeros."""
    flat = sorted({name for row in rows for name in row})
    vectors = dict(zip(flat, class_vectors(names, flat, templates), strict=True))
    nothing = torch.zeros_like(vectors[flat[0]])
    return torch.stack(
        [torch.stack([vectors[name] for name in row] or [nothing]).mean(0) for row in rows]
    )


def _encoded(texts: Sequence[str]) -> Tensor:
    from sensorium.mini.wordpiece import tokenize
    from training.towers.loading import open_tower
    from training.towers.text_tower import TextTower

    with torch.inference_mode():
        vectors: Tensor = open_tower("text", TextTower)(*map(torch.from_numpy, tokenize(texts)))
    return vectors
