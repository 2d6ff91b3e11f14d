"""Pictures as files and as arrays of pixels: checking, opening, decoding, encoding."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ExifTags

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    NonFiniteError,
    PerceptShapeError,
    PerceptValueError,
    SensoriumError,
    TooManyPixelsError,
)
from sensorium.percepts.codecs.photos import open_photo
from sensorium.percepts.codecs.raw_photos import ORIGIN, is_raw_photo, open_raw
from sensorium.percepts.codecs.raw_photos import SUFFIXES as RAW_SUFFIXES
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.raw_maps import RawMap
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Array, Encoded

# Opening an EPS would run Ghostscript on it; MPEG video is identified but never decoded.
REFUSED_FORMATS = frozenset({"EPS", "IPTC", "MPEG"})
PNG_LEVEL = 1  # of zlib: a quarter of the default's time, for a quarter more bytes
PAGE_KIND = 254  # tag of a TIFF page, NewSubfileType...
SMALL_COPY = 1  # ... whose lowest bit marks a copy of another page at less resolution
LARGEST_TIFF = 2**31  # bytes of samples; a TIFF file counts them in 32 bits
DEEP_KINDS = ("an OpenEXR picture", "a TIFF picture")  # if Pillow does not know the file
SHALLOW_KINDS = ("a JPEG picture", "a GIF picture", "a WebP picture")  # whose channels have 8 bits
DEEP_MODES = ("I", "F")  # Pillow's modes of one channel of more than 8 bits begin with these
MAGIC = 16  # bytes Pillow's plugins want to see to accept a file

# Bytes of memory that a pixel takes at most until it is RGB, as measured: Pillow has 4 for each
# copy of RGB. Some decoders hold whole planes of their own; so do progressive JPEG, and whatever
# becomes a layer of transparency or is scaled to 8 bits.
PIXEL = 8
HEAVY_PIXEL = 16
MAP_PIXEL = 45  # of a map of depth, which is computed in double precision
LIGHT_FORMATS = frozenset({"BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TGA", "TIFF"})
LIGHT_MODES = frozenset({"1", "L", "P", "RGB", "CMYK", "YCbCr", "I;16", "I;16L", "I;16B", "I;16N"})

# Pillow's plugins raise these on damaged metadata, which does not make a picture unreadable.
# `Warning` is here because the caller's filters may turn warnings into exceptions.
MEDIA_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    Warning,
)
BOMBS = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)

PICTURE_ADVICE = (  # what is needed, and what to do, where a file cannot be read
    "a whole picture in a format Pillow reads (JPEG, PNG, WebP, TIFF, ...)",
    "check that it is a picture and that all of it has arrived, or convert it to PNG",
)
MAP_ADVICE = (  # of floats, a PNG would keep nothing
    "a whole map: PNG, TIFF, PFM, .npy, .npz, HDF5, OpenEXR or a matrix in text",
    "check that all of it has arrived; of bare numbers say shape= and dtype=; else read it with "
    "its own program and pass the array",
)
ADVICE = {"depth": MAP_ADVICE, "thermal": MAP_ADVICE}

SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"),
    *(".jfif", ".jpe", ".jp2", ".j2k", ".jpf", ".jpx", ".mpo", ".apng", ".ico", ".tga", ".dib"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".qoi", ".pcx", ".psd"),
    *(".heic", ".heif", ".hif", ".avifs", ".jxl"),
    *RAW_SUFFIXES,
)
SHOWN = ("image", "video")  # modalities of what people look at, not of measurements
TURNS = {  # EXIF orientation to what makes the picture upright
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
SIDEWAYS = frozenset({5, 6, 7, 8})  # orientations that swap width and height


class Header(NamedTuple):
    """What a header says of a picture before its pixels are decoded."""

    width: int
    height: int
    mode: str  # Pillow's: "RGB", "L", "I;16", "F", ...
    origin: str | None = None  # where it was taken from, if the file holds more than the picture


def probe(
    source: Encoded,
    *,
    modality: str,
    limits: Limits,
    upright: bool = True,
    exact: bool = False,
    pixel: int = PIXEL,
    page: Callable[[int], int] | None = None,
) -> Header:
    """Read the header of an encoded picture, not its pixels.

    Args:
        source: The file.
        modality: Names the percept in messages.
        limits: `max_pixels` and `max_memory` are checked.
        upright: Give the size after EXIF orientation.
        exact: The values are measurements: refuse a PGM whose values Pillow would stretch.
        pixel: Bytes of memory that a pixel takes at least while it is decoded and converted.
        page: Says which of so many pages of a TIFF is meant; by default the first.
    Raises:
        MediaDecodeError: Pillow does not read the file.
        TooManyPixelsError: More than `limits` allow.
        EmptyPerceptError: A side has length zero.
    """
    if isinstance(source, RawMap):
        height, width = source.values.shape
        check_size((width, height), modality, limits)
        check_memory((width, height), pixel, modality, limits)
        return Header(width, height, source.mode)
    with open_picture(source, modality, limits, pixel=pixel, page=page) as picture:
        if exact:
            _refuse_stretched(picture)
        width, height = picture.size
        if upright and _orientation(picture) in SIDEWAYS:
            width, height = height, width
        return Header(width, height, picture.mode, picture.info.get(ORIGIN) or _first_of(picture))


def decode(
    source: Encoded,
    *,
    modality: str,
    limits: Limits,
    upright: bool = True,
    exact: bool = False,
    pixel: int = PIXEL,
    page: Callable[[int], int] | None = None,
) -> PIL.Image.Image:
    """Decode one frame of an encoded picture in its own mode.

    The arguments are those of `probe`.

    Raises:
        MediaDecodeError: The file is not a picture, or is damaged or truncated.
        TooManyPixelsError: More than `limits` allow, checked before decoding.
        SourceChangedError: The file changed after the percept was made.
    """
    with open_picture(source, modality, limits, pixel=pixel, page=page) as picture:
        if exact:
            _refuse_stretched(picture)
        turn = TURNS.get(_orientation(picture)) if upright else None
        picture.load()
        return picture if turn is None else picture.transpose(turn)


def load_upright(
    picture: PIL.Image.Image, *, modality: str, limits: Limits, upright: bool = True
) -> PIL.Image.Image:
    """Load a PIL image and turn it upright; arguments and errors are those of `decode`.

    The pixels are not modified, but the result may share them: copy them before writing.
    """
    check_size(picture.size, modality, limits)
    with translate_errors(f"a PIL image of mode {picture.mode}", modality):
        picture.load()
        turn = TURNS.get(_orientation(picture)) if upright else None
        return picture if turn is None else picture.transpose(turn)


def check_size(size: tuple[int, int], modality: str, limits: Limits) -> None:
    """Check (width, height) against zero and `limits.max_pixels`.

    Raises:
        EmptyPerceptError: A side is zero.
        TooManyPixelsError: More pixels than the limit.
    """
    width, height = size
    if width * height == 0:
        raise EmptyPerceptError(
            f"{width} x {height} pixels ({modality})",
            "at least one pixel",
            "leave this percept out",
        )
    if width * height > limits.max_pixels:
        raise TooManyPixelsError(
            f"{width} x {height} = {width * height} pixels ({modality})",
            f"at most {limits.max_pixels}",
            "scale it down, or raise the limit with limits=Limits(max_pixels=...)",
        )


def _check_memory(picture: PIL.Image.Image, modality: str, limits: Limits, pixel: int) -> None:
    light = picture.format in LIGHT_FORMATS and picture.mode in LIGHT_MODES
    if not light or {"transparency", "progressive"} & picture.info.keys():
        pixel = max(pixel, HEAVY_PIXEL)
    check_memory(picture.size, pixel, modality, limits)


def check_memory(size: tuple[int, int], pixel: int, name: str, limits: Limits) -> None:
    """Check the memory that (width, height) pixels take while they are decoded.

    Args:
        size: Width and height.
        pixel: Bytes of memory that a pixel takes.
        name: Name of the percept in messages.
        limits: `max_memory` is checked.
    Raises:
        TooManyPixelsError: They take more.
    """
    width, height = size
    if width * height * pixel > limits.max_memory:
        raise TooManyPixelsError(
            f"{width} x {height} pixels ({name}), which take about {width * height * pixel} bytes "
            "of memory while they are decoded",
            f"at most {limits.max_memory}",
            "scale it down, or raise the limit with limits=Limits(max_memory=...)",
        )


def one_channel(array: Array) -> Array:
    """Return (1, H, W), (H, W, 1) and (1, 1, H, W) as an (H, W) view, anything else as it is."""
    return array.reshape(without_ones(array.shape))


def without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without ones before and behind, of which two sides are left."""
    while len(shape) > 2 and 1 in (shape[0], shape[-1]):
        shape = shape[1:] if shape[0] == 1 else shape[:-1]
    return shape


def check_unit_interval(array: Array, modality: str) -> None:
    """Check that float samples are finite and in [0, 1].

    Raises:
        NonFiniteError: NaN or infinity.
        PerceptValueError: Below 0 or above 1.
    """
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    if bad:
        raise NonFiniteError(
            f"{bad} samples that are NaN or infinite in a float {modality} array",
            "finite values in [0, 1]",
            "replace them first, for instance with numpy.nan_to_num",
        )
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise PerceptValueError(
            f"a float {modality} array with values from {low:g} to {high:g}",
            "values in [0, 1]",
            "divide by 255 if they run to 255 (and undo any mean and std normalisation)",
        )


def eight_bit(array: Array, modality: str) -> NDArray[np.uint8]:
    """Return `array` as uint8: uint8 as it is, floats in [0, 1] times 255 and rounded.

    Raises:
        PerceptShapeError: Another dtype.
        NonFiniteError: NaN or infinity.
        PerceptValueError: Floats outside [0, 1].
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        raise PerceptShapeError(
            f"an array of dtype {array.dtype} ({modality})",
            "uint8, or floats in [0, 1]",
            "convert it: array.astype(numpy.uint8) for values up to 255, "
            "(array >> 8).astype(numpy.uint8) for 16-bit values, array / 1.0 for a mask",
        )
    check_unit_interval(array, modality)
    scaled = array.astype(np.float64 if array.itemsize > 4 else np.float32) * 255
    pixels: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return pixels


@contextmanager
def open_picture(
    source: Encoded,
    modality: str,
    limits: Limits,
    *,
    pixel: int = PIXEL,
    page: Callable[[int], int] | None = None,
) -> Iterator[PIL.Image.Image]:
    """Open a picture, whose pixels are decoded when they are asked for; as `probe` has it."""
    with source.open() as stream:
        prefix = stream.read(PREFIX)
        with translate_errors(f"{source.name}, which looks like {recognise(prefix)}", modality):
            stream.seek(0)
            raw = modality in SHOWN and is_raw_photo(stream)
            picture = open_raw(stream) if raw else identify(stream, prefix[:MAGIC])
            if page is not None:
                pages = _pages(picture)
                picture.seek(pages[page(len(pages))])
            check_size(picture.size, modality, limits)
            _check_memory(picture, modality, limits, pixel)
            yield picture


def identify(stream: BinaryIO, magic: bytes) -> PIL.Image.Image:
    """Open a file with the plugin that accepts it, as `PIL.Image.open` does, without its limit.

    Args:
        stream: The open file.
        magic: Its first `MAGIC` bytes.
    Raises:
        UnidentifiedImageError: No plugin accepts it. Damaged files make plugins raise anything of
            `MEDIA_ERRORS`.

    Pillow's pixel limit is a global of the process, warns at one size and raises at another, and
    neither is our limit. Asking the registry avoids it without a warning filter, which would not
    be safe among threads.
    """
    for load_plugins in (PIL.Image.preinit, PIL.Image.init):  # the common ones, then all
        load_plugins()
        for name in PIL.Image.ID:
            if name in REFUSED_FORMATS:
                continue
            factory, accepts = PIL.Image.OPEN[name]
            try:
                if accepts is None or accepts(magic) is True:
                    stream.seek(0)
                    return factory(stream, "")
            except (SyntaxError, LookupError, TypeError, struct.error):
                continue  # it is not this plugin's format after all
    photo = open_photo(stream, magic)
    if photo is None:
        raise PIL.UnidentifiedImageError("no plugin of Pillow reads it")
    return photo


def _first_of(picture: PIL.Image.Image) -> str | None:
    """Return which page a picture is of a file of several; `None` if it is the only one."""
    try:
        count = len(_pages(picture))
    except MEDIA_ERRORS:  # of a later page: the first one may be whole
        return None
    return f"the first of {count} pages" if count > 1 else None


def _pages(picture: PIL.Image.Image) -> list[int]:
    """Return the indices of the pages of a TIFF but for small copies; of others, the first."""
    if picture.format != "TIFF":
        return [0]
    whole = []
    for index in range(picture.n_frames):  # type: ignore[attr-defined]  # a TIFF has it
        picture.seek(index)
        if not picture.tag_v2.get(PAGE_KIND, 0) & SMALL_COPY:  # type: ignore[attr-defined]  # the same
            whole.append(index)
    return whole or [0]


@contextmanager
def translate_errors(what: str, modality: str) -> Iterator[None]:
    """Turn what Pillow raises on bad content into a `MediaDecodeError` or `TooManyPixelsError`.

    Its plugins raise almost anything there. `MemoryError` goes on: it says nothing of the file.
    """
    try:
        yield
    except (SensoriumError, MemoryError):
        raise
    except BOMBS as error:
        raise TooManyPixelsError(
            f"{what} ({error})",
            "a picture inside Pillow's own limit, which this format checks while it is opened",
            "scale it down, or raise PIL.Image.MAX_IMAGE_PIXELS",
        ) from error
    except Exception as error:
        needed, remedy = ADVICE.get(modality, PICTURE_ADVICE)
        raise MediaDecodeError(
            f"{what.rstrip(',')}, cannot be read as {modality} ({type(error).__name__}: {error})",
            needed,
            remedy,
        ) from error


def _refuse_stretched(picture: PIL.Image.Image) -> None:
    """Raise `ValueError` for a 16-bit PGM whose values Pillow would multiply by 65535 / maxval."""
    tiles = getattr(picture, "tile", ())
    if picture.format == "PPM" and picture.mode == "I" and any(tile[0] != "raw" for tile in tiles):
        raise ValueError("its maxval is not 65535, so reading it would stretch its values")


def _orientation(picture: PIL.Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8, without decoding the pixels."""
    if picture.format == "TIFF":
        return 1  # Pillow applies a TIFF's own tag while decoding, and gives the size after it
    try:
        exif = PIL.Image.Image.getexif(picture)  # the PNG plugin's own would decode the pixels
    except MEDIA_ERRORS:
        return 1  # damaged metadata does not make a picture unreadable
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) else 1


def is_deep_picture(content: Path | Encoded) -> bool:
    """Return whether a picture has one channel of 16 bits or more: depth or heat, not colours.

    OpenEXR pictures, and TIFF files of numbers that Pillow does not know, are taken for such.
    """
    try:
        opened = content.open("rb") if isinstance(content, Path) else content.open()
        with opened as stream:
            kind = recognise(stream.read(PREFIX))
            if kind in SHALLOW_KINDS:
                return False
            stream.seek(0)
            if is_raw_photo(stream):
                return False
            with PIL.Image.open(stream) as picture:
                return picture.mode.startswith(DEEP_MODES)
    except PIL.UnidentifiedImageError:
        return kind in DEEP_KINDS
    except (*MEDIA_ERRORS, PIL.Image.DecompressionBombError):
        return False  # the percept's class says what is wrong with it


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels `(H, W)` or `(H, W, 3)` as a PNG file."""
    content = io.BytesIO()
    PIL.Image.fromarray(pixels).save(content, "PNG", compress_level=PNG_LEVEL)
    return content.getvalue()


def encode_tiff(values: NDArray[np.float32]) -> bytes | None:
    """Encode a map `(H, W)` losslessly as a TIFF file; `None` if it is too large for the format."""
    if values.nbytes > LARGEST_TIFF:
        return None
    content = io.BytesIO()
    PIL.Image.fromarray(values).save(content, "TIFF")
    return content.getvalue()
