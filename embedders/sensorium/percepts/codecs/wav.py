"""Sound as WAV files: 32-bit floats that keep every sample, and 16 bits that everything plays."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
from numpy.typing import NDArray

LARGEST_WAV = 2**31  # bytes of samples; a WAV file counts them in 32 bits
FLOAT_CHANNELS = 7  # numpy adds eight interleaved channels in another order than eight planes
FLOAT_HEADER = "<4sI4s 4sIHHIIHHH 4sII 4sI"  # RIFF, fmt, fact and data: 58 bytes
FLOAT_TAG = 3  # format tag of IEEE float samples
PCM_BYTES = 2  # of a 16-bit sample
PCM_HEADER = 44  # bytes


def encode_float_wav(samples: NDArray[np.float32], rate: int) -> bytes | None:
    """Encode samples `(C, T)` at `rate` Hz losslessly; `None` where the format cannot hold them."""
    channels, count = samples.shape
    if channels > FLOAT_CHANNELS or samples.nbytes > LARGEST_WAV:
        return None
    frame = channels * samples.itemsize  # bytes of one moment
    header = struct.pack(
        FLOAT_HEADER,
        *(b"RIFF", struct.calcsize(FLOAT_HEADER) - 8 + samples.nbytes, b"WAVE"),
        *(b"fmt ", 18, FLOAT_TAG, channels, rate, rate * frame, frame, 8 * samples.itemsize, 0),
        *(b"fact", 4, count),
        *(b"data", samples.nbytes),
    )
    return header + samples.T.tobytes()


def encode_pcm_wav(sound: NDArray[np.float32], rate: int) -> bytes:
    """Encode mono samples `(T,)` in [-1, 1] at `rate` Hz as 16-bit integers."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(PCM_BYTES)
        writer.setframerate(rate)
        writer.writeframes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
