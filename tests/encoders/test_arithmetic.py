"""Adding and subtracting vectors."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.encoders import combine
from sensorium.errors import VectorError


def test_combine_normalises_weighs_and_adds() -> None:
    """Planted: directions count, lengths do not; a weight of 2 counts double; minus subtracts."""
    east, north = np.array([5.0, 0.0]), np.array([0.0, 0.1])
    np.testing.assert_allclose(combine([east, north]), [0.5**0.5] * 2, rtol=1e-6)
    np.testing.assert_allclose(combine([east, north], [2, 1]), np.array([2, 1]) / 5**0.5, rtol=1e-6)
    np.testing.assert_allclose(combine([east, north], [0, -3]), [0, -1], atol=1e-7)


@pytest.mark.parametrize(
    ("vectors", "weights", "match"),
    [
        (np.eye(2), [1, -1, 1], "one finite number for each vector"),
        (np.ones((2, 3)), [1, -1], "cancel"),
        (np.zeros((1, 3)), None, "length 0.0"),
        (np.array([[np.nan, 1]]), None, "NaN"),
        (np.eye(2), [np.inf, 1], "finite"),
        (np.eye(2), ["a", "b"], "one finite number for each vector"),
        (np.eye(2), [[1], [1, 2]], "one finite number for each vector"),
        ([[1.0], [1.0, 2.0]], None, "dtype object"),
        (np.empty((0, 3)), None, r"shape \(0, 3\)"),
        (np.ones(3), None, r"shape \(3,\)"),
        (np.ones((1, 3), dtype=int), None, "int64"),
    ],
)
def test_sums_without_a_direction_are_refused(vectors: object, weights: object, match: str) -> None:
    """A sum that cannot become a unit vector is an error, never NaN."""
    with pytest.raises(VectorError, match=match):
        combine(vectors, weights)  # type: ignore[arg-type]
