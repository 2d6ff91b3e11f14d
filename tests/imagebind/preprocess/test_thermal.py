"""Planted answers for thermal pictures."""

from __future__ import annotations

import numpy as np
import torch

from sensorium.imagebind.preprocess.thermal import thermal_tensor
from sensorium.percepts import Thermal


def test_black_hot_is_inverted() -> None:
    """The same scene shown white-hot and black-hot gives the same tensor."""
    scene = np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)
    white = thermal_tensor(Thermal(scene, unit="white-hot"))
    black = thermal_tensor(Thermal(255 - scene, unit="black-hot"))
    torch.testing.assert_close(white, black, rtol=0, atol=1e-6)
    assert 0 <= float(white.min()) <= float(white.max()) <= 1


def test_thermal_is_neither_centred_nor_scaled() -> None:
    """Half of full intensity is 0.5 for the tower."""
    half = Thermal(np.full((30, 40), 0.5, np.float32), unit="white-hot")
    torch.testing.assert_close(thermal_tensor(half), torch.full((1, 224, 224), 0.5))
