"""Weights as 8-bit integers with a scale for each row, dequantised when a tower is opened."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

LEVELS = 127  # on either side of zero; -128 is not used, so that the range is symmetric
SCALE = ".scale"  # ends the name of a tensor of scales


def quantise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a weight to 8 bits, each row (output channel) to its own scale.

    Args:
        weight: Float, shape `(R, ...)`, finite. Not modified.
    Returns:
        Integers, int8, of the same shape; and scales, float32, `(R,)`. Their product is about
        `weight`.
    """
    rows = weight.detach().float().flatten(1)  # (R, K)
    scale = rows.abs().amax(1).clamp(min=torch.finfo(torch.float32).tiny) / LEVELS  # (R,)
    return (rows / scale[:, None]).round().to(torch.int8).view(weight.shape), scale


def dequantise(whole: Tensor, scale: Tensor) -> Tensor:
    """Undo `quantise`: int8 `(R, ...)` and scales `(R,)` to float32 `(R, ...)`."""
    return whole.float().mul_(scale.view(-1, *[1] * (whole.ndim - 1)))


def pack(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Quantise a tower's matrices and kernels for its file; the rest becomes float32."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim > 1:
            packed[name], packed[name + SCALE] = quantise(value)
        else:
            packed[name] = value.detach().float()
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack`: return every tensor as float32, in memory of its own."""
    return {
        name: dequantise(value, packed[name + SCALE]) if name + SCALE in packed else value.clone()
        for name, value in packed.items()
        if not name.endswith(SCALE)
    }
