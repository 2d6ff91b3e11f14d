"""The sound tower: log-mel energies, and the mixture of kinds of sound."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sensorium.mini.audio_tower import (
    SAMPLE_RATE,
    WINDOW,
    AudioSizes,
    AudioTower,
    LogMel,
    SoundNet,
    mel_filters,
)


def test_log_mel_of_a_tone_peaks_at_its_bin() -> None:
    """1 kHz lies in the filter whose centre is nearest; silence is the logarithm of the offset."""
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(WINDOW) / SAMPLE_RATE)
    mels = LogMel()(torch.stack([tone, torch.zeros(WINDOW)]))
    assert mels.shape == (2, 96, 64)
    assert mels[0].mean(0).argmax() == mel_filters()[32].argmax()  # 1 kHz is bin 32 of 31.25 Hz
    assert torch.allclose(mels[1], torch.tensor(0.001).log())


class Planted(SoundNet):
    """Hears a kind with a probability of 0.81, another with 0.09, and ten with almost 0."""

    def forward(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        chances = torch.tensor([0.81, 0.09, *[1e-9] * 10])
        return mels.mean(1), chances.logit().expand(len(mels), -1)


def test_kinds_are_mixed_by_the_roots_of_their_probabilities() -> None:
    """Planted: each kind is an axis, and 9 times the probability is 3 times the weight."""
    sizes = AudioSizes(kinds=12, semantic=12)
    tower = AudioTower(sizes)
    tower.names.copy_(torch.eye(12))
    tower.net = Planted(sizes)
    with torch.inference_mode():
        [vector] = tower(torch.zeros(1, WINDOW))
    assert float(vector[0] / vector[1]) == pytest.approx(3, rel=1e-3)
    assert float(vector.norm()) == pytest.approx(1, rel=1e-5)
