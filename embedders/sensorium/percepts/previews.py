"""Percepts as pictures and short sounds that a model can be shown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import PIL.Image
from PIL import ExifTags

from sensorium.percepts.codecs.pictures import MEDIA_ERRORS
from sensorium.percepts.forms import MAX_BYTES, MAX_SIDE, Preview, PreviewLimits
from sensorium.percepts.percept import Percept, Span
from sensorium.percepts.source import Encoded

SMALLEST_SIDE = 16  # pixels; a picture that does not fit at this size is not shown
QUALITIES = (85, 60)  # of JPEG, one after the other until it fits
COMMON_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
COMMON_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})  # no CMYK, nothing of 16 bits


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
        percept: A percept of any modality.
        span: The stretch to show, in seconds: of a sound, as much from its start on as fits; of a
            video, the frame in its middle; of a motion, all of it. By default from the start on.
        max_bytes: Largest size of the result.
        max_side: Largest width and height of a picture, in pixels.
    Returns:
        `None` for text, for modalities whose class draws nothing, if nothing fits into
        `max_bytes`, and if the span holds no sound.
    Raises:
        PerceptError: The percept's file is damaged, changed or gone.
    """
    return percept.make_preview(span, PreviewLimits(max_bytes, max_side))


def original_file(source: Encoded, limits: PreviewLimits) -> Preview | None:
    """Return a small picture's own file if everything shows it as it is, upright; else `None`."""
    if source.size > limits.max_bytes:
        return None
    with source.open() as stream:
        try:
            with PIL.Image.open(stream) as picture:
                upright = picture.getexif().get(ExifTags.Base.Orientation, 1) == 1
                common = upright and picture.mode in COMMON_MODES
                mime = COMMON_MIMES.get(picture.format or "") if common else None
        except MEDIA_ERRORS:  # damaged metadata, which the percept passes over
            return None
    return Preview(mime, source.read()) if mime else None


def encode_photograph(picture: PIL.Image.Image, limits: PreviewLimits) -> Preview | None:
    """Encode a picture as JPEG, smaller and smaller until it fits; `None` if it never does."""
    return _fit(picture, limits, lossless=False)


def encode_drawing(picture: PIL.Image.Image, limits: PreviewLimits) -> Preview | None:
    """Encode a map or a plot as PNG, or else as JPEG, smaller and smaller until it fits."""
    return _fit(picture, limits, lossless=True)


def _fit(picture: PIL.Image.Image, limits: PreviewLimits, *, lossless: bool) -> Preview | None:
    side = min(limits.max_side, max(picture.size))
    smallest = max(1, min(SMALLEST_SIDE, side))
    while side >= smallest:
        smaller = picture.copy()
        smaller.thumbnail((side, side))
        for encoded in _encoded(smaller, lossless=lossless):
            if len(encoded.data) <= limits.max_bytes:
                return encoded
        side //= 2
    return None


def _encoded(picture: PIL.Image.Image, *, lossless: bool) -> Iterator[Preview]:
    """Yield a picture in formats that take less and less room."""
    if lossless:
        yield _save(picture, "PNG", optimize=True)
    for quality in QUALITIES:
        yield _save(picture, "JPEG", quality=quality)


def _save(picture: PIL.Image.Image, format: str, **options: Any) -> Preview:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return Preview(COMMON_MIMES[format], file.getvalue())
