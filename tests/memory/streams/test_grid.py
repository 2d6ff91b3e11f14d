"""The even grid: samples that lie on it, but for the rounding of their clock, are not changed."""

from __future__ import annotations

import numpy as np
from tests.support.streaming import START, Kept, motion, wrist


def test_times_in_whole_milliseconds_lie_on_the_grid() -> None:
    """A clock that rounds to milliseconds gives the samples back bit for bit."""
    samples, kept = motion(312), Kept()
    with wrist(kept, rate=104) as stream:
        stream.push(samples, at=START, timestamps=np.round(np.arange(312) / 104, 3))
    joined = np.concatenate(kept.windows)
    assert len(joined) == 312
    assert np.array_equal(joined, samples)
