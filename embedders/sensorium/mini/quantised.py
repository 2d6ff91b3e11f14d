"""Weights as 8-bit integers: one scale a row, dequantised once when a tower is opened."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

LEVELS = 127  # either side of zero; -128 is not used, so that the range is symmetric
SCALE = ".scale"  # suffix of the scales' names


def quantise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a weight to 8 bits, each row (output channel) to its own scale.

    Args:
        weight: Float, shape `(R, ...)`, finite. Not modified.
    Returns:
        int8 of the same shape, and float32 scales `(R,)`: `weight` is about `int8 * scale`.
    """
    rows = weight.detach().float().flatten(1)  # (R, K)
    scale = rows.abs().amax(1).clamp(min=torch.finfo(torch.float32).tiny) / LEVELS  # (R,)
    return (rows / scale[:, None]).round().to(torch.int8).view(weight.shape), scale


def dequantise(whole: Tensor, scale: Tensor) -> Tensor:
    """Undo `quantise`: int8 `(R, ...)` and scales `(R,)` to float32 `(R, ...)`."""
    return whole.float().mul_(scale.view(-1, *[1] * (whole.ndim - 1)))


def pack(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Make a tower's state ready for its file: matrices and kernels in 8 bits, the rest float32."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim > 1:
            packed[name], packed[name + SCALE] = quantise(value)
        else:
            packed[name] = value.detach().float()
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack`; everything comes back as float32, no tensor shared with the argument."""
    return {
        name: dequantise(value, packed[name + SCALE]) if name + SCALE in packed else value.clone()
        for name, value in packed.items()
        if not name.endswith(SCALE)
    }
