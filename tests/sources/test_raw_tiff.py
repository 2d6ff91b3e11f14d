"""A map in a file without compression: the numbers are those given, for any reader of TIFF."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from sensorium.sources.raw_tiff import raw_tiff


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<f4", ">f4"])
def test_pillow_reads_the_numbers(dtype: str) -> None:
    """Of either byte order, and of a size that is odd."""
    values = (np.arange(35).reshape(5, 7) * 1000 / 3).astype(dtype)
    with PIL.Image.open(io.BytesIO(raw_tiff(values))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), values)
