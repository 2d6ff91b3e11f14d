"""The teacher of the sound tower: a classifier of 521 kinds of sound, which is never shipped.

Source: YAMNet (Apache-2.0). `yamnet_torch.npz` holds its layers with their strides: a plain stack
of convolutions, each followed by ReLU, with "same" padding (more at the end).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.towers.log_mel import LogMel


class Layer(NamedTuple):
    """A convolution of the teacher."""

    weight: Tensor
    bias: Tensor
    stride: int
    groups: int


class Teacher:
    """Turns log-mel energies into features and log-odds."""

    def __init__(self, file: Path, device: torch.device) -> None:
        """Read `yamnet_torch.npz`."""
        stored = np.load(file)

        def tensor(key: str) -> Tensor:
            return torch.tensor(stored[key], dtype=torch.float32, device=device)

        self.layers = []
        for index in range(int(stored["n"])):
            weight = tensor(f"{index}.w")
            depthwise = index > 0 and weight.shape[1] == 1 and weight.shape[-1] > 1
            self.layers.append(
                Layer(
                    weight,
                    tensor(f"{index}.b"),
                    int(stored[f"{index}.s"]),
                    len(weight) if depthwise else 1,
                )
            )
        self.kinds, self.offsets = tensor("fc.w"), tensor("fc.b")
        self.log_mel = LogMel().to(device)

    @torch.no_grad()
    def __call__(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        """Map log-mel energies `(B, T, M)` to features `(B, 1024)` and log-odds `(B, 521)`."""
        x = mels[:, None]
        for layer in self.layers:
            kernel, stride = layer.weight.shape[-1], layer.stride
            missing = [
                max(0, (-(-side // stride) - 1) * stride + kernel - side) for side in x.shape[2:]
            ]
            (top, left), (low, right) = zip(*((m // 2, m - m // 2) for m in missing), strict=True)
            padded = F.pad(x, (left, right, top, low))
            x = F.relu(F.conv2d(padded, layer.weight, layer.bias, stride, 0, 1, layer.groups))
        features = x.mean((2, 3))
        return features, F.linear(features, self.kinds, self.offsets)
