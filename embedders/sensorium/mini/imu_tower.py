"""The tower for motion: accelerometer and gyroscope to the name of an activity.

A one-dimensional convolutional network on quantities that do not depend on how the sensor is worn,
or say how it is: gravity's direction, the parts of the motion along it and across it, energies.

Letters: B batch, T samples, C channels, S semantic dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RATE = 50  # Hz
WINDOW = 128  # samples: 2.56 s
CHANNELS = 14  # that `described` makes
LINEAR_SCALE = 5.0  # m/s^2: acceleration without gravity is divided by it
TURN_SCALE = 2.0  # rad/s


@dataclass(frozen=True)
class ImuSizes:
    """Sizes of the tower."""

    widths: tuple[int, ...] = (96, 192, 288)  # of the stages, each halving the samples
    kernels: tuple[tuple[int, int], ...] = ((7, 5), (5, 3), (3, 3))
    hidden: int = 256
    semantic: int = 384  # S


def described(motion: Tensor) -> Tensor:
    """Describe motion by what does not change, or changes knowingly, with the way it is worn.

    Args:
        motion: Shape `(B, T, 6)`: accelerometer x y z in m/s^2, gyroscope x y z in rad/s.
    Returns:
        Shape `(B, 14, T)`: acceleration without its mean, turning, the direction of the mean (0
        where gravity was removed), acceleration along it, across it and in all, turning in all,
        and the energy of the window.
    """
    acceleration, turning = motion[..., :3], motion[..., 3:]  # (B, T, 3) each
    mean = acceleration.mean(1, keepdim=True)  # (B, 1, 3)
    linear = acceleration - mean
    down = F.normalize(mean, dim=-1).expand_as(linear)
    along = (linear * down).sum(-1, keepdim=True)  # (B, T, 1)
    across = (linear - along * down).norm(dim=-1, keepdim=True)
    strength = linear.norm(dim=-1, keepdim=True)
    energy = torch.log1p(strength.mean(1, keepdim=True)).expand_as(strength)
    parts = [linear / LINEAR_SCALE, turning / TURN_SCALE, down, along / LINEAR_SCALE]
    parts += [across / LINEAR_SCALE, strength / LINEAR_SCALE]
    parts += [turning.norm(dim=-1, keepdim=True) / TURN_SCALE, energy]
    return torch.cat(parts, -1).transpose(1, 2)  # (B, 14, T)


class Convolution(nn.Module):
    """A convolution along time with, while it is being trained, its batch norm."""

    def __init__(self, entering: int, leaving: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(entering, leaving, kernel, stride, padding=kernel // 2)
        self.norm: nn.Module = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, T)` to `(B, C', ceil(T / stride))`."""
        return F.silu(self.norm(self.conv(x)))


class ImuTower(nn.Module):
    """Motion to meaning."""

    def __init__(self, sizes: ImuSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or ImuSizes()
        layers, entering = [], CHANNELS
        for width, (first, second) in zip(sizes.widths, sizes.kernels, strict=True):
            layers += [Convolution(entering, width, first, 2), Convolution(width, width, second, 1)]
            entering = width
        self.layers = nn.Sequential(*layers)
        self.enter = nn.Linear(2 * entering, sizes.hidden)
        self.leave = nn.Linear(sizes.hidden, sizes.semantic)
        self.drop = nn.Dropout(0.3)

    def forward(self, motion: Tensor) -> Tensor:
        """Map `(B, T, 6)`, m/s^2 with gravity and rad/s at 50 Hz, to unit vectors `(B, S)`."""
        x = self.layers(described(motion))  # (B, C, T / 8)
        pooled = torch.cat([x.mean(2), x.amax(2)], 1)  # (B, 2C)
        return F.normalize(self.leave(self.drop(F.silu(self.enter(pooled)))), dim=-1)  # (B, S)
