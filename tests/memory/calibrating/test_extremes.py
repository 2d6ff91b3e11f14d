"""Extreme values: what the best of several scores is worth."""

from __future__ import annotations

from math import inf
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.memory.calibrating.extremes import (
    inverse_log_cdf,
    log_cdf,
    median_of_maximum,
    single_equivalent,
)


@given(st.floats(-60, 25))
def test_chances_and_deviates_undo_each_other(deviate: float) -> None:
    """From a deviate to its chance and back, far into the lower tail."""
    assert inverse_log_cdf(log_cdf(deviate)) == pytest.approx(deviate, rel=1e-6, abs=1e-9)


def test_infinite_deviates_stay_infinite() -> None:
    """Infinite deviates pass through, so that what was never found stays last."""
    assert single_equivalent(-inf, 50) == -inf
    assert single_equivalent(inf, 50) == inf


@given(deviate=st.floats(-3, 5), count=st.integers(1, 1000))
def test_the_best_of_many_is_as_rare_as_the_formula_says(deviate: float, count: int) -> None:
    """One variate exceeds `single_equivalent` as often as the best of many exceeds the deviate."""
    normal = NormalDist()
    expected = normal.cdf(deviate) ** count
    if expected > 1e-300:
        assert normal.cdf(single_equivalent(deviate, count)) == pytest.approx(expected, rel=1e-6)


@given(st.floats(-100, 100), st.floats(0, 50), st.integers(1, 10**7), st.integers(0, 10**7))
def test_order_is_kept(deviate: float, better: float, count: int, more: int) -> None:
    """A better deviate stays better (or equal), and more tries never help."""
    fair = single_equivalent(deviate, count)
    assert fair <= single_equivalent(deviate + better, count) + 1e-9
    assert single_equivalent(deviate, count + more) <= fair + 1e-9
    assert fair <= deviate


def test_half_of_all_maxima_exceed_their_median() -> None:
    """Half of all draws of a thousand exceed it."""
    draws = np.random.default_rng(21).standard_normal((1000, 1000)).max(axis=1)
    assert np.mean(draws > median_of_maximum(1000)) == pytest.approx(0.5, abs=0.05)
    assert median_of_maximum(1) == pytest.approx(0.0)
