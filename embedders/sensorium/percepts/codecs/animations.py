"""Pictures of several frames: whether they move, and their frames in time."""

from __future__ import annotations

from collections.abc import Iterator

import PIL.Image

from sensorium.errors import MediaDecodeError, SensoriumError
from sensorium.percepts.codecs.pictures import open_picture
from sensorium.percepts.limits import Limits
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Encoded

MODALITY = "video"  # for messages
# Pictures that may have several frames. FFmpeg knows no animated WebP or AVIF, and not for how long
# the last frame of a PNG or a GIF is shown, so Pillow reads them all.
ANIMATED = frozenset({"a GIF picture", "a PNG picture", "a WebP picture", "an AVIF picture"})
# Browsers show a frame of 10 ms or less for 100 ms
SHORTEST, USUAL = 10, 100  # milliseconds


def moves(source: Encoded, limits: Limits) -> bool:
    """Return whether a picture has frames of which one differs from the first.

    What cannot be read does not move: whoever reads it as a picture says what is wrong.
    """
    if recognise(source.head(PREFIX)) not in ANIMATED:
        return False
    try:
        with open_picture(source, MODALITY, limits) as picture:
            if not getattr(picture, "is_animated", False):  # as nearly all: nothing is decoded
                return False
            frames = _frames(picture)
            first = next(frames).tobytes()
            return any(frame.tobytes() != first for frame in frames)
    except (SensoriumError, StopIteration):
        return False


def is_animated(source: Encoded, limits: Limits) -> bool:
    """Return whether a file is a picture of several frames.

    Raises:
        TooManyPixelsError: A frame is larger than `limits` allow.
    """
    if recognise(source.head(PREFIX)) not in ANIMATED:
        return False
    try:
        with open_picture(source, MODALITY, limits) as picture:
            return bool(getattr(picture, "is_animated", False))
    except MediaDecodeError:
        return False


def read_periods(source: Encoded, limits: Limits) -> list[float]:
    """Return for how many seconds each frame of an animation is shown.

    Raises:
        MediaDecodeError: The file is damaged.
        TooManyPixelsError: A frame is larger than `limits` allow.
    """
    with open_picture(source, MODALITY, limits) as picture:
        return [_period(frame) for frame in _frames(picture)]


def timed_pictures(source: Encoded, limits: Limits) -> Iterator[tuple[float, PIL.Image.Image]]:
    """Yield every frame of an animation, RGB on white, with its start in seconds.

    Raises:
        MediaDecodeError: The file is damaged.
        SourceChangedError: The file changed after the percept was made.
    """
    start = 0.0
    with open_picture(source, MODALITY, limits) as picture:
        for frame in _frames(picture):
            layers = frame.convert("RGBA")
            shown = PIL.Image.new("RGBA", layers.size, "white")
            shown.alpha_composite(layers)
            yield start, shown.convert("RGB")
            start += _period(frame)


def _period(frame: PIL.Image.Image) -> float:
    """Return the seconds that browsers show a frame."""
    stated = frame.info.get("duration") or 0
    return (stated if stated > SHORTEST else USUAL) / 1000


def _frames(picture: PIL.Image.Image) -> Iterator[PIL.Image.Image]:
    """Yield the frames of an open picture, each in place of the one before it.

    A PNG may begin with a picture for programs that know no animation, which is none of its frames.
    """
    first = 1 if picture.info.get("default_image") else 0
    for index in range(first, getattr(picture, "n_frames", 1)):
        picture.seek(index)
        picture.load()
        yield picture
