"""Films with a known picture and known sound tracks, written by FFmpeg, and who knows them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from sensorium.percepts import Audio, Percept, Video
from tests.support.planted import MODALITIES, PLANTED, PlantedEncoder
from tests.support.sounds import tone

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


class FilmEncoder(PlantedEncoder):
    """A video and its sound mean what stands before and behind the `+` of their `uri`."""

    modalities = frozenset({*MODALITIES, "video"})

    def _encoded(self, percept: Percept) -> Any:
        seen, plus, heard = (percept.uri or "").removeprefix(PLANTED).partition("+")
        if plus:
            meant = heard if isinstance(percept, Audio) else seen
            percept = percept.with_origin(uri=PLANTED + meant)
        return super()._encoded(percept)


class DeafEncoder(FilmEncoder):
    """It has no vectors of sounds."""

    modalities = FilmEncoder.modalities - {"audio"}


BOAT = film(tone(300, 4.0))


def boat(content: bytes | Path = BOAT, meant: str = "boat+sea|dog") -> Video:
    """A film of a boat, in whose second second a dog is heard."""
    return Video(content, uri=PLANTED + meant)
