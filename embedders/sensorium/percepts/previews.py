"""What can be shown of a percept to a model that sees pictures and hears short sounds."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ExifTags

from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Thermal, Video
from sensorium.percepts.limits import MIB
from sensorium.percepts.motion_plot import plotted
from sensorium.percepts.pictures import MEDIA_ERRORS
from sensorium.percepts.source import Encoded

MAX_BYTES = MIB
MAX_SIDE = 1024  # pixels
SMALLEST_SIDE = 16  # pixels; a picture that does not fit at this size is not shown
QUALITIES = (85, 60)  # of JPEG, one after the other until it fits
COMMON_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
COMMON_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})  # no CMYK, nothing of 16 bits
RATE = 16_000  # Hz
SAMPLE_BYTES = 2
WAV_HEADER = 44  # bytes
SHORTEST = 0.1  # seconds of sound; less is not shown
FARTHEST = 48  # of 255: the far end of a depth map, which a hole (0) is not
NEAR_PERCENTILE, FAR_PERCENTILE = 99.0, 1.0  # of a map's disparities, shown as 255 and `FARTHEST`


@dataclass(frozen=True)
class Preview:
    """A picture or a sound in a format that models and browsers take.

    Attributes:
        mime: `"image/jpeg"`, `"image/png"`, `"image/webp"` or `"audio/wav"`.
        data: The whole file.
    """

    mime: str
    data: bytes = field(repr=False)


def preview(
    percept: Percept,
    *,
    span: Span | None = None,
    max_bytes: int = MAX_BYTES,
    max_side: int = MAX_SIDE,
) -> Preview | None:
    """Show a percept: a picture as it is or smaller, the stretch of a sound, a plot of a motion.

    A depth map is bright where it is near and black where nothing was measured; a thermal picture
    is white-hot.

    Args:
        percept: Of any modality.
        span: The stretch to show, in seconds: of a sound, as much from its start on as fits; of a
            video, the frame in its middle; of a motion, all of it. By default from the start on.
        max_bytes: Of the result.
        max_side: Width and height of a picture, in pixels.
    Returns:
        `None` for text and for senses that nothing here shows; where nothing fits in `max_bytes`;
        and where there is no sound in the span.
    Raises:
        PerceptError: The percept's file is damaged, changed or gone.
    """
    show = SHOWN.get(percept.modality)
    return show(percept, span, max_bytes, max_side) if show else None


def _image(image: Image, _: Span | None, max_bytes: int, max_side: int) -> Preview | None:
    source = image.source
    if isinstance(source, Encoded) and source.size <= max_bytes and max(image.size) <= max_side:
        mime = _common_mime(source)
        if mime is not None:
            return Preview(mime, source.read())
    return _photograph(image.picture(), max_bytes, max_side)


def _video(video: Video, span: Span | None, max_bytes: int, max_side: int) -> Preview | None:
    moment = (span.start + span.end) / 2 if span else 0.0
    return _photograph(next(video.frames([moment])), max_bytes, max_side)


def _depth(depth: Depth, _: Span | None, max_bytes: int, max_side: int) -> Preview | None:
    nearness = depth.disparity().astype(np.float64)  # (H, W), NaN at holes
    there = ~np.isnan(nearness)
    far, near = np.percentile(nearness[there], (FAR_PERCENTILE, NEAR_PERCENTILE))
    share = np.clip((nearness[there] - far) / (near - far), 0, 1) if near > far else 1.0
    grey = np.zeros(nearness.shape, np.uint8)
    grey[there] = np.rint(FARTHEST + (255 - FARTHEST) * share)
    return _drawing(PIL.Image.fromarray(grey), max_bytes, max_side)


def _thermal(thermal: Thermal, _: Span | None, max_bytes: int, max_side: int) -> Preview | None:
    grey = np.rint(thermal.intensity() * 255).astype(np.uint8)
    return _drawing(PIL.Image.fromarray(grey), max_bytes, max_side)


def _motion(imu: IMU, span: Span | None, max_bytes: int, max_side: int) -> Preview | None:
    return _drawing(plotted(imu, span=span), max_bytes, max_side)


def _audio(audio: Audio, span: Span | None, max_bytes: int, _: int) -> Preview | None:
    room = (max_bytes - WAV_HEADER) // SAMPLE_BYTES / RATE  # seconds
    start = max(0.0, span.start) if span else 0.0
    length = min(room, max(SHORTEST, span.end - start) if span else math.inf)
    if length < SHORTEST:
        return None
    heard = _stretch(audio, start, length)
    if heard.size == 0:
        return None
    sound = Audio(heard, rate=audio.rate).mono(RATE)[: int(room * RATE)]
    return Preview("audio/wav", _wav(sound))


def _stretch(audio: Audio, start: float, length: float) -> NDArray[np.float32]:
    """Return `(n,)` samples at the native rate; what follows the stretch is not decoded."""
    count = max(1, round(length * audio.rate))
    held = [np.empty(0, np.float32)]
    for block in audio.blocks(audio.rate, seconds=1.0, since=start):
        held.append(block[:count])
        count -= block.size
        if count <= 0:
            break
    return np.concatenate(held)


def _wav(sound: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(SAMPLE_BYTES)
        writer.setframerate(RATE)
        writer.writeframes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def _common_mime(source: Encoded) -> str | None:
    """Return the type of a small picture that everything shows as it is, upright; else `None`."""
    with source.open() as stream:
        try:
            with PIL.Image.open(stream) as picture:
                upright = picture.getexif().get(ExifTags.Base.Orientation, 1) == 1
                common = upright and picture.mode in COMMON_MODES
                return COMMON_MIMES.get(picture.format or "") if common else None
        except MEDIA_ERRORS:  # of damaged metadata, which the percept passes over
            return None


def _photograph(picture: PIL.Image.Image, max_bytes: int, max_side: int) -> Preview | None:
    return _fitting(picture, max_bytes, max_side, lossless=False)


def _drawing(picture: PIL.Image.Image, max_bytes: int, max_side: int) -> Preview | None:
    return _fitting(picture, max_bytes, max_side, lossless=True)


def _fitting(
    picture: PIL.Image.Image, max_bytes: int, max_side: int, *, lossless: bool
) -> Preview | None:
    """Encode a picture, smaller and smaller until it fits; PNG comes first if `lossless`."""
    side = min(max_side, max(picture.size))
    smallest = max(1, min(SMALLEST_SIDE, side))
    while side >= smallest:
        smaller = picture.copy()
        smaller.thumbnail((side, side))
        for shown in _encoded(smaller, lossless=lossless):
            if len(shown.data) <= max_bytes:
                return shown
        side //= 2
    return None


def _encoded(picture: PIL.Image.Image, *, lossless: bool) -> Iterator[Preview]:
    if lossless:
        yield _saved(picture, "PNG", optimize=True)
    for quality in QUALITIES:
        yield _saved(picture, "JPEG", quality=quality)


def _saved(picture: PIL.Image.Image, format: str, **options: Any) -> Preview:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return Preview(COMMON_MIMES[format], file.getvalue())


SHOWN: Mapping[str, Callable[[Any, Span | None, int, int], Preview | None]] = {
    "image": _image,
    "video": _video,
    "audio": _audio,
    "depth": _depth,
    "thermal": _thermal,
    "imu": _motion,
}
