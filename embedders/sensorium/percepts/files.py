"""A percept as an ordinary file, and back, without losing a bit of what it decodes to."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.errors import MediaDecodeError
from sensorium.percepts.forms import FileFormat, PerceptFile, no_file
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, make_percept
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Array, Encoded, Source, take

NPY_MAGIC = b"\x93NUMPY"  # no other file that a percept takes begins like this


NPY = FileFormat("npy", "application/x-npy")
UNKNOWN = FileFormat("bin", "application/octet-stream")
FORMATS = {  # by what `recognise` says
    "a JPEG picture": FileFormat("jpg", "image/jpeg"),
    "a PNG picture": FileFormat("png", "image/png"),
    "a GIF picture": FileFormat("gif", "image/gif"),
    "a BMP picture": FileFormat("bmp", "image/bmp"),
    "a TIFF picture": FileFormat("tiff", "image/tiff"),
    "a WebP picture": FileFormat("webp", "image/webp"),
    "an AVIF picture": FileFormat("avif", "image/avif"),
    "a HEIC picture": FileFormat("heic", "image/heic"),
    "a JPEG 2000 picture": FileFormat("jp2", "image/jp2"),
    "a JPEG XL picture": FileFormat("jxl", "image/jxl"),
    "a Photoshop picture": FileFormat("psd", "image/vnd.adobe.photoshop"),
    "a Canon raw picture": FileFormat("cr3", "image/x-canon-cr3"),
    "an OpenEXR picture": FileFormat("exr", "image/x-exr"),
    "an AVI video": FileFormat("avi", "video/x-msvideo"),
    "a Matroska or WebM video": FileFormat("mkv", "video/x-matroska"),
    "an MPEG video": FileFormat("mpg", "video/mpeg"),
    "a Flash video": FileFormat("flv", "video/x-flv"),
    "an MPEG-4 or QuickTime video": FileFormat("mp4", "video/mp4"),
    "an MPEG-4 sound": FileFormat("m4a", "audio/mp4"),
    "an MPEG transport video": FileFormat("ts", "video/mp2t"),
    "an ASF video": FileFormat("wmv", "video/x-ms-asf"),
    "an AMR sound": FileFormat("amr", "audio/amr"),
    "a CAF sound": FileFormat("caf", "audio/x-caf"),
    "an AU sound": FileFormat("au", "audio/basic"),
    "a W64 sound": FileFormat("w64", "audio/x-w64"),
    "an AIFF sound": FileFormat("aiff", "audio/aiff"),
    "an Ogg sound or video": FileFormat("ogg", "application/ogg"),
    "a FLAC sound": FileFormat("flac", "audio/flac"),
    "an MP3 sound": FileFormat("mp3", "audio/mpeg"),
    "a WAV sound": FileFormat("wav", "audio/wav"),
    "a NumPy file": NPY,
}
CONTAINERS = ("video/", "application/ogg")  # mime types of files that may hold sound alone
IN_CONTAINERS = ("audio", "video")  # mime families of what they may hold


def file_from_percept(percept: Percept) -> PerceptFile:
    """Turn a percept into an ordinary file that its own class opens again with the same meaning.

    An encoded source stays as it is, byte for byte, read when needed. Samples become a PNG (image),
    a WAV of 32-bit floats (audio), a TIFF of 32-bit floats (depth, thermal) or an NPZ of named
    columns (imu); where that would lose anything, and for video, a `.npy` file that only
    `percept_from_file` opens.

    Raises:
        RecordError: The percept is a text, which is kept as `page_content`, or its source is
            neither an encoded file nor samples.
        SourceChangedError: The file changed after the percept was made.
    """
    if not percept.has_file:
        raise no_file(f"a {percept.modality}")
    source = percept.source
    if isinstance(source, Encoded):
        return PerceptFile(source, *_format(percept, source), dict(percept.units))
    return percept.make_file() or _npy_file(percept)


def percept_from_file(
    content: Path | bytes,
    *,
    modality: str,
    units: Mapping[str, Any],
    at: datetime | None = None,
    uri: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Percept:
    """Make the percept that `file_from_percept` turned into a file.

    Args:
        content: The file, or its bytes. A path is read again whenever the percept is decoded.
        modality: Modality of the percept; a registered one.
        units: `PerceptFile.units`, perhaps after a trip through JSON.
        at: When it was observed.
        uri: Where it came from.
        limits: Largest sizes that are accepted.
    Returns:
        A percept that decodes to the same bits. Its digest is another one where samples became a
        file.
    Raises:
        PerceptFormatError: The modality is unknown, or its class does not take the units.
        RecordError: A text, which is not kept as a file.
        MediaDecodeError: The file is damaged.
        PerceptError: The percept's class refuses the content.
    """
    cls = Percept.modalities.get(modality)
    if cls is not None and not cls.has_file:
        raise no_file(f"a {modality}")
    source: Source = take(content, modality=modality, limits=limits)
    if cls is not None and isinstance(source, Encoded) and _prefix(source).startswith(NPY_MAGIC):
        source = cls.source_from_array(_array(source, modality))
    return make_percept(modality, source, units, at=at, uri=uri, limits=limits)


def _prefix(source: Encoded) -> bytes:
    with source.open() as stream:
        return stream.read(PREFIX)


def _format(percept: Percept, source: Encoded) -> FileFormat:
    """Return the format that the content shows, or else the percept's class or the file's name."""
    kind, family = recognise(_prefix(source)), percept.mime_family
    if kind in FORMATS:
        extension, mime = FORMATS[kind]
        if family in IN_CONTAINERS and mime.startswith(CONTAINERS):
            mime = f"{family}/{mime.partition('/')[2]}"
        return FileFormat(extension, mime)
    known = percept.file_format(kind)
    if known is not None:
        return FileFormat(*known)
    suffix = source.path.suffix.lower() if source.path else ""
    mime = mimetypes.types_map.get(suffix, "")
    return FileFormat(suffix[1:], mime) if mime.startswith(f"{family}/") else UNKNOWN


def _npy_file(percept: Percept) -> PerceptFile:
    content = io.BytesIO()
    np.save(content, percept.to_array(), allow_pickle=False)
    return PerceptFile(Encoded(data=content.getvalue()), *NPY, dict(percept.units))


def _array(source: Encoded, modality: str) -> Array:
    """Read what `_npy_file` wrote."""
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
    return array
