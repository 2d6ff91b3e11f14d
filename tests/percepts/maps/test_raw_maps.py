"""A map in a file without compression: the numbers are those given, for any reader of TIFF."""

from __future__ import annotations

import io
import pickle

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from sensorium.errors import TooManyPixelsError
from sensorium.percepts import Depth, Image, Limits
from sensorium.percepts.codecs.pictures import probe
from sensorium.percepts.maps.raw_maps import RawMap
from sensorium.percepts.source import Encoded

DTYPES = ["<u2", ">u2", "<f4", ">f4"]


def numbers(dtype: str) -> NDArray[np.generic]:
    return (np.arange(1, 36).reshape(5, 7) * 1000 / 3).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pillow_reads_the_numbers(dtype: str) -> None:
    """Of either byte order, of a size that is odd, and of a part of a larger array."""
    values = np.pad(numbers(dtype), 1)[1:-1, 1:-1]
    made = RawMap(values)
    with PIL.Image.open(io.BytesIO(made.read())) as picture:
        np.testing.assert_array_equal(np.asarray(picture), values)
    assert made.size == len(made.read())
    assert made.name == Encoded(data=made.read()).name
    for count in (16, 140, 512):
        assert made.head(count) == made.read()[:count]


@pytest.mark.parametrize("dtype", DTYPES)
def test_its_header_is_what_the_file_says(dtype: str) -> None:
    """Known without reading; the limits hold all the same."""
    made = RawMap(numbers(dtype))
    file = Encoded(data=made.read())
    whole = {"modality": "depth", "upright": False, "exact": True}
    assert probe(made, limits=Limits(), **whole) == probe(file, limits=Limits(), **whole)  # type: ignore[arg-type]  # as named
    with pytest.raises(TooManyPixelsError):
        Depth(made, unit="mm", fx=10, limits=Limits(max_pixels=34))


def test_a_percept_of_it_is_that_of_the_file() -> None:
    """Equal, with one digest, also after a trip through pickle and its dictionary."""
    made = RawMap(numbers("<u2"))
    depth, same = (Depth(s, unit="mm", fx=10) for s in (made, Encoded(data=made.read())))
    assert depth == same
    np.testing.assert_array_equal(depth.metres(), same.metres())
    assert pickle.loads(pickle.dumps(depth)) == depth
    assert depth.to_dict() == same.to_dict()
    assert np.asarray(Image(made).picture()).shape == (5, 7, 3)
