"""TIFF files that Pillow does not read: half floats, and whatever else tifffile knows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from sensorium.errors import MissingExtraError
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.stored import Stored

QUIET = logging.NullHandler()  # what tifffile says of damaged files is not printed; our error is


@contextmanager
def open_tiff(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open one page of a TIFF file; small copies of other pages are not counted."""
    try:
        import tifffile
    except ImportError as error:
        raise MissingExtraError.for_package("tifffile", "tiff") from error
    logging.getLogger("tifffile").addHandler(QUIET)
    with tifffile.TiffFile(stream) as file:
        pages = [page.aspage() for page in file.pages]
        whole = [page for page in pages if not page.is_reduced] or pages
        page = whole[layout.page(len(whole), name)]
        if page.dtype is None:
            raise ValueError(f"{page.bitspersample} bits a sample, which are no type of numbers")
        yield Stored(page.shape, page.dtype, page.asarray)
