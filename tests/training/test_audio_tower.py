"""The sound tower: the mixture of kinds of sound."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.towers.audio_tower import RARE, AudioSizes, AudioTower, SoundNet


class Planted(SoundNet):
    """Hears a kind with a probability of 0.81, another with 0.09, and ten with almost 0."""

    def forward(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        chances = torch.tensor([0.81, 0.09, *[1e-9] * 10])
        return mels.mean(1), chances.logit().expand(len(mels), -1)


def planted() -> AudioTower:
    """Make a tower that hears the planted kinds, each of which is an axis."""
    sizes = AudioSizes(kinds=12, semantic=12)
    tower = AudioTower(sizes)
    tower.names.copy_(torch.eye(12))
    tower.net = Planted(sizes)
    return tower


def test_kinds_are_mixed_by_the_roots_of_their_probabilities() -> None:
    """Planted: of kinds equally usual, 9 times the probability is 3 times the weight."""
    tower = planted()
    with torch.inference_mode():
        [vector] = tower(torch.zeros(1, 96, 12))
    assert float(vector[0] / vector[1]) == pytest.approx(3, rel=1e-3)
    assert float(vector.norm()) == pytest.approx(1, rel=1e-5)


def test_a_kind_that_is_heard_in_everything_weighs_less() -> None:
    """Planted: a kind 9 times as likely, and 9 times as usual, has the weight of the other."""
    tower = planted()
    tower.usual[:2] = torch.tensor([0.9 - RARE, 0.1 - RARE])
    with torch.inference_mode():
        [vector] = tower(torch.zeros(1, 96, 12))
    assert float(vector[0]) == pytest.approx(float(vector[1]), rel=1e-3)
