"""Towers as torch modules, with the weights that the package ships."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from sensorium.mini.manifest import DIRECTORY
from training.towers.files import read_tensors

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
        RuntimeError: The module has other tensors than the file.
    """
    with torch.device("meta"):  # no memory and no random numbers for what is replaced at once
        tower = make()
    # The module has no memory of its own to copy into, so it takes the tensors themselves.
    tower.load_state_dict(read_tensors(name, directory=directory), assign=True)
    return tower.requires_grad_(False).eval()
