"""The kinds of sound: their names moved apart, and how usual each is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from training.kinds import spread, usual_chances
from training.towers.audio_tower import AudioSizes, SoundNet
from training.towers.mixture import mixture


def planted(count: int) -> Tensor:
    """Make names of one axis each that share another axis; the first names only the shared one."""
    shared = torch.zeros(count, count + 1)
    shared[:, 0] = 2.0
    shared[1:, 2:] = torch.eye(count - 1)
    return F.normalize(shared, dim=-1)


def test_what_names_have_in_common_counts_less() -> None:
    """Names come apart, and each stays nearest to itself."""
    names = planted(20)
    apart = spread(names)
    torch.testing.assert_close(apart.norm(dim=-1), torch.ones(20))
    off = ~torch.eye(20, dtype=torch.bool)
    assert (apart @ apart.T)[off].mean() < 0.5 * (names @ names.T)[off].mean()
    assert (apart @ names.T).argmax(1).tolist() == list(range(20))


def test_a_mixture_of_spread_names_is_nearest_to_the_strongest() -> None:
    """Planted: of plain names, a name that resembles all others wins over the one heard."""
    names = planted(20)
    weights = torch.zeros(1, 20)
    weights[0, 7:13] = torch.tensor([1.0, 0.7, 0.6, 0.6, 0.5, 0.5])
    plain, apart = mixture(weights, names), mixture(weights, spread(names))
    assert (plain @ names.T).argmax() == 0
    assert (apart @ names.T).argmax() == 7


class Echo(SoundNet):
    """Hears in each item the log-odds that stand in its first frame."""

    def forward(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        return mels.mean(1), mels[:, 0]


def test_usual_chances_are_means_over_all_items() -> None:
    """Planted: a kind heard in one of four items with 0.8, another always with 0.5."""
    odds = torch.tensor([[0.8, 0.5], [0.4, 0.5], [0.2, 0.5], [0.2, 0.5]]).logit()
    net = Echo(AudioSizes(kinds=2))
    usual = usual_chances(net, [odds[:3, None], odds[3:, None]])
    torch.testing.assert_close(usual, torch.tensor([0.4, 0.5]))
