"""Statistics of stored vectors: from the encoder at first, from the collection as it grows."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.unrelated import (
    SPREAD,
    confidence_of,
    encoded,
    near,
    sampled,
    scales_for,
    shipped,
    things,
)

from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.sample import Sample


def test_a_sample_can_do_alone() -> None:
    """An encoder that ships nothing is calibrated by the collection, as soon as it is large."""
    draw = np.random.default_rng(16)
    thing = things(draw, 1)[0]
    sample = sampled(200, draw)
    scales = scales_for(thing, Calibration(None, sample))
    expected = scales_for(thing)
    row = encoded("image", near(thing, 0.5, draw))[None]
    assert all(scale.calibrated for scale in scales.values())
    assert scales["image"].score_rows(row)[0] == pytest.approx(
        expected["image"].score_rows(row)[0], abs=0.1
    )
    assert scales["image"].unrelated.spread == pytest.approx(SPREAD, rel=0.15)


def test_statistics_lean_towards_the_collection() -> None:
    """A collection of another centre than the shipped one moves it, the more the more is known."""
    draw = np.random.default_rng(17)
    other = encoded("imu", things(draw, 1000))  # pictures that are where motion should be
    distances = []
    for count in (0, 64, 256, 1000):
        sample = Sample({"image": other[:count]}, {"image": count})
        scale = scales_for(things(draw, 1)[0], Calibration(shipped(), sample))["image"]
        distances.append(float(np.linalg.norm(scale.centre - other.mean(axis=0))))
    assert distances == sorted(distances, reverse=True)
    assert distances[2] == pytest.approx(distances[0] / 2, rel=0.1)


def test_what_is_asked_for_does_not_hide_itself() -> None:
    """A third of the collection matching the question hardly widens what counts as unrelated."""
    draw = np.random.default_rng(18)
    thing = things(draw, 1)[0]
    related = np.stack([near(thing, 0.6, draw) for _ in range(85)])
    rows = encoded("image", np.concatenate([things(draw, 171), related]))
    sample = Sample({"image": rows}, {"image": 1000})
    scale = scales_for(thing, Calibration(shipped(), sample))["image"]
    assert scale.unrelated.spread < 1.3 * SPREAD
    assert confidence_of(scale, 0.8) > 0.8
