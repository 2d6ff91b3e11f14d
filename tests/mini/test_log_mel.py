"""Log-mel energies, in NumPy here and in torch on a GPU."""

from __future__ import annotations

import numpy as np
import torch
from tests.support.signals import chirp

from sensorium.mini.log_mel import LOG_OFFSET, SAMPLE_RATE, WINDOW, log_mel, mel_filters
from training.towers.log_mel import LogMel


def test_log_mel_of_a_tone_peaks_at_its_bin() -> None:
    """1 kHz lies in the filter whose centre is nearest; silence is the logarithm of the offset."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(WINDOW) / SAMPLE_RATE).astype(np.float32)
    mels = log_mel(np.stack([tone, np.zeros_like(tone)]))
    assert mels.shape == (2, 96, 64)
    assert mels.dtype == np.float32
    assert mels[0].mean(0).argmax() == mel_filters()[32].argmax()  # 1 kHz is bin 32 of 31.25 Hz
    np.testing.assert_allclose(mels[1], np.log(LOG_OFFSET), rtol=1e-6)


def test_towers_are_trained_on_what_they_hear() -> None:
    """torch computes the same; float32 rounds the logarithm of what is nearly silent."""
    waves = np.stack([chirp(WINDOW / SAMPLE_RATE), np.zeros(WINDOW, np.float32)])
    theirs = LogMel()(torch.from_numpy(waves)).numpy()
    np.testing.assert_allclose(log_mel(waves), theirs, rtol=0, atol=5e-3)
    assert np.abs(log_mel(waves) - theirs).mean() < 1e-3
