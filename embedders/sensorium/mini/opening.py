"""Building a tower from its file of weights, strictly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from sensorium.encoders.linear import Linear
from sensorium.errors import CheckpointKeyError, CheckpointShapeError
from sensorium.mini.manifest import DIRECTORY, read_tensors

SHOWN_KEYS = 3  # names in an error message; all of them are in its attributes

M = TypeVar("M", bound=nn.Module)


def open_tower(name: str, make: Callable[[], M], *, directory: Path = DIRECTORY) -> M:
    """Build a tower with the weights of that name.

    Args:
        name: As the manifest has it.
        make: Makes the module, of any weights.
        directory: Where the manifest and the files are.
    Returns:
        The tower, float32 on the CPU, without gradients.
    Raises:
        CheckpointNotFoundError: A file is missing.
        CheckpointFormatError: A file was changed or cut short.
        CheckpointKeyError: Tensors are missing or unknown, each named.
        CheckpointShapeError: A tensor of another shape, named.
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
            f"exactly the {len(expected)} of the {name} tower",
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
    tower.load_state_dict(tensors, assign=True)
    return tower.requires_grad_(False).eval()


def pack_linear(tower: nn.Module) -> None:
    """Lay the linear weights of a float32 or bfloat16 tower out for the CPU's kernels."""
    for module in tower.modules():
        if isinstance(module, Linear):
            module.pack()
