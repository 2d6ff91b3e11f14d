"""Extreme values of a standard normal distribution: what the best of several scores is worth.

Probabilities are kept as logarithms: a strong match lies far beyond the point where `1 - p` rounds
to 1.
"""

from __future__ import annotations

from math import erfc, exp, expm1, inf, log, log1p, pi, sqrt
from statistics import NormalDist

FAR = 37.0  # standard deviations: the tail beyond is smaller than the smallest float
FAINT = -650.0  # logarithm of a probability that `exp` still represents exactly
ROUNDS = 3  # iterations of a fixed point that gains four digits in each

_inverse_cdf = NormalDist().inv_cdf


def log_cdf(deviate: float) -> float:
    """Return the logarithm of the probability that a standard normal variate is below `deviate`."""
    if deviate >= 0:
        return log1p(-erfc(deviate / sqrt(2)) / 2)
    if deviate > -FAR:
        return log(erfc(-deviate / sqrt(2)) / 2)
    return -deviate * deviate / 2 - log(-deviate * sqrt(2 * pi))


def inverse_log_cdf(log_probability: float) -> float:
    """Return the deviate whose `log_cdf` is `log_probability`."""
    # Above the median, the upper tail is the small number that keeps its digits.
    if log_probability > log(0.5):
        above = -expm1(log_probability)
        return -_inverse_cdf(above) if above > 0 else inf
    if log_probability > FAINT:
        return _inverse_cdf(exp(log_probability))
    if log_probability == -inf:
        return -inf
    far = sqrt(-2 * log_probability)
    for _ in range(ROUNDS):  # solve x² / 2 + log(x √2π) = -log_probability
        far = sqrt(-2 * (log_probability + log(far * sqrt(2 * pi))))
    return -far


def single_equivalent(deviate: float, count: float) -> float:
    """Return the deviate of one variate that is as rare as `deviate` as the best of `count`.

    It equals `deviate` for a count of one, never rises with the count, and hardly falls far out in
    the tail.
    """
    if count <= 1:
        return deviate
    return min(deviate, inverse_log_cdf(count * log_cdf(deviate)))


def median_of_maximum(count: int) -> float:
    """Return the deviate that the best of `count` variates exceeds in half of all cases."""
    return inverse_log_cdf(log(0.5) / count)
