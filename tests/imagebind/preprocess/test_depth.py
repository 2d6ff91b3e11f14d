"""Planted answers for depth maps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sensorium.imagebind.preprocess.depth import depth_tensor
from sensorium.percepts import Depth

KINECT = 529.0  # focal length in pixels


def flat_depth(metres: float) -> float:
    depth = Depth(np.full((48, 64), metres, np.float32), unit="m", fx=KINECT)
    return float(depth_tensor(depth).mean())


def test_depth_crosses_zero_near_1_6_metres() -> None:
    """0.075 m x 529 px / (600 x 0.0418) = 1.582 m is the zero of the normalised disparity."""
    assert flat_depth(1.582) == pytest.approx(0, abs=2e-3)
    assert flat_depth(1.4) > 0 > flat_depth(1.8)


def test_nearer_is_larger() -> None:
    """Depth is shown to the tower as disparity: a near object is the bright one."""
    scene = np.full((224, 224), 4.0, np.float32)
    scene[80:140, 80:140] = 1.0
    shown = depth_tensor(Depth(scene, unit="m", fx=KINECT))
    assert shown.shape == (1, 224, 224)
    assert shown[0, 110, 110] > shown[0, 10, 10]
    assert float(shown[0, 10, 10]) == pytest.approx(
        (0.075 * KINECT / 4 / 600 - 0.0418) / 0.0295, abs=1e-4
    )


def test_disparity_is_clamped() -> None:
    """Nothing nearer than 600 px of disparity is brighter than 1 before normalising."""
    near = Depth(np.full((40, 40), 0.01, np.float32), unit="m", fx=KINECT)
    assert float(depth_tensor(near).max()) == pytest.approx((1 - 0.0418) / 0.0295, rel=1e-5)


def test_holes_take_the_depth_around_them() -> None:
    """A hole (0 or NaN) in a flat wall is wall, not infinitely near or far."""
    wall = np.full((100, 120), 2.0, np.float32)
    wall[40:60, 40:60] = 0
    wall[0:10, 0:10] = math.nan
    shown = depth_tensor(Depth(wall, unit="m", fx=KINECT))
    assert float(shown.std()) < 1e-4
