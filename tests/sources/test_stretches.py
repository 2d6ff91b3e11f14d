"""Samples of motion of one stretch, in order of their times."""

from __future__ import annotations

import numpy as np

from sensorium.sources.stretches import ordered


def test_what_was_sent_twice_is_left_out() -> None:
    """Also a whole packet, whose samples share one time; the others are spread."""
    times = np.array([0, 0, 0, 0, 20, 20], np.int64) * 10**7
    samples = np.array([1, 2, 1, 2, 3, 4], np.float64)[:, None]
    found = ordered(times, samples)
    assert found.samples.ravel().tolist() == [1, 2, 3, 4]
    assert found.seconds.tolist() == [0.0, 0.1, 0.2, 0.3]
    assert found.spread
