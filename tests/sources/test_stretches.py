"""Samples of motion of one stretch, in order of their times."""

from __future__ import annotations

import numpy as np

from sensorium.sources.stretches import spread_equal


def test_spreading_leaves_distinct_times_alone() -> None:
    """Exactly, and two packets of different size share their time fairly."""
    even = np.array([5, 15, 25], np.int64)
    assert spread_equal(even)[0].tolist() == [0, 10, 20]
    packed = np.array([0, 0, 20, 20, 20, 20], np.int64)
    assert spread_equal(packed)[0].tolist() == [0, 10, 20, 30, 40, 50]
