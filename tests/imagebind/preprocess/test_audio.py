"""Planted answers for sounds, and for the differences from the reference."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from sensorium.errors import PerceptTooShortError
from sensorium.imagebind.preprocess.audio import SAMPLE_RATE, WINDOW, audio_windows, log_mel
from sensorium.percepts import Audio, Span
from sensorium.percepts.windows import cut_windows


def test_a_61_minute_sound_is_wholly_heard() -> None:
    """Back-to-back windows cover every sample of a long stream, in order, with true spans."""
    total = 61 * 60 * SAMPLE_RATE + 12_345

    def stream() -> Iterator[np.ndarray]:
        for first in range(0, total, 1_000_003):
            yield np.arange(first, min(first + 1_000_003, total)).astype(np.float32)

    heard_until = 0
    for start, wave in cut_windows(stream(), WINDOW):
        assert len(wave) == WINDOW
        assert start <= heard_until
        assert wave[0] == np.float32(start)
        assert wave[-1] == np.float32(start + WINDOW - 1)
        heard_until = start + WINDOW
    assert heard_until == total


def test_a_short_sound_is_centred_in_silence() -> None:
    """Half a second lies in the middle of its window; around it is silence, not loudness."""
    tone = np.sin(np.arange(SAMPLE_RATE // 2) * 0.3).astype(np.float32)
    [(span, window)] = list(audio_windows(Audio(tone, rate=SAMPLE_RATE)))
    energy = window[0, :, :198].mean(dim=0)
    assert span == Span(0.0, 0.5)
    assert float(energy[80:118].min()) > float(energy[:60].max())
    assert float(energy[:60].max()) == pytest.approx(float(energy[-60:].max()), abs=1e-3)


def test_an_offset_does_not_change_what_is_heard() -> None:
    """A constant added to a microphone's samples changes no log-mel."""
    wave = torch.randn(WINDOW, generator=torch.Generator().manual_seed(0)) * 0.1
    torch.testing.assert_close(log_mel(wave + 0.25), log_mel(wave), rtol=0, atol=1e-3)


def test_less_than_25_ms_of_sound_is_refused() -> None:
    """A click shorter than one analysis frame is an error, never a crashed batch."""
    with pytest.raises(PerceptTooShortError, match=r"24\.9 ms"):
        list(audio_windows(Audio(np.ones(399, np.float32) * 0.1, rate=SAMPLE_RATE)))
