"""Sound: windows of two seconds of log-mel energies.

Source: `sensors.md` of the design and the golden vectors in `tests/goldens`: Kaldi's filter bank
as torchaudio computes it. Deliberate differences in the default profile: the whole sound is heard
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
from sensorium.percepts.windows import cut

SAMPLE_RATE = 16_000  # Hz
FRAME_MS, SHIFT_MS = 25.0, 10.0  # of the short-time spectrum
FRAME = SAMPLE_RATE * 25 // 1000  # samples
WINDOW = 2 * SAMPLE_RATE  # samples: 2 s, 198 frames
MEAN, STD = -4.268, 9.138  # of the log-mel energies; STD is what the reference divides by
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
    """Hear the whole sound in back-to-back windows of 2 s; the last ends where the sound ends.

    Args:
        audio: The percept; it is decoded as it goes, so a ten-hour recording needs no more memory
            than a minute.
    Yields:
        Span in seconds, and float32 `(1, 128, 204)`.
    Raises:
        PerceptTooShortError: Less than 25 ms.
        PerceptError: As decoding raises.
    """
    for start, wave in cut(audio.blocks(SAMPLE_RATE), WINDOW):
        _check_length(len(wave))
        heard = torch.from_numpy(wave)
        span = Span(start / SAMPLE_RATE, (start + len(heard)) / SAMPLE_RATE)
        yield span, log_mel(_centre_in_silence(heard))


def paper_windows(audio: Audio) -> Iterator[tuple[Span, Tensor]]:
    """Take the reference's three windows, for parity; otherwise as `audio_windows`.

    They start at 0, 1/3 and 2/3 of what precedes the last two seconds (found from the goldens):
    the end of a long sound is not heard.
    """
    wave = torch.from_numpy(np.array(audio.mono(SAMPLE_RATE)))  # our own copy, written to below
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
    # The mean goes first: an offset against digital silence would be two loud clicks.
    return F.pad(wave - wave.mean(), (missing // 2, missing - missing // 2)) if missing else wave


def _check_length(samples: int) -> None:
    if samples < FRAME:
        raise PerceptTooShortError(
            f"a sound of {1000 * samples / SAMPLE_RATE:.1f} ms",
            f"at least {FRAME_MS:.0f} ms, one analysis frame",
            "leave it out, or pass it with what surrounds it",
        )
