"""Reading what the package ships: towers with their weights, and the background statistics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from sensorium.encoders.background import Background, Pair
from sensorium.encoders.linear import Linear
from sensorium.errors import CheckpointKeyError, CheckpointShapeError
from sensorium.mini.manifest import DIRECTORY, read_tensors

SHOWN_KEYS = 3  # names in an error message; all of them are in its attributes
CENTRE = "centre."  # begins the name of a modality's mean vector in the background file
PAIR = "pair."  # begins the name of a pair of modalities there: "pair.text/image"

M = TypeVar("M", bound=nn.Module)


def open_tower(name: str, make: Callable[[], M], *, directory: Path = DIRECTORY) -> M:
    """Build a tower and give it the weights stored under a name.

    Args:
        name: Name of the weights in the manifest.
        make: Makes the module; its own initial weights are never used.
        directory: Directory with the manifest and the weights files.
    Returns:
        The tower, float32 on the CPU, without gradients.
    Raises:
        CheckpointNotFoundError: A file is missing.
        CheckpointFormatError: A file was changed or cut short.
        CheckpointKeyError: Tensors are missing or unknown; the error names them.
        CheckpointShapeError: A tensor has another shape; the error names it.
    """
    with torch.device("meta"):  # no memory and no random numbers for what is replaced at once
        tower = make()
    tensors = read_tensors(name, directory=directory)
    expected = tower.state_dict()
    missing = sorted(expected.keys() - tensors.keys())
    extra = sorted(tensors.keys() - expected.keys())
    remedy = "reinstall sensorium: the weights are of another version"
    if missing or extra:
        raise CheckpointKeyError(
            f"the {name} weights in {str(directory)!r} with {len(missing)} keys missing "
            f"{missing[:SHOWN_KEYS]} and {len(extra)} unknown {extra[:SHOWN_KEYS]}",
            f"exactly the {len(expected)} keys of the {name} tower",
            remedy,
            missing,
            extra,
        )
    for key, tensor in expected.items():
        if tensors[key].shape != tensor.shape:
            raise CheckpointShapeError(
                f"{key} of shape {tuple(tensors[key].shape)} in {str(directory)!r}",
                f"{tuple(tensor.shape)}",
                remedy,
            )
    # The module has no memory of its own to copy into, so it takes the tensors themselves.
    tower.load_state_dict(tensors, assign=True)
    return tower.requires_grad_(False).eval()


def pack_linear(tower: nn.Module) -> None:
    """Pack every linear layer of a tower for the CPU's matrix kernels (see `Linear.pack`)."""
    for module in tower.modules():
        if isinstance(module, Linear):
            module.pack()


def read_background(*, directory: Path = DIRECTORY) -> Background:
    """Read the background statistics of the encoder.

    Args:
        directory: Directory with the manifest and the weights files.
    Raises:
        CheckpointNotFoundError: The file is missing.
        CheckpointFormatError: The file was changed or cut short.
    """
    tensors = read_tensors("background", directory=directory)
    centres = {
        key.removeprefix(CENTRE): value.numpy()
        for key, value in tensors.items()
        if key.startswith(CENTRE)
    }
    raw, centred, overlap = {}, {}, {}
    for key, value in tensors.items():
        if key.startswith(PAIR):
            asked, stored = key.removeprefix(PAIR).split("/")
            # Five numbers: mean and spread of raw cosines, the same of centred ones, and overlap.
            numbers = value.tolist()
            raw[asked, stored] = Pair(*numbers[:2])
            centred[asked, stored] = Pair(*numbers[2:4])
            overlap[asked, stored] = numbers[4]
    return Background(centres, raw, centred, overlap)
