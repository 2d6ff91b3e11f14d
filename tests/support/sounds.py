"""Sounds with known content, written by FFmpeg and by the standard library."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from typing import Any

import av
import numpy as np

RATE = 16_000  # Hz


def tone(frequency: float, seconds: float, loud: float = 0.5) -> Any:
    """Float samples `(T,)`."""
    return loud * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def noise(seconds: float, seed: int = 0, loud: float = 0.2) -> Any:
    """Float samples `(T,)`, uniform."""
    return loud * np.random.default_rng(seed).uniform(-1, 1, round(seconds * RATE))


def wav(*channels: Any) -> bytes:
    """Write channels of float samples as 16-bit WAV."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(np.stack(channels, 1) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def encoded(container: str, codec: str, *tracks: Any, default: Sequence[int] = ()) -> bytes:
    """Write each track's samples, float, `(T,)` or `(2, T)`, those numbered marked as default."""
    from av.stream import Disposition

    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        layouts = ["stereo" if np.ndim(samples) == 2 else "mono" for samples in tracks]
        streams: list[Any] = [output.add_stream(codec, rate=RATE, layout=each) for each in layouts]
        for number, each in enumerate(streams):
            each.disposition = Disposition.default if number in default else Disposition(0)
        for each, layout, samples in zip(streams, layouts, tracks, strict=True):
            for start in range(0, np.shape(samples)[-1], 4000):
                block = np.atleast_2d(samples)[:, start : start + 4000].astype(np.float32)
                block = np.ascontiguousarray(block)
                frame: Any = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = RATE, start
                output.mux(each.encode(frame))
            output.mux(each.encode(None))
    return stream.getvalue()
