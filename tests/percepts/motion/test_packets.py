"""Samples that share one time are spread, and those that were sent twice are known."""

from __future__ import annotations

import numpy as np

from sensorium.percepts.motion.packets import repeated, spread


def test_spreading_leaves_distinct_times_alone() -> None:
    """Exactly, and two packets of different size share their time fairly."""
    even = np.array([5, 15, 25], np.int64)
    assert spread(even).times.tolist() == [5, 15, 25]
    packed = np.array([0, 0, 20, 20, 20, 20], np.int64)
    assert spread(packed).times.tolist() == [0, 10, 20, 30, 40, 50]


def test_a_loss_after_a_packet_stays_a_loss() -> None:
    """The packet is not stretched over it."""
    times = np.array([0, 0, 20, 20, 40, 40, 1000, 1000], np.int64)
    assert spread(times).times.tolist() == [0, 10, 20, 30, 40, 50, 1000, 1010]


def test_the_last_packet_ends_before_what_follows() -> None:
    """By what follows if that is known, else by the packets before."""
    alone = np.array([0, 0, 0, 0], np.int64)
    assert spread(alone, following=20).times.tolist() == [0, 5, 10, 15]
    assert spread(alone, period=4.0).times.tolist() == [0, 4, 8, 12]
    assert spread(alone).times.tolist() == [0, 0, 0, 0]


def test_only_what_says_the_same_at_the_same_time_was_repeated() -> None:
    """Whatever else lies between."""
    times = np.array([0, 0, 0, 0, 7, 7, 9], np.int64)
    samples = np.array([1, 2, 1, 2, 1, 3, 3], np.float64)[:, None]
    assert repeated(times, samples).tolist() == [False, False, True, True, False, False, False]
