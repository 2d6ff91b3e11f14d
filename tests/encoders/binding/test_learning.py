"""The arithmetic of binding, against values that are known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.hums import Hum, hum

from sensorium.encoders.binding import RandomConvolutions
from sensorium.encoders.binding.contrast import TEMPERATURE, _slope
from sensorium.encoders.binding.ridge import STRENGTHS, Standardised, choose, solve
from sensorium.errors import PerceptShapeError, PerceptValueError


@pytest.mark.parametrize(("count", "width"), [(40, 6), (6, 40)])
def test_the_ridge_is_the_least_of_its_sum(count: int, width: int) -> None:
    """At the solution the gradient of squares and penalty is zero, whichever way it is solved."""
    draw = np.random.default_rng(0)
    features, targets = draw.standard_normal((count, width)), draw.standard_normal((count, 3))
    weights = solve(features, targets, 2.5)
    gradient = features.T @ (features @ weights - targets) + 2.5 * weights
    np.testing.assert_allclose(gradient, 0, atol=1e-9)


def test_strength_follows_the_noise() -> None:
    """Features that hold the answer need a weak penalty; features of noise, a stronger one."""
    draw = np.random.default_rng(1)
    kinds = draw.integers(4, size=80)
    rows = np.eye(4)
    clean = choose(rows[kinds] * 3, rows, kinds, seed=0)
    noisy = choose(rows[kinds] + 2 * draw.standard_normal((80, 4)), rows, kinds, seed=0)
    assert clean.held_out == 1.0
    assert 0.25 < noisy.held_out < 1.0
    assert clean.strength in STRENGTHS
    assert choose(rows[kinds] * 3, rows, kinds, seed=0).strength == clean.strength


def test_a_feature_that_never_changes_says_nothing() -> None:
    """Its spread is no zero to divide by; whatever it is later, it stays 0."""
    features = np.array([[1.0, 5.0], [3.0, 5.0]])
    scale = Standardised.of(features)
    np.testing.assert_allclose(scale(features), [[-1, 0], [1, 0]])
    np.testing.assert_allclose(scale(np.array([[2.0, 9.0]])), [[0, 0]])


def test_the_slope_of_contrast_is_that_of_its_loss() -> None:
    """By finite differences, with two pairs of one kind in the batch."""
    draw = np.random.default_rng(2)
    features, rows = draw.standard_normal((5, 3)), draw.standard_normal((3, 4))
    weights, centre = draw.standard_normal((3, 4)), draw.standard_normal(4)
    kinds = np.array([0, 1, 2, 1, 0])

    def loss(weights: np.ndarray) -> float:
        predicted = features @ weights + centre
        predicted /= np.linalg.norm(predicted, axis=1, keepdims=True)
        logits = predicted @ rows.T / TEMPERATURE
        top = logits.max(axis=1)
        whole = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
        return float((whole - logits[np.arange(5), kinds]).mean())

    step = np.zeros_like(weights)
    step[1, 2] = 1e-6
    numeric = (loss(weights + step) - loss(weights - step)) / 2e-6
    assert _slope(weights, centre, features, rows, kinds)[1, 2] == pytest.approx(numeric, rel=1e-4)


def test_convolutions_do_not_see_the_offset_and_state_the_strength() -> None:
    """Shares and peaks are of the shape alone; the last two columns are the logarithms."""
    features = RandomConvolutions(kernels=20)
    curve = hum("saw", 1).samples()
    [one, double] = features([Hum(curve, rate=200, unit="Pa"), Hum(2 * curve, rate=200, unit="Pa")])
    np.testing.assert_allclose(one[:-2], double[:-2], atol=1e-4)
    np.testing.assert_allclose(double[-2:] - one[-2:], np.log(2), atol=1e-6)


def test_the_seed_and_not_the_batch_decides() -> None:
    """The same seed gives the same features, alone and together; another, others."""
    hums = [hum("saw", 1), hum("sine", 2)]
    together = RandomConvolutions(kernels=20, seed=3)(hums)
    alone = RandomConvolutions(kernels=20, seed=3)(hums[1:])
    assert (together[1:] == alone).all()
    assert (RandomConvolutions(kernels=20, seed=4)(hums) != together).any()
    assert together.shape == (2, 42)


def test_a_kernel_is_a_convolution() -> None:
    """The largest output of each kernel is that of a loop over its dilated samples."""
    features = RandomConvolutions(kernels=12)
    series = hum("saw", 1).samples()[:40]
    [row] = features([Hum(series, rate=200, unit="Pa")])
    level = (series[:, 0] - series.mean()) / series.std()
    for kernel in range(12):
        dilation = 2 ** int(features._places[kernel])
        padded = np.pad(level, 4 * dilation)
        outputs = [
            padded[start : start + 8 * dilation + 1 : dilation] @ features._weights[kernel]
            + features._biases[kernel]
            for start in range(40)
        ]
        assert row[12 + kernel] == pytest.approx(max(outputs), abs=1e-4)
        assert row[kernel] == pytest.approx(np.mean(np.array(outputs) > 0), abs=0.026)


def test_channels_are_as_many_as_the_features_were_made_for() -> None:
    """Two channels with features of one are refused with the call that takes them."""
    both = Hum(np.zeros((9, 2)), rate=200, unit="Pa")
    with pytest.raises(PerceptShapeError, match=r"RandomConvolutions\(channels=2\)"):
        RandomConvolutions()([both])
    assert RandomConvolutions(channels=2, kernels=5)([both]).shape == (1, 14)
    with pytest.raises(PerceptValueError, match="kernels=0"):
        RandomConvolutions(kernels=0)
