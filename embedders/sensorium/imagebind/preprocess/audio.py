"""Sound: windows of two seconds of log-mel energies.

Source: the golden vectors in `tests/goldens`, which torchaudio's version of Kaldi's filter bank
reproduces. Deliberate differences in the default profile: the whole sound is heard
(the reference takes three windows of any length), a sound shorter than a window is centred in
digital silence (the reference pads its log-mel with 0, which is loud), and stereo is mixed down
(Kaldi's filter bank takes the first channel).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sensorium.errors import PerceptTooShortError
from sensorium.imagebind.stems import MEL_BINS, MEL_FRAMES
from sensorium.percepts import Audio, Span
from sensorium.percepts.windows import cut_windows

SAMPLE_RATE = 16_000  # Hz
FRAME_MS, SHIFT_MS = 25.0, 10.0  # milliseconds: length of a frame, distance of two frames
FRAME = SAMPLE_RATE * 25 // 1000  # samples
WINDOW = 2 * SAMPLE_RATE  # samples: 2 s, 198 frames
MEAN, STD = -4.268, 9.138  # the reference subtracts the one, and divides by the other
PAPER_WINDOWS = 3


def log_mel(wave: Tensor) -> Tensor:
    """Turn one window of sound into normalised log-mel energies.

    Args:
        wave: Mono at 16 kHz, shape `(T,)`, 400 <= T <= 32,000, float32 in [-1, 1]. Not modified.
    Returns:
        Float32 `(1, 128, 204)`: mel bins by frames of 10 ms, padded on the right with zeros before
        normalising.
    """
    from torchaudio.compliance import kaldi

    energies = kaldi.fbank(
        (wave - wave.mean())[None],
        htk_compat=True,
        sample_frequency=SAMPLE_RATE,
        use_energy=False,
        window_type="hanning",
        num_mel_bins=MEL_BINS,
        dither=0.0,
        frame_length=FRAME_MS,
        frame_shift=SHIFT_MS,
    )  # (frames, 128)
    padded = F.pad(energies.T, (0, MEL_FRAMES - energies.shape[0]))  # (128, 204)
    return ((padded - MEAN) / STD)[None]


def audio_windows(audio: Audio) -> Iterator[tuple[Span, Tensor]]:
    """Cut a whole sound into back-to-back windows of 2 s; the last ends where the sound ends.

    Args:
        audio: The sound, which is decoded window by window: ten hours need no more memory than a
            minute.
    Yields:
        Span in seconds, and float32 `(1, 128, 204)`.
    Raises:
        PerceptTooShortError: The sound is shorter than 25 ms.
        PerceptError: The sound cannot be decoded.
    """
    for start, wave in cut_windows(audio.blocks(SAMPLE_RATE), WINDOW):
        _check_length(len(wave))
        heard = torch.from_numpy(wave)
        span = Span(start / SAMPLE_RATE, (start + len(heard)) / SAMPLE_RATE)
        yield span, log_mel(_centre_in_silence(heard))


def paper_windows(audio: Audio) -> Iterator[tuple[Span, Tensor]]:
    """Cut the reference's three windows, for parity; yields and raises as `audio_windows`.

    The windows start at 0, 1/3 and 2/3 of the time before the last two seconds, as the goldens
    show: the end of a long sound is not heard.
    """
    wave = torch.from_numpy(np.array(audio.mono(SAMPLE_RATE)))  # a copy, which is written to below
    _check_length(len(wave))
    last = max(0, len(wave) - WINDOW)
    for index in range(PAPER_WINDOWS):
        start = last * index // PAPER_WINDOWS
        heard = wave[start : start + WINDOW]
        heard -= heard.mean()  # where windows overlap the reference does this twice; so do we
        span = Span(start / SAMPLE_RATE, (start + len(heard)) / SAMPLE_RATE)
        yield span, log_mel(heard)


def _centre_in_silence(wave: Tensor) -> Tensor:
    missing = WINDOW - len(wave)
    # The mean is subtracted first: an offset beside digital silence would be two loud clicks.
    return F.pad(wave - wave.mean(), (missing // 2, missing - missing // 2)) if missing else wave


def _check_length(samples: int) -> None:
    if samples < FRAME:
        raise PerceptTooShortError(
            f"a sound of {1000 * samples / SAMPLE_RATE:.1f} ms",
            f"at least {FRAME_MS:.0f} ms, one analysis frame",
            "leave it out, or pass a longer stretch around it",
        )
