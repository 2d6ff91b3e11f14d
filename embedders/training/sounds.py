"""Batches of sound to learn from: the pack's recordings, augmented, and synthetic sounds.

Everything is computed on the device of the recordings.

Letters: B batch, T samples.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor
from torch.nn import functional as F

from sensorium.mini.log_mel import SAMPLE_RATE, WINDOW
from training.pack import read_rows

FULL = 32768  # full scale of 16-bit samples
SPEED_OCTAVES = 1.2  # largest change of speed, up or down
UNCHANGED_SPEED = 0.4  # share of a batch that keeps its speed
VOICES = 0.25  # share of a batch with synthetic voices, which the recordings lack
HARMONICS = 24  # partials of a voice
QUIETEST = 1e-4  # root mean square below which a sound is not amplified further
ALIASING = 7600.0  # Hz; higher partials are left out


class Recordings:
    """The pack's training sounds in one tensor, and the probability of each."""

    def __init__(self, pack: Path, device: torch.device) -> None:
        """Decode every training sound of the pack."""
        rows = read_rows(pack, "audio", "train")
        waves = [_read(row.path) for row in rows]
        lengths = np.array([len(wave) for wave in waves])
        counts = {row.source: sum(r.source == row.source for r in rows) for row in rows}
        # The square roots keep long recordings and large collections from drowning the others.
        shares = [
            min(4.0, max(1.0, len(wave) / (5 * SAMPLE_RATE))) ** 0.5 / counts[row.source] ** 0.5
            for wave, row in zip(waves, rows, strict=True)
        ]
        self.samples = torch.from_numpy(np.concatenate(waves)).to(device)  # int16
        self.starts = torch.from_numpy(np.cumsum(lengths) - lengths).to(device)
        self.lengths = torch.from_numpy(lengths).to(device)
        self.shares = torch.tensor(shares, device=device)

    @property
    def minutes(self) -> float:
        """Length of all recordings."""
        return len(self.samples) / SAMPLE_RATE / 60

    def crop(self, count: int) -> Tensor:
        """Draw stretches `(B, WINDOW)`, most of them faster or slower; short ones repeat."""
        device = self.samples.device
        chosen = torch.multinomial(self.shares, count, True)
        octaves = (torch.rand(count, device=device) * 2 - 1) * SPEED_OCTAVES
        octaves[torch.rand(count, device=device) < UNCHANGED_SPEED] = 0.0
        speed = torch.exp2(octaves)
        length = self.lengths[chosen]
        start = torch.rand(count, device=device) * (length - WINDOW * speed).clamp(min=0)
        at = start[:, None] + torch.arange(WINDOW, device=device) * speed[:, None]  # (B, T)
        whole = at.floor()
        first = self.samples[self.starts[chosen, None] + whole.long() % length[:, None]]
        second = self.samples[self.starts[chosen, None] + (whole.long() + 1) % length[:, None]]
        return torch.lerp(first.float(), second.float(), at - whole) / FULL


class Augmenter:
    """Draws batches of recordings (mixed, filtered, reversed), tones, noise, and voices."""

    def __init__(self, recordings: Recordings) -> None:
        self.recordings = recordings
        self.device = recordings.samples.device
        self.seconds = torch.arange(WINDOW, device=self.device) / SAMPLE_RATE  # (T,)

    def draw(self, count: int) -> Tensor:
        """Draw `(B, WINDOW)`, float32 in [-1, 1]."""
        voices = round(count * VOICES)
        return torch.cat([self._voices(voices), self._recorded(count - voices)]).clamp(-1, 1)

    def _recorded(self, count: int) -> Tensor:
        wave = level(self.recordings.crop(count))
        share = self._uniform(count)
        mixed = wave * (1 - 0.6 * share) + level(self.recordings.crop(count)) * share
        wave = torch.where(self._chance(count, 0.5), mixed, wave)
        tone = level(self._tones(count))
        wave = torch.where(self._chance(count, 0.08), tone, wave)
        wave = wave + self._chance(count, 0.15) * tone * self._uniform(count, 0, 0.5)
        wave = torch.where(self._chance(count, 0.6), self._coloured(wave), wave)
        wave = torch.where(self._chance(count, 0.1), wave.flip(1), wave)
        wave = wave * self._decibels(count, -47, -2)
        hiss = torch.randn_like(wave) * self._decibels(count, -80, -30)
        return wave + self._chance(count, 0.4) * hiss

    def _voices(self, count: int) -> Tensor:
        """Make voices: harmonics through formants, with glides, roughness and bursts."""
        glide = self._curve(count, 6) * self._uniform(count, 0, 0.5)
        vibrato = 0.15 * self._uniform(count) ** 2 * self._wave(self._uniform(count, 3, 25))
        pitch = torch.exp(self._uniform(count, math.log(50), math.log(1500)))
        pitch = pitch * torch.exp2(glide + vibrato)  # (B, T) Hz
        phase = 2 * math.pi * torch.cumsum(pitch / SAMPLE_RATE, 1)
        bands = ((150, 1200, 60, 400), (600, 3000, 100, 600), (1500, 6500, 150, 1200))  # Hz
        formants = [
            (self._uniform(count, low, high), self._uniform(count, narrow, wide))
            for low, high, narrow, wide in bands
        ]
        gains = [self._uniform(count, 0, most) for most in (1, 1, 0.8)]
        tilt = self._uniform(count, 0.1, 1.0)
        voice = torch.zeros_like(pitch)
        for partial in range(1, HARMONICS + 1):
            hertz = pitch * partial
            loudness = 0.03 * self._uniform(count)
            for (centre, width), gain in zip(formants, gains, strict=True):
                loudness = loudness + gain * torch.exp(-(((hertz - centre) / width) ** 2))
            turn = torch.sin(phase * partial + self._uniform(count, 0, 2 * math.pi))
            voice += loudness * turn * (hertz < ALIASING) / partial**tilt
        breath = level(self._coloured(torch.randn(count, WINDOW, device=self.device)))
        voice = level(voice) + 1.5 * breath * self._uniform(count) ** 3
        voice = level(voice * self._rough(count) * self._bursts(count))
        behind = level(self.recordings.crop(count)) * self._decibels(count, -40, 0)
        voice = voice + self._chance(count, 0.6) * behind
        voice = torch.where(self._chance(count, 0.5), self._coloured(voice), voice)
        return level(voice) * self._decibels(count, -45, -8)

    def _rough(self, count: int) -> Tensor:
        depth = self._uniform(count) * self._chance(count, 0.5)
        return 1 + depth * self._wave(self._uniform(count, 8, 90))

    def _bursts(self, count: int) -> Tensor:
        period = torch.exp(self._uniform(count, math.log(0.08), math.log(1.5)))  # seconds
        duty = self._uniform(count, 0.15, 0.95)
        along = ((self.seconds + self._uniform(count)) % period) / period  # (B, T) in [0, 1)
        shape = torch.sin(math.pi * along / duty).clamp(min=0) ** self._uniform(count, 0.3, 2)
        bursts = torch.where(along < duty, shape, 0.0)
        return torch.where(self._chance(count, 0.75), bursts, 1.0)

    def _tones(self, count: int) -> Tensor:
        """Make chirps with harmonics, or noise with a random slope."""
        start = 100 * torch.exp2(5 * self._uniform(count))  # Hz
        octaves = self._uniform(count, -1, 1) * self._chance(count, 0.5)
        chirp = (torch.exp2(octaves) - 1) * start * self.seconds**2 / (2 * WINDOW / SAMPLE_RATE)
        phase = 2 * math.pi * (start * self.seconds + chirp)
        tones = torch.zeros_like(phase)
        for partial in range(1, 7):
            audible = start * partial < ALIASING
            tones += self._uniform(count) * torch.sin(phase * partial) / partial * audible
        pulsing = tones * (0.5 + 0.5 * self._wave(self._uniform(count, 0, 12)))
        spectrum = torch.fft.rfft(torch.randn(count, WINDOW, device=self.device))
        order = torch.arange(1, spectrum.shape[1] + 1, device=self.device)
        noise = level(torch.fft.irfft(spectrum / order ** self._uniform(count), n=WINDOW))
        return torch.where(self._chance(count, 0.5), level(pulsing), noise)

    def _coloured(self, wave: Tensor) -> Tensor:
        """Filter with a smooth random frequency response."""
        spectrum = torch.fft.rfft(wave)
        strength = 0.9 * self._uniform(len(wave))
        nodes = torch.randn(len(wave), 1, 8, device=self.device) * strength[..., None]
        response = F.interpolate(nodes, size=spectrum.shape[1], mode="linear")[:, 0]
        filtered: Tensor = torch.fft.irfft(spectrum * response.exp(), n=wave.shape[1])
        return filtered

    def _curve(self, count: int, nodes: int) -> Tensor:
        values = torch.randn(count, 1, nodes, device=self.device)
        return F.interpolate(values, size=WINDOW, mode="linear", align_corners=True)[:, 0]

    def _wave(self, hertz: Tensor) -> Tensor:
        start = self._uniform(len(hertz), 0, 2 * math.pi)
        return torch.sin(2 * math.pi * hertz * self.seconds + start)  # (B, T)

    def _uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, device=self.device)

    def _chance(self, count: int, share: float) -> Tensor:
        return torch.rand(count, 1, device=self.device) < share

    def _decibels(self, count: int, low: float, high: float) -> Tensor:
        return torch.pow(10.0, self._uniform(count, low, high) / 20)


def level(wave: Tensor) -> Tensor:
    """Scale each row of `(B, T)` to a root mean square of about 1."""
    return wave / (wave.square().mean(1, keepdim=True).sqrt() + QUIETEST)


def _read(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    wave, rate = soundfile.read(path, dtype="int16", always_2d=True)
    if rate != SAMPLE_RATE:
        raise ValueError(f"{path} has {rate} Hz; the pack's sounds have {SAMPLE_RATE}")
    mono: np.ndarray[tuple[int], np.dtype[np.int16]] = wave[:, 0]
    return mono
