"""Figures against values that are known."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.bench.figures import (
    NOTHING,
    Figure,
    auroc,
    calibration_error,
    chance,
    drawn,
    mean,
    overlap,
)


def test_chance_is_that_of_drawing_without_returning() -> None:
    """One of four: a quarter at 1; two of four: five sixths at 2; beyond the pool, certainty."""
    assert chance(1, 4, 1) == 0.25
    assert chance(2, 4, 2) == pytest.approx(5 / 6)
    assert chance(1, 3, 10) == 1.0


def test_auroc_counts_pairs() -> None:
    """Three of four pairs in order, and a tie as half."""
    there = np.array([True, True, False, False])
    assert auroc(np.array([0.9, 0.4, 0.5, 0.1]), there) == 0.75
    assert auroc(np.array([0.5, 0.5, 0.5, 0.5]), there) == 0.5
    assert np.isnan(auroc(np.array([1.0]), np.array([True])))


def test_calibration_error_is_the_gap() -> None:
    """Confidence of 0.8 with half of them right is wrong by 0.3; of 1.0, all right, by nothing."""
    assert calibration_error(np.full(4, 0.8), np.array([1.0, 0, 1, 0])) == pytest.approx(0.3)
    assert calibration_error(np.ones(3), np.ones(3)) == 0.0


def test_overlap_of_stretches() -> None:
    """Half over one and a half; apart; the same."""
    assert overlap((0, 1), (0.5, 1.5)) == pytest.approx(1 / 3)
    assert overlap((0, 1), (2, 3)) == 0.0
    assert overlap((1, 2), (1, 2)) == 1.0


def test_an_interval_holds_its_mean_and_follows_the_seed() -> None:
    """More questions, narrower; the same seed, the same interval; none, no figure."""
    few, many = mean([0.0, 1.0] * 5, 0), mean([0.0, 1.0] * 500, 0)
    assert few.value == many.value == 0.5
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert few.low < many.low < 0.5 < few.high
    assert mean([0.0, 1.0] * 5, 0) == few
    assert mean([], 0) == NOTHING
    assert drawn(lambda _: float("nan"), 3, 0) == NOTHING


def test_a_figure_says_its_interval() -> None:
    """Without one it is a number, without a value a dash."""
    assert str(Figure(0.5, 0.25, 0.75, 4)) == "0.500 (0.25 to 0.75)"
    assert str(Figure(0.5)) == "0.500"
    assert str(Figure(12345.6)) == "12,346"
    assert str(NOTHING) == "-"
