"""Motion is augmented as physics would have it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import torch
from torch import Tensor

from sensorium.mini.inputs import RATE, WINDOW
from training.motions import (
    POSTURES,
    Motions,
    fidgeting,
    postures,
    rotations,
    stiffened,
    thinned,
    worn_otherwise,
)

GRAVITY = 9.81  # m/s^2
SECONDS = torch.arange(WINDOW) / RATE


def still(*gravity: float) -> Tensor:
    """Motion `(1, T, 6)` of a sensor at rest."""
    return torch.tensor([*gravity, 0, 0, 0]).repeat(1, WINDOW, 1)


def test_thinning_keeps_what_ten_samples_a_second_can_hold() -> None:
    """Steps at 2 Hz survive; shaking at 8 Hz becomes one at 2 Hz, as in a slow recording."""
    steps, shaking = (
        torch.cos(2 * math.pi * hertz * SECONDS)[None, :, None].repeat(1, 1, 6) for hertz in (2, 8)
    )
    inner = slice(10, -15)  # the last sample that is kept is 3 before the end
    torch.testing.assert_close(thinned(steps)[:, inner], steps[:, inner], rtol=0, atol=0.1)
    torch.testing.assert_close(thinned(shaking)[:, inner], steps[:, inner], rtol=0, atol=0.1)


def test_a_sensor_that_is_kept_from_turning_feels_gravity_from_one_side() -> None:
    """Planted: a sensor that swings about x by up to half a radian, under gravity only."""
    pace = 2 * math.pi * 1.0  # rad/s
    angle = 0.5 * torch.sin(pace * SECONDS)
    swing = torch.zeros(1, WINDOW, 6)
    swing[0, :, 1], swing[0, :, 2] = GRAVITY * angle.cos(), -GRAVITY * angle.sin()
    swing[0, :, 3] = 0.5 * pace * torch.cos(pace * SECONDS)
    whole, none = torch.ones(1), torch.zeros(1)
    held = stiffened(swing, whole, none)
    torch.testing.assert_close(held[..., :3], still(0, GRAVITY, 0)[..., :3], rtol=0, atol=0.05)
    assert not held[..., 3:].any()
    torch.testing.assert_close(stiffened(swing, none, whole), swing, rtol=0, atol=1e-5)


def test_fidgeting_is_slow_and_as_strong_as_asked() -> None:
    """It moves around where it was, and leaves out the pace of no hand."""
    torch.manual_seed(0)
    before = still(0, 0, GRAVITY).repeat(3, 1, 1)
    added = fidgeting(before, torch.tensor([0.0, 1.0, 2.0])) - before
    torch.testing.assert_close(added.mean(1), torch.zeros(3, 6), rtol=0, atol=1e-5)
    strength = added[..., :3].std(1).mean(1)
    torch.testing.assert_close(strength, torch.tensor([0.0, 1.0, 2.0]), rtol=0, atol=1e-4)
    fast = torch.fft.rfft(added, dim=1)[:, torch.fft.rfftfreq(WINDOW, 1 / RATE) > 3.5]
    assert fast.abs().max() < 1e-3


def test_the_posture_is_read_from_gravity_along_z() -> None:
    """Turning the sensor about z changes nothing; without gravity all postures remain."""
    turn = rotations(torch.tensor([math.cos(0.4), 0, 0, math.sin(0.4)]))
    upright, flat = torch.tensor([0, GRAVITY, 1.0]), torch.tensor([0, 3.0, -GRAVITY])
    for gravity in (upright, turn @ upright):
        weights = dict(zip(POSTURES, postures(still(*gravity.tolist()))[0].tolist(), strict=True))
        assert max(weights, key=weights.__getitem__) == "standing still"
    for gravity in (flat, turn @ flat):
        weights = dict(zip(POSTURES, postures(still(*gravity.tolist()))[0].tolist(), strict=True))
        assert weights["lying still"] > weights["sitting still"] > 2 * weights["standing still"]
    assert (postures(still(0.1, 0.2, 1.0)) > 0.1).all()


def test_a_gyroscope_that_is_missing_stays_silent() -> None:
    """Noise in it would tell the network that there is one."""
    torch.manual_seed(0)
    both = still(0, 0, GRAVITY).repeat(64, 1, 1)
    both[32:, :, 3] = torch.sin(SECONDS)
    heard = worn_otherwise(both)[..., 3:].abs().amax((1, 2)) > 0
    assert not heard[:32].any()
    assert 10 < heard[32:].sum() < 32  # it is taken from a share of the others


def test_each_label_of_each_data_set_is_as_likely() -> None:
    """However many recordings it has; what is still has the weights of its posture."""
    torch.manual_seed(0)
    kinds = ["walking", *POSTURES]
    moving = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    rest = still(0, GRAVITY, 0)[0].numpy()
    held = [("a", "walking", moving)] * 9 + [("b", "walking", moving)]
    held += [("a", "still", rest), ("b", "sitting still", rest)]
    motion, weights = Motions(held, kinds, seed=0).draw(600)
    assert motion.shape == (600, WINDOW, 6)
    torch.testing.assert_close(weights.sum(1), torch.ones(600))
    walking = weights[:, 0] == 1
    assert 250 < walking.sum() < 350  # two of four
    assert (weights[~walking, 0] == 0).all()
    guesses = Counter(int(row.argmax()) for row in weights[~walking])
    assert set(guesses) == {1, 3}  # standing or lying: as it is turned, not as it is labelled
