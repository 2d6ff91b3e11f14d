"""The mixture of the names of the likeliest classes."""

from __future__ import annotations

import torch

from training.towers.mixture import mixture


def test_the_ten_likeliest_names_are_mixed_by_their_weights() -> None:
    """Planted: each class is an axis, so that the vector shows the share of each."""
    weights = torch.tensor([[0.5, 0.4, 0.3, *[0.1] * 7, 0.05, 0.05]])
    vector = mixture(weights, torch.eye(12))
    expected = weights.clone()
    expected[:, 10:] = 0
    torch.testing.assert_close(vector, expected / expected.norm())


def test_half_precision_gives_unit_float32() -> None:
    """Whatever the dtype of the network, the vector has length 1 to within float32."""
    weights, names = torch.rand(3, 40), torch.nn.functional.normalize(torch.randn(40, 8), dim=-1)
    vectors = mixture(weights.bfloat16(), names.bfloat16())
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
