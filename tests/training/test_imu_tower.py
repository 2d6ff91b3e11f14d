"""The inputs of the network for motion."""

from __future__ import annotations

import torch
from tests.support.signals import stride

from training.towers.imu_tower import described


def test_turning_the_sensor_keeps_what_does_not_depend_on_it() -> None:
    """Energies and the parts along and across gravity survive any rotation."""
    motion = torch.tensor(stride(2.56), dtype=torch.float32)[None]
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))[0]
    turned = torch.cat([motion[..., :3] @ turn, motion[..., 3:] @ turn], -1)
    before, after = described(motion)[:, 9:], described(turned)[:, 9:]
    torch.testing.assert_close(before, after, rtol=0, atol=2e-5)
