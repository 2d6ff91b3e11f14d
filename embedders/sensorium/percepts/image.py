"""Images: photographs, drawings and screenshots, as 8-bit RGB."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from typing_extensions import Self

from sensorium.errors import PerceptShapeError, PerceptValueError
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.pictures import picture_capture
from sensorium.percepts.codecs.pictures import (
    SUFFIXES,
    check_size,
    decode,
    eight_bit,
    encode_png,
    load_upright,
    probe,
    translate_errors,
)
from sensorium.percepts.forms import PerceptFile, Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.live_photos import film_within
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_photograph, original_file
from sensorium.percepts.source import Array, Encoded, Given, Samples, take
from sensorium.percepts.video import Video

WHITEST_16_BIT = 65_535
CHANNELS = frozenset({1, 3, 4})  # grey, RGB, RGBA


class Image(Percept):
    """A picture, upright and in colour, transparency on white; the first frame of an animation.

    Attributes:
        size: (width, height) in pixels, after EXIF orientation.
    """

    modality: ClassVar[str] = "image"
    still: ClassVar[bool] = True
    suffixes: ClassVar[tuple[str, ...]] = SUFFIXES
    mime_family: ClassVar[str] = "image"
    source: Encoded | Samples
    size: tuple[int, int]
    _film: Path | None = None  # a file beside it

    def __init__(
        self,
        source: Given,
        *,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a picture; only the header of an encoded one is read now.

        Args:
            source: A path, bytes, a binary file object or a data: URI of a picture in a format
                Pillow reads; an array or tensor of shape (H, W), (H, W, 1), (H, W, 3) RGB or
                (H, W, 4) RGBA, uint8 or float in [0, 1]; a PIL image of any mode.
            at: When it was seen.
            uri: Where it came from; not fetched.
            limits: Checked before decoding.
        Raises:
            PerceptShapeError: The array has another shape or dtype.
            PerceptValueError: Floats outside [0, 1]; `NonFiniteError` for NaN or infinity.
            MediaDecodeError: The file is not a picture, or its header is damaged.
            TooManyPixelsError: More pixels than `limits` allow.
            TimeError: `at` is not an aware datetime.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        if isinstance(source, PIL.Image.Image):
            rgb = _rgb(load_upright(source, modality=self.modality, limits=limits))
            taken: Encoded | Samples = Samples(np.asarray(rgb))
        else:
            taken = take(source, modality=self.modality, limits=limits)
        origin = None
        if isinstance(taken, Samples):
            array = _rgb_array(taken.array, limits)
            taken = taken if array is taken.array else Samples(array)
            size = (array.shape[1], array.shape[0])
        else:
            header = probe(taken, modality=self.modality, limits=limits)
            size, origin = (header.width, header.height), header.origin
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(size=size)
        if origin is not None:
            self._note(picture=f"{origin}, {size[0]} x {size[1]}")

    @property
    def units(self) -> Mapping[str, Any]:
        """A picture has no units."""
        return {}

    def picture(self) -> PIL.Image.Image:
        """Decode to a new picture of mode RGB: upright, on white, without metadata.

        16-bit greys keep their upper 8 bits; floats in [0, 1] are multiplied by 255 and rounded.
        Colour profiles are not applied.

        Raises:
            MediaDecodeError: The file is damaged or truncated.
            PerceptValueError: A 32-bit or float picture with values outside 0..65535 or [0, 1].
            SourceChangedError: The file changed after the percept was made.
        """
        if isinstance(self.source, Samples):
            return PIL.Image.fromarray(self.source.array)
        return _rgb(decode(self.source, modality=self.modality, limits=self.limits))

    def film(self) -> Video | None:
        """Return the film of the same moment, with the same `at`; `None` if there is none.

        Telephones of Google and Samsung write it into the file of the photo (motion photos), those
        of Apple beside it (live photos): `with_film` says where.

        Raises:
            MediaDecodeError: The film is damaged.
            SourceChangedError: The file changed after the percept was made.
        """
        if self._film is not None:
            return Video(self._film, at=self.at, uri=self._film.as_uri(), limits=self.limits)
        found = film_within(self.source) if isinstance(self.source, Encoded) else None
        return Video(found, at=self.at, uri=self.uri, limits=self.limits) if found else None

    def with_film(self, film: Path) -> Self:
        """Return the same picture with the film of its moment, a file beside it.

        It counts neither in `digest` nor in `to_dict`. `sensorium.percepts.live_photos` says which
        files belong together, and `sensorium.sources.walk` asks it.

        Args:
            film: Path of the film.
        """
        same = copy.copy(self)
        same._set(_film=film.absolute())
        return same

    def read_capture(self) -> Capture:
        """Return when and where it was taken, by EXIF, XMP, or the texts of a PNG."""
        if not isinstance(self.source, Encoded):
            return NOTHING
        return picture_capture(self.source, self.named_capture())

    def make_file(self) -> PerceptFile:
        """Return the pixels as a PNG."""
        content = Encoded(data=encode_png(self.to_array()))
        return PerceptFile(content, "png", "image/png", {})

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return the file itself if it is small and in a common format, else a smaller JPEG."""
        whole = None
        if isinstance(self.source, Encoded) and max(self.size) <= limits.max_side:
            whole = original_file(self.source, limits)
        return whole or encode_photograph(self.picture(), limits)


def _rgb_array(array: Array, limits: Limits) -> NDArray[np.uint8]:
    """Return pixels of any accepted shape and dtype as (H, W, 3) uint8; RGB uint8 as it is."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in CHANNELS:
        raise _shape_error(array)
    check_size((array.shape[1], array.shape[0]), Image.modality, limits)
    pixels = eight_bit(array, Image.modality)
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    if pixels.shape[2] == 3:
        return pixels
    return np.asarray(_rgb(PIL.Image.fromarray(pixels)))


def _shape_error(array: Array) -> PerceptShapeError:
    remedy = "pass one picture at a time, colours last"
    if array.ndim == 3 and array.shape[0] in CHANNELS:
        remedy = "put the colours last: array.transpose(1, 2, 0), or tensor.permute(1, 2, 0)"
    return PerceptShapeError(
        f"an image array of shape {array.shape}",
        "(H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA",
        remedy,
    )


def _rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Convert a decoded picture of any mode to a new one of mode RGB."""
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = PIL.Image.fromarray(_grey(picture))
    with translate_errors(f"a picture of mode {picture.mode}", Image.modality):
        if picture.has_transparency_data:
            white = PIL.Image.new("RGBA", picture.size, "white")
            white.alpha_composite(picture.convert("RGBA"))
            picture = white
        rgb = picture.convert("RGB")
    rgb.info = {}  # its EXIF must not turn it a second time
    return rgb


def _grey(picture: PIL.Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of a 16-bit, 32-bit or float grey picture as (H, W) uint8."""
    values = np.asarray(picture)
    if picture.mode == "F":
        return eight_bit(values, Image.modality)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > WHITEST_16_BIT:
        raise PerceptValueError(
            f"a grey picture with values from {low} to {high}",
            f"0 to {WHITEST_16_BIT}",
            "scale it to 8 bit yourself and pass the array",
        )
    return (values >> 8).astype(np.uint8)
