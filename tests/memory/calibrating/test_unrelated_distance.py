"""How unlike two unrelated percepts of a sense are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.planted import PlantedEncoder

from sensorium.encoders import normalise
from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.sample import Sample


def sample(rows: NDArray[np.float64]) -> Sample:
    return Sample({"image": normalise(rows.astype(np.float32))}, {"image": len(rows)}, len(rows))


def test_what_is_shipped_says_it() -> None:
    """With the statistics of an encoder, it is one less the mean cosine of unrelated rows."""
    background = PlantedEncoder(background=True).background
    assert background is not None
    mean = background.centred["image", "image"].mean
    calibration = Calibration(background, Sample.EMPTY)
    assert calibration.unrelated_distance("image") == pytest.approx(1 - mean)


def test_a_sample_says_it_where_nothing_is_shipped() -> None:
    """Centred random rows are at right angles to each other."""
    rows = np.random.default_rng(0).normal(size=(200, 64))
    assert Calibration(None, sample(rows)).unrelated_distance("image") == pytest.approx(1, abs=0.05)


def test_where_nothing_is_known_it_is_one() -> None:
    """As of an empty memory, and of a sense that nothing is stored of."""
    assert Calibration(None, Sample.EMPTY).unrelated_distance("image") == 1.0
