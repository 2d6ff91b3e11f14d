"""What the best of several is worth, once luck is taken out, on the scale of a normal deviate.

Chances are kept as logarithms: a strong match lies far beyond where `1 - p` rounds to 1.
"""

from __future__ import annotations

from math import erfc, exp, expm1, inf, log, log1p, pi, sqrt
from statistics import NormalDist

FAR = 37.0  # deviates: the tail beyond is smaller than the smallest float
FAINT = -650.0  # logarithm of a chance that `exp` still takes exactly
ROUNDS = 3  # of a fixed point that gains four digits a round

_deviate = NormalDist().inv_cdf


def log_below(deviate: float) -> float:
    """Return the logarithm of the chance that a normal variate is below `deviate`."""
    if deviate >= 0:
        return log1p(-erfc(deviate / sqrt(2)) / 2)
    if deviate > -FAR:
        return log(erfc(-deviate / sqrt(2)) / 2)
    return -deviate * deviate / 2 - log(-deviate * sqrt(2 * pi))


def deviate_below(log_chance: float) -> float:
    """Return the deviate that a normal variate is below with that chance: undo `log_below`."""
    if log_chance > log(0.5):
        above = -expm1(log_chance)
        return -_deviate(above) if above > 0 else inf
    if log_chance > FAINT:
        return _deviate(exp(log_chance))
    if log_chance == -inf:
        return -inf
    far = sqrt(-2 * log_chance)
    for _ in range(ROUNDS):  # solve x² / 2 + log(x √2π) = -log_chance
        far = sqrt(-2 * (log_chance + log(far * sqrt(2 * pi))))
    return -far


def best_of(deviate: float, count: float) -> float:
    """Return the single deviate that is as rare as the best of `count` being `deviate`.

    Unchanged for one, never more for more, and hardly less far out in the tail.
    """
    if count <= 1:
        return deviate
    return min(deviate, deviate_below(count * log_below(deviate)))


def luckiest(count: int) -> float:
    """Return the deviate that the best of `count` unrelated ones exceeds in every second case."""
    return deviate_below(log(0.5) / count)
