"""Features of percepts: what a map is learned from. Random convolutions suit any series.

ROCKET (Dempster, Petitjean, Webb: "ROCKET: exceptionally fast and accurate time series
classification using random convolutional kernels", 2020): kernels of random weights, each at a
random dilation, and of each two numbers, the share of positive outputs and the largest output.
Ours share their dilations, which are powers of two, so that a matrix product computes many kernels
at once; and they add how strong the series is, as the kernels see it at unit variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from sensorium.errors import PerceptShapeError, PerceptValueError, UnsupportedModalityError, show
from sensorium.percepts import Percept, Series

LENGTH = 9  # samples of a kernel
DILATIONS = 7  # 1, 2, 4, ..., 64: the longest kernel reaches over 513 samples
KERNELS = 540
MOST_KERNELS = 20_000
FLOOR = 1e-9  # of a spread or a peak, so that its logarithm exists
BLOCK = 1 << 14  # outputs of a kernel that are computed at a time


@runtime_checkable
class Features(Protocol):
    """Turns percepts of one modality into rows of numbers.

    A plain function does, too. What has a `recipe` can be saved and read again without it.
    """

    @property
    def recipe(self) -> Mapping[str, Any]:
        """What makes them again, JSON-ready; its `"kind"` names the class."""

    def __call__(self, percepts: Sequence[Any], /) -> ArrayLike:
        """Return a row for each percept, shape `(N, F)`."""


class RandomConvolutions:
    """Random convolutions over series, for percepts of a subclass of `Series`."""

    KIND = "random-convolutions-1"

    def __init__(self, *, kernels: int = KERNELS, channels: int = 1, seed: int = 0) -> None:
        """Draw the kernels.

        Args:
            kernels: How many; there are two features of each.
            channels: Channels of the series; each kernel looks at one of them.
            seed: Of the draw: the same numbers give the same features.
        Raises:
            PerceptValueError: A number out of its range.
        """
        for name, value, most in (("kernels", kernels, MOST_KERNELS), ("channels", channels, 1024)):
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise PerceptValueError(
                    f"{name}={show(value)}", f"a whole number from 1 to {most}", "correct it"
                )
        self._recipe = {
            "kind": self.KIND,
            "kernels": kernels,
            "channels": channels,
            "seed": seed,
        }
        draw = np.random.default_rng(seed)
        weights = draw.standard_normal((kernels, LENGTH))
        self._weights = (weights - weights.mean(axis=1, keepdims=True)).astype(np.float32)
        self._biases = draw.uniform(-1, 1, kernels).astype(np.float32)
        self._places = draw.integers(DILATIONS * channels, size=kernels)  # dilation and channel
        self._channels = channels

    @property
    def recipe(self) -> Mapping[str, Any]:
        """What makes them again."""
        return dict(self._recipe)

    def __call__(self, percepts: Sequence[Any], /) -> NDArray[np.float64]:
        """Return a row for each series, shape `(N, 2 kernels + 2 channels)`.

        Raises:
            UnsupportedModalityError: A percept is no `Series`.
            PerceptShapeError: A series has another number of channels.
        """
        rows = [self._row(self._samples(percept)) for percept in percepts]
        width = 2 * len(self._biases) + 2 * self._channels
        return np.stack(rows) if rows else np.empty((0, width))

    def _samples(self, percept: Percept) -> NDArray[np.float32]:
        if not isinstance(percept, Series):
            raise UnsupportedModalityError(
                f"random convolutions of {percept.modality}",
                "a percept of a subclass of sensorium.percepts.Series",
                "derive its class from Series, or pass features of your own",
            )
        samples = percept.samples()
        if samples.shape[1] != self._channels:
            raise PerceptShapeError(
                f"a series of {samples.shape[1]} channels",
                f"{self._channels}, as the features were made for",
                f"pass features=RandomConvolutions(channels={samples.shape[1]})",
            )
        return samples

    def _row(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        spread = samples.std(axis=0, dtype=np.float64)  # (C,)
        peak = np.abs(samples).max(axis=0)  # (C,)
        level = np.asarray((samples - samples.mean(axis=0)) / (spread + FLOOR), np.float32)
        shares, peaks = np.empty((2, len(self._biases)))
        for place in np.unique(self._places):
            chosen = np.flatnonzero(self._places == place)
            dilation, channel = 2 ** (int(place) % DILATIONS), int(place) // DILATIONS
            shares[chosen], peaks[chosen] = self._convolved(chosen, level[:, channel], dilation)
        strength = np.log([*(spread + FLOOR), *(peak + FLOOR)])
        return np.concatenate([shares, peaks, strength])

    def _convolved(
        self, chosen: NDArray[np.intp], series: NDArray[np.float32], dilation: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return, of the chosen kernels, the share of positive outputs and the largest output."""
        reach = (LENGTH - 1) * dilation
        # Zeros on both sides: there is an output for each sample, however short the series
        padded = np.pad(series, reach // 2)
        windows = sliding_window_view(padded, reach + 1)[:, ::dilation]  # (T, LENGTH)
        weights, biases = self._weights[chosen].T, self._biases[chosen]
        positive = np.zeros(len(chosen))
        largest = np.full(len(chosen), -np.inf, np.float32)
        for start in range(0, len(windows), BLOCK):
            outputs = windows[start : start + BLOCK] @ weights + biases  # (T, K)
            positive += (outputs > 0).sum(axis=0)
            largest = np.maximum(largest, outputs.max(axis=0))
        return positive / len(windows), largest


KINDS = {RandomConvolutions.KIND: RandomConvolutions}


def recipe_of(features: Any) -> dict[str, Any]:
    """Return what names features in a file: their recipe, or the name of the function."""
    if isinstance(features, Features):
        return dict(features.recipe)
    named = features if hasattr(features, "__qualname__") else type(features)
    return {"kind": f"{named.__module__}:{named.__qualname__}"}


def from_recipe(recipe: Mapping[str, Any]) -> Features | None:
    """Make features again; `None` where they are not of this package: no file may name code."""
    kind = KINDS.get(str(recipe.get("kind")))
    if kind is None:
        return None
    return kind(**{name: value for name, value in recipe.items() if name != "kind"})
