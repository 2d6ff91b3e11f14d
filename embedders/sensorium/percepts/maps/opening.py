"""Open a map whatever file it lies in: which reader takes it, its first bytes say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias, TypeVar

import PIL.Image

from sensorium.errors import MediaDecodeError, Phrase, listed
from sensorium.percepts.codecs.pictures import (
    Header,
    check_memory,
    check_size,
    decode,
    probe,
    translate_errors,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.exr_files import open_exr
from sensorium.percepts.maps.hdf5_files import open_hdf5
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.matlab_files import open_matlab
from sensorium.percepts.maps.numpy_files import open_npy, open_npz
from sensorium.percepts.maps.raw_files import MOST_WAYS, fitting, open_raw
from sensorium.percepts.maps.raw_maps import RawMap
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.maps.text_files import open_text
from sensorium.percepts.maps.tiff_files import open_tiff
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Array, Encoded

P = TypeVar("P")
S = TypeVar("S")
Opener: TypeAlias = Callable[[BinaryIO, Layout, Limits, str], AbstractContextManager[Stored]]
OPENERS: dict[str, Opener] = {  # by what `recognise` says
    "a NumPy file": open_npy,
    "a ZIP archive or an office document": open_npz,
    "an HDF5 file": open_hdf5,
    "a MATLAB file of version 5": open_matlab,
    "an OpenEXR picture": open_exr,
    "text": open_text,
}
LATER: dict[str, Opener] = {  # where Pillow does not read it
    "a TIFF picture": open_tiff,
    "text": open_text,
}
NETPBM = b"P"  # what a picture of plain text begins with, and perhaps a table
FORMATS = {  # extension and mime type of a kept file, by what `recognise` says
    "an HDF5 file": ("h5", "application/x-hdf5"),
    "a MATLAB file of version 5": ("mat", "application/x-matlab-data"),
    "a ZIP archive or an office document": ("npz", "application/x-npz"),
    "text": ("csv", "text/csv"),
}
SUFFIXES = (".npy", ".npz", ".h5", ".hdf5", ".mat", ".exr", ".csv", ".raw", ".bin")


@dataclass(frozen=True)
class MapFile:
    """A map in an encoded file.

    Attributes:
        source: The file.
        layout: Where in the file the map lies.
        modality: Names the percept in messages.
        limits: Largest sizes that are accepted.
        pixel: Bytes of memory that a pixel takes until it is a value.
        upright: Whether EXIF orientation is applied to a picture.
        exact: Whether the values are measurements, which must not be stretched.
    """

    source: Encoded
    layout: Layout
    modality: str
    limits: Limits
    pixel: int
    upright: bool = False
    exact: bool = True

    def header(self) -> Header:
        """Return size and mode (as Pillow calls it); the values are not read, but those of text.

        Raises:
            MediaDecodeError: The file is damaged, or no map.
            PerceptShapeError: It holds several maps, and `layout` does not say which.
            TooManyPixelsError: More pixels than `limits` allow.
            MissingExtraError: The library that reads such files is not installed.
        """
        return self._by(probe, _header_of)

    def read(self) -> PIL.Image.Image | Array:
        """Return the decoded picture, or the array of another file; the errors are as above."""
        return self._by(decode, lambda stored: stored.read())

    def _by(self, picture: Callable[..., P], other: Callable[[Stored], S]) -> P | S:
        """Ask one function about a picture, or another about what Pillow does not read."""
        opener, kind = self._opener()
        if opener is None:
            try:
                return picture(self.source, **self._picture())
            except MediaDecodeError as error:
                opener = self._instead(error, kind)
        with self._open(opener, kind) as stored:
            return other(stored)

    def _picture(self) -> dict[str, Any]:
        return {
            "modality": self.modality,
            "limits": self.limits,
            "upright": self.upright,
            "exact": self.exact,
            "pixel": self.pixel,
            "page": lambda count: self.layout.page(count, self.source.name),
        }

    def _opener(self) -> tuple[Opener | None, str]:
        """Return what opens the file, `None` for Pillow, and what it looks like."""
        if isinstance(self.source, RawMap):
            return None, "a TIFF picture"
        prefix = self.source.head(PREFIX)
        kind = recognise(prefix)
        if self.layout.shape is not None:
            return (open_text, kind) if kind == "text" else (open_raw, "numbers without a header")
        return None if prefix.startswith(NETPBM) and kind == "text" else OPENERS.get(kind), kind

    def _instead(self, error: MediaDecodeError, kind: str) -> Opener:
        """Return what opens a file that Pillow does not know; raise if nothing does."""
        if not isinstance(error.__cause__, PIL.UnidentifiedImageError):
            raise error
        if kind in LATER:
            return LATER[kind]
        ways = [{"shape": shape, "dtype": dtype} for shape, dtype in fitting(self.source.size)]
        of_file = "as its size suggests" if ways else "with those of the file"
        shown = ways[:MOST_WAYS] or [{"shape": (480, 640), "dtype": "uint16"}]
        raise MediaDecodeError(
            error.came,
            error.needed,
            Phrase(f"if it is numbers without a header, pass {listed(shown)}, {of_file}", *shown),
        ) from error

    @contextmanager
    def _open(self, opener: Opener, kind: str) -> Iterator[Stored]:
        name = self.source.name
        with (
            self.source.open() as stream,
            translate_errors(f"{name}, which looks like {kind}", self.modality),
            opener(stream, self.layout, self.limits, name) as stored,
        ):
            check_size(stored.size, self.modality, self.limits)
            check_memory(stored.size, self.pixel, self.modality, self.limits)
            yield stored


def _header_of(stored: Stored) -> Header:
    width, height = stored.size
    return Header(width, height, stored.mode)
