"""Weights as 8-bit integers."""

from __future__ import annotations

import torch

from training.towers.quantised import LEVELS, dequantise, pack, quantise, unpack


def test_eight_bits_are_within_half_a_step() -> None:
    """Each row is rounded to its own scale, and what has one dimension is kept."""
    weight = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(2)) * torch.logspace(
        -3, 2, 5
    ).view(-1, 1, 1)
    whole, scale = quantise(weight)
    assert whole.dtype == torch.int8
    assert whole.abs().amax() == LEVELS
    assert ((dequantise(whole, scale) - weight).abs() <= scale.view(-1, 1, 1) / 2 * 1.001).all()
    bias = torch.randn(5)
    assert torch.equal(unpack(pack({"w": weight, "b": bias}))["b"], bias)


def test_a_row_of_zeros_stays_zero() -> None:
    """It has no largest number to scale by, and must not become NaN."""
    weight = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    whole, scale = quantise(weight)
    assert scale.isfinite().all()
    torch.testing.assert_close(dequantise(whole, scale), weight, rtol=0, atol=0.01)
    assert scale[0] > 0
