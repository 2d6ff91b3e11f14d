"""Films with a known picture and known sound tracks, written by FFmpeg."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import av
import numpy as np

FPS = 5
RATE = 16_000  # Hz of the sounds


def film(
    *tracks: Any,
    picture: Any = None,
    seconds: float = 4.0,
    container: str = "mp4",
    default: Sequence[int] = (0,),
) -> bytes:
    """Write a film of one picture that does not move, with sound tracks of float samples `(T,)`.

    Args:
        tracks: The samples of each track at `RATE`.
        picture: RGB `(H, W, 3)`, uint8, of even size; grey by default.
        seconds: How long the picture stands.
        container: Name of the format.
        default: Numbers of the tracks that are marked as the default.
    """
    from av.stream import Disposition

    pixels: Any = np.full((48, 64, 3), 90, np.uint8) if picture is None else np.asarray(picture)
    height, width = pixels.shape[:2]
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        shown: Any = output.add_stream("libx264", rate=FPS)
        shown.height, shown.width, shown.pix_fmt = height, width, "yuv420p"
        heard: list[Any] = [output.add_stream("aac", rate=RATE, layout="mono") for _ in tracks]
        for number, each in enumerate(heard):
            each.disposition = Disposition.default if number in default else Disposition(0)
        for index in range(round(seconds * FPS)):
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            output.mux(shown.encode(frame))
        output.mux(shown.encode(None))
        for each, samples in zip(heard, tracks, strict=True):
            for start in range(0, len(samples), 4000):
                block = np.ascontiguousarray(samples[None, start : start + 4000], np.float32)
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = RATE, start
                output.mux(each.encode(frame))
            output.mux(each.encode(None))
    return stream.getvalue()
