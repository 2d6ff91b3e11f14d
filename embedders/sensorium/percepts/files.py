"""A percept as an ordinary file, and back, without losing a bit of what it decodes to."""

from __future__ import annotations

import io
import mimetypes
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from sensorium.errors import (
    MediaDecodeError,
    PerceptFormatError,
    RecordError,
    SensoriumError,
    SourceTooLargeError,
    UnitError,
)
from sensorium.percepts import IMU, Limits, Percept, Thermal
from sensorium.percepts.imu import Motion
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Array, Encoded, Samples, Source, take

NPY_MAGIC = b"\x93NUMPY"  # no other file that a percept takes begins like this
LARGEST_FILE = 2**31  # bytes of samples in one WAV or TIFF, which count in 32 bits
WAV_CHANNELS = 7  # numpy adds eight interleaved channels in another order than eight planes
WAV_HEADER = "<4sI4s 4sIHHIIHHH 4sII 4sI"  # RIFF, fmt, fact and data: 58 bytes
WAV_FLOAT = 3  # format tag of IEEE float samples
PNG_LEVEL = 1  # of zlib: a quarter of the default's time, for a quarter more bytes
FORMATS = {  # what `recognise` says: extension and mime type
    "a JPEG picture": ("jpg", "image/jpeg"),
    "a PNG picture": ("png", "image/png"),
    "a GIF picture": ("gif", "image/gif"),
    "a BMP picture": ("bmp", "image/bmp"),
    "a TIFF picture": ("tiff", "image/tiff"),
    "a WebP picture": ("webp", "image/webp"),
    "an AVIF picture": ("avif", "image/avif"),
    "a HEIC picture": ("heic", "image/heic"),
    "an OpenEXR picture": ("exr", "image/x-exr"),
    "an AVI video": ("avi", "video/x-msvideo"),
    "a Matroska or WebM video": ("mkv", "video/x-matroska"),
    "an MPEG video": ("mpg", "video/mpeg"),
    "a Flash video": ("flv", "video/x-flv"),
    "an MPEG-4 or QuickTime video": ("mp4", "video/mp4"),
    "an MPEG-4 sound": ("m4a", "audio/mp4"),
    "an Ogg sound or video": ("ogg", "application/ogg"),
    "a FLAC sound": ("flac", "audio/flac"),
    "an MP3 sound": ("mp3", "audio/mpeg"),
    "a WAV sound": ("wav", "audio/wav"),
    "a NumPy file": ("npy", "application/x-npy"),
}
FAMILIES = {"depth": "image", "thermal": "image"}  # of mime types; other senses have their own
CONTAINED = ("audio", "video")  # both of which a container's first bytes may mean
UNKNOWN = ("bin", "application/octet-stream")


@dataclass(frozen=True)
class Kept:
    """A percept as a file.

    Attributes:
        source: The file's content: `source.open()` reads it, `source.size` is its bytes.
        extension: Without the dot.
        mime: Its type.
        units: The keywords with which `reopened` makes the percept again.
    """

    source: Encoded = field(repr=False)
    extension: str
    mime: str
    units: Mapping[str, Any]


def serialised(percept: Percept) -> Kept:
    """Turn a percept into an ordinary file that its own class opens again with the same meaning.

    An encoded source stays as it is, byte for byte, read when needed. Samples become a PNG (image),
    a WAV of 32-bit floats (audio), a TIFF of 32-bit floats (depth, thermal) or an NPZ of named
    columns (imu); where that would lose anything, and for video, a `.npy` file that only
    `reopened` opens.

    Raises:
        RecordError: A percept that is no file: a text is kept as `page_content`.
        SourceChangedError: The file changed after the percept was made.
    """
    source = percept.source
    if isinstance(source, Encoded):
        extension, mime = _recognised(source, percept)
        return Kept(source, extension, mime, dict(percept.units))
    write = WRITERS.get(percept.modality)
    kept = write(percept) if write else None
    return kept or _npy(percept)


def reopened(
    content: Path | bytes,
    *,
    modality: str,
    units: Mapping[str, Any],
    at: datetime | None = None,
    uri: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Percept:
    """Make the percept that `serialised` turned into a file.

    Args:
        content: The file, or its bytes. A path is read again whenever the percept is decoded.
        modality: Of the percept; a registered one.
        units: As `Kept.units` gave them, perhaps after a trip through JSON.
        at: When it was observed.
        uri: Where it came from.
        limits: As for the percept's constructor.
    Returns:
        A percept that decodes to the same bits. Its digest is another one where samples became a
        file.
    Raises:
        PerceptFormatError: No such modality, or units that are not its.
        MediaDecodeError: A damaged file.
        PerceptError: As the percept's constructor.
    """
    make: Any = Percept.modalities.get(modality)
    if make is None:
        raise PerceptFormatError(
            f"a file of the modality {modality!r}",
            f"one of {', '.join(sorted(Percept.modalities))}",
            "import the module that defines its class",
        )
    if modality == "text":
        raise _no_file("a text")
    source: Source = take(content, modality=modality, limits=limits)
    if isinstance(source, Encoded) and _prefix(source).startswith(NPY_MAGIC):
        source = _samples(source, modality)
    try:
        percept: Percept = make(source, **units, at=at, uri=uri, limits=limits)
    except SensoriumError:
        raise
    except (TypeError, ValueError) as error:
        raise PerceptFormatError(
            f"a kept {modality} with the units {dict(units)!r} ({error})",
            "the units it was kept with",
            "restore the record from a copy",
        ) from error
    return percept


def _prefix(source: Encoded) -> bytes:
    with source.open() as stream:
        return stream.read(PREFIX)


def _recognised(source: Encoded, percept: Percept) -> tuple[str, str]:
    """Return extension and mime type, by the content; by the file's name where that is unclear."""
    kind = recognise(_prefix(source))
    if kind in FORMATS:
        extension, mime = FORMATS[kind]
        timed = percept.modality in CONTAINED and mime.startswith(("video/", "application/ogg"))
        return extension, f"{percept.modality}/{mime.partition('/')[2]}" if timed else mime
    if percept.modality == "imu":
        return ("csv", "text/csv") if kind == "text" else ("npz", "application/zip")
    suffix = source.path.suffix.lower() if source.path else ""
    mime = mimetypes.types_map.get(suffix, "")
    family = FAMILIES.get(percept.modality, percept.modality)
    return (suffix[1:], mime) if mime.startswith(f"{family}/") else UNKNOWN


def _png(percept: Percept) -> Kept:
    picture = PIL.Image.fromarray(_array(percept))
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=PNG_LEVEL)
    return Kept(Encoded(data=content.getvalue()), "png", "image/png", dict(percept.units))


def _wav(percept: Percept) -> Kept | None:
    wave = _array(percept)  # (C, T) float32
    channels, count = wave.shape
    if channels > WAV_CHANNELS or wave.nbytes > LARGEST_FILE:
        return None
    rate, frame = percept.units["rate"], channels * wave.itemsize  # bytes of one moment
    size = struct.calcsize(WAV_HEADER) - 8 + wave.nbytes
    header = struct.pack(
        WAV_HEADER,
        *(b"RIFF", size, b"WAVE"),
        *(b"fmt ", 18, WAV_FLOAT, channels, rate, rate * frame, frame, 8 * wave.itemsize, 0),
        *(b"fact", 4, count),
        *(b"data", wave.nbytes),
    )
    return Kept(Encoded(data=header + wave.T.tobytes()), "wav", "audio/wav", {})


def _tiff(percept: Percept) -> Kept | None:
    values = _array(percept)  # (H, W) float32, NaN at holes
    if values.nbytes > LARGEST_FILE:
        return None
    content = io.BytesIO()
    PIL.Image.fromarray(values).save(content, "TIFF")
    return Kept(Encoded(data=content.getvalue()), "tiff", "image/tiff", dict(percept.units))


def _thermal_tiff(percept: Percept) -> Kept | None:
    """Write a TIFF, unless its class would take a furnace in celsius for a room in kelvin."""
    kept = _tiff(percept)
    if kept is None:
        return None
    try:
        Thermal(kept.source, **kept.units, limits=percept.limits).view()
    except UnitError:
        return None
    return kept


def _npz(percept: Percept) -> Kept | None:
    """Write named columns, unless their reader would doubt the unit, or find them too large."""
    motion = _motion(percept)
    columns: dict[str, Any] = {"data": motion.samples.array}
    if motion.times is not None:
        columns["t"] = motion.times.array
    content = io.BytesIO()
    np.savez(content, **columns)
    kept = Kept(Encoded(data=content.getvalue()), "npz", "application/zip", dict(percept.units))
    try:
        IMU(kept.source, **kept.units, limits=percept.limits)
    except (UnitError, SourceTooLargeError):
        return None
    return kept


def _npy(percept: Percept) -> Kept:
    """Write samples as one array; of motion with times, those are its first column."""
    if percept.modality == IMU.modality:
        motion = _motion(percept)
        array: Array = motion.samples.array
        if motion.times is not None:
            array = np.column_stack([motion.times.array, array])  # (T, 7) float64
    else:
        array = _array(percept)
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    source = Encoded(data=content.getvalue())
    return Kept(source, *FORMATS["a NumPy file"], dict(percept.units))


def _samples(source: Encoded, modality: str) -> Samples | Motion:
    """Read what `_npy` wrote."""
    try:
        with source.open() as stream:
            array: Array = np.load(stream, allow_pickle=False)
        if array.dtype.kind not in "biuf" or array.size == 0:
            raise ValueError(f"an array of shape {array.shape} and dtype {array.dtype}")
    except (ValueError, TypeError, EOFError, OSError, MemoryError, OverflowError) as error:
        raise MediaDecodeError(
            f"{source.name}, unreadable as {modality} ({error})",
            "a whole .npy file of numbers",
            "restore it from a copy",
        ) from error
    if modality != IMU.modality:
        return Samples(array)
    timed = array.ndim == 2 and array.shape[1] == 7
    motion = array[:, 1:].astype(np.float32) if timed else array
    return Motion(Samples(motion), Samples(array[:, 0]) if timed else None)


def _array(percept: Percept) -> Array:
    if not isinstance(percept.source, Samples):
        raise _no_file(f"a {percept.modality} of {percept.source.name}")
    return percept.source.array


def _motion(percept: Percept) -> Motion:
    if not isinstance(percept.source, Motion):
        raise _no_file(f"a {percept.modality} of {percept.source.name}")
    return percept.source


def _no_file(came: str) -> RecordError:
    return RecordError(
        f"{came}, as a media file",
        "a percept whose source is an encoded file or samples",
        "keep text as page_content; remember other percepts with keep_media=False",
    )


WRITERS: Mapping[str, Callable[[Any], Kept | None]] = {
    "image": _png,
    "audio": _wav,
    "depth": _tiff,
    "thermal": _thermal_tiff,
    "imu": _npz,
}
