"""Photos of telephones that Pillow does not read: HEIC, with `pip install "sensorium[photos]"`.

The package pillow-heif is asked for each such file. Pillow's own list of formats, which belongs to
the whole process, stays as it is.
"""

from __future__ import annotations

from typing import BinaryIO

import PIL.Image

from sensorium.errors import MediaDecodeError, MissingExtraError
from sensorium.percepts.signatures import recognise

HEIC, JXL = "a HEIC picture", "a JPEG XL picture"
EXTRA = "photos"


def open_photo(stream: BinaryIO, magic: bytes) -> PIL.Image.Image | None:
    """Open a photo whose first bytes are `magic` with a package that may be installed.

    Returns:
        The picture, whose pixels are not decoded yet; `None` for other files.
    Raises:
        MissingExtraError: The package is not installed.
        MediaDecodeError: The file is of a kind that no package of ours reads.
    """
    kind = recognise(magic)
    if kind == HEIC:
        return _open_heic(stream)
    if kind == JXL:
        raise MediaDecodeError(
            kind,
            "a picture in a format that Pillow reads",
            "convert it to PNG or JPEG, or import a plugin of Pillow that reads it",
        )
    return None


def _open_heic(stream: BinaryIO) -> PIL.Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingExtraError(
            HEIC,
            "the package pillow-heif, which reads it",
            f'run: pip install "sensorium[{EXTRA}]"',
        ) from error
    stream.seek(0)
    picture: PIL.Image.Image = HeifImageFile(stream, "")  # type: ignore[no-untyped-call]  # is not
    return picture
