"""The network for motion: its inputs, and the mixture of names."""

from __future__ import annotations

import torch
from tests.support.signals import stride

from training.imu import KINDS
from training.towers.imu_tower import ImuSizes, ImuTower, described


def test_turning_the_sensor_keeps_what_does_not_depend_on_it() -> None:
    """Energies and the parts along and across gravity survive any rotation."""
    motion = torch.tensor(stride(2.56), dtype=torch.float32)[None]
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))[0]
    turned = torch.cat([motion[..., :3] @ turn, motion[..., 3:] @ turn], -1)
    before, after = described(motion)[:, 9:], described(turned)[:, 9:]
    torch.testing.assert_close(before, after, rtol=0, atol=2e-5)


def test_what_is_left_of_a_removed_gravity_has_no_direction() -> None:
    """A mean of 0.1 m/s^2 is drift, and says nothing of how the sensor is worn."""
    motion = torch.tensor(stride(2.56), dtype=torch.float32)[None]
    mean = motion[..., :3].mean(1, keepdim=True)
    down = described(motion)[:, 6:9]
    torch.testing.assert_close(down.norm(dim=1), torch.ones(1, down.shape[2]))
    drift = torch.cat([motion[..., :3] - mean + 0.1 / 3**0.5, motion[..., 3:]], -1)
    assert described(drift)[:, 6:9].norm(dim=1).max() < 0.03


def test_the_vector_is_the_mixture_of_the_names_of_the_kinds() -> None:
    """Planted: each name is an axis, so that the vector shows the likelier kinds in order."""
    torch.manual_seed(0)
    tower = ImuTower().eval()
    tower.names.copy_(torch.eye(*tower.names.shape))
    motion = torch.tensor(stride(2.56), dtype=torch.float32)[None]
    with torch.inference_mode():
        likely, vector = tower.odds(motion).softmax(-1), tower(motion)
    top = likely.topk(10).indices
    expected = likely[0, top[0]] / likely[0, top[0]].norm()
    torch.testing.assert_close(vector[0, top[0]], expected)


def test_the_tower_has_a_place_for_each_kind() -> None:
    """A kind that is added to the list of names needs a larger tower."""
    assert len(KINDS) == ImuSizes().kinds
