"""The square of a picture."""

from __future__ import annotations

import numpy as np
import PIL.Image

from sensorium.imagebind.preprocess import Profile, windows
from sensorium.percepts import Image
from sensorium.percepts.geometry import fit


def test_the_crop_follows_the_long_side() -> None:
    """Start, centre and end of a wide picture are its left, middle and right."""
    wide = np.zeros((50, 300, 3), np.uint8)
    wide[:, :100, 0], wide[:, 100:200, 1], wide[:, 200:, 2] = 255, 255, 255
    for channel, across in enumerate((0.0, 0.5, 1.0)):
        square = np.asarray(fit(PIL.Image.fromarray(wide), 224, across=across)).mean(axis=(0, 1))
        assert square.argmax() == channel


def test_an_extreme_shape_costs_no_memory() -> None:
    """A picture of 1 x 100,000 pixels is cut before it is enlarged 224 times."""
    assert fit(PIL.Image.new("RGB", (1, 100_000)), 224).size == (224, 224)


def test_stills_have_no_span() -> None:
    """A picture is one window outside time."""
    [window] = list(windows(Image(np.zeros((9, 9, 3), np.uint8)), Profile()))
    assert window.span is None
    assert window.inputs.shape == (3, 224, 224)
