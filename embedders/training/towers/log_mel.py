"""Log-mel energies on a GPU, as `sensorium.mini.log_mel` computes them for the towers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sensorium.mini.log_mel import FFT, FRAME, HOP, LOG_OFFSET, hann_window, mel_filters


class LogMel(nn.Module):
    """Turns waveforms into log-mel energies."""

    def __init__(self) -> None:
        super().__init__()
        self.window: Tensor
        self.filters: Tensor
        self.register_buffer("window", torch.from_numpy(hann_window()), persistent=False)
        self.register_buffer("filters", torch.from_numpy(mel_filters()), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """Map mono sound `(B, WINDOW)`, float32 in [-1, 1], to `(B, T, M)`."""
        frames = waves.unfold(1, FRAME, HOP) * self.window  # (B, T, FRAME)
        magnitudes = torch.fft.rfft(frames, FFT).abs()  # (B, T, FFT // 2 + 1)
        return torch.log(magnitudes @ self.filters + LOG_OFFSET)  # (B, T, M)
