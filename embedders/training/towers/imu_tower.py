"""The tower for motion: from accelerometer and gyroscope to the name of an activity.

A one-dimensional convolutional network. Most of its inputs do not depend on how the sensor is
worn: the parts of the motion along and across gravity, and energies. The direction of gravity is an
input, too, and tells how it is worn. The network estimates how likely each kind of motion is; the
mixture of the kinds' names, as the text tower embeds them, is the vector.

Letters: B batch, T samples, C channels, K kinds of motion, S semantic dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.towers.mixture import mixture

CHANNELS = 14  # channels that `described` returns
LINEAR_SCALE = 5.0  # m/s^2, the unit of acceleration without gravity inside the network
TURN_SCALE = 2.0  # rad/s, the unit of turning
WEAKEST = 5.0  # m/s^2; a weaker mean acceleration is not all gravity, and counts for less


@dataclass(frozen=True)
class ImuSizes:
    """Sizes of the tower."""

    widths: tuple[int, ...] = (48, 96, 144)  # channels of the stages; each halves the samples
    kernels: tuple[tuple[int, int], ...] = ((7, 5), (5, 3), (3, 3))
    hidden: int = 256
    kinds: int = 18  # K
    semantic: int = 384  # S


def described(motion: Tensor) -> Tensor:
    """Turn samples of motion into the inputs of the network.

    Args:
        motion: Shape `(B, T, 6)`: accelerometer x y z in m/s^2, gyroscope x y z in rad/s.
    Returns:
        Shape `(B, 14, T)`: acceleration without its mean (3), turning (3), the direction of the
        mean, which is gravity's (3, about 0 where gravity was removed), acceleration along
        gravity, across it and in all, the rate of turning in all, and the energy of the window.
    """
    acceleration, turning = motion[..., :3], motion[..., 3:]  # (B, T, 3) each
    mean = acceleration.mean(1, keepdim=True)  # (B, 1, 3)
    linear = acceleration - mean
    # Of what is left of a removed gravity, the direction says nothing.
    down = (mean / mean.norm(dim=-1, keepdim=True).clamp(min=WEAKEST)).expand_as(linear)
    along = (linear * down).sum(-1, keepdim=True)  # (B, T, 1)
    across = (linear - along * down).norm(dim=-1, keepdim=True)
    strength = linear.norm(dim=-1, keepdim=True)
    energy = torch.log1p(strength.mean(1, keepdim=True)).expand_as(strength)
    parts = [linear / LINEAR_SCALE, turning / TURN_SCALE, down, along / LINEAR_SCALE]
    parts += [across / LINEAR_SCALE, strength / LINEAR_SCALE]
    parts += [turning.norm(dim=-1, keepdim=True) / TURN_SCALE, energy]
    return torch.cat(parts, -1).transpose(1, 2)  # (B, 14, T)


class Convolution(nn.Module):
    """A convolution along time, and during training the batch norm that is folded into it."""

    def __init__(self, entering: int, leaving: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(entering, leaving, kernel, stride, padding=kernel // 2)
        self.norm: nn.Module = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, T)` to `(B, C', ceil(T / stride))`."""
        return F.silu(self.norm(self.conv(x)))


class ImuTower(nn.Module):
    """Turns motion into vectors of meaning."""

    def __init__(self, sizes: ImuSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or ImuSizes()
        layers, entering = [], CHANNELS
        for width, (first, second) in zip(sizes.widths, sizes.kernels, strict=True):
            layers += [Convolution(entering, width, first, 2), Convolution(width, width, second, 1)]
            entering = width
        self.layers = nn.Sequential(*layers)
        self.enter = nn.Linear(2 * entering, sizes.hidden)
        self.kinds = nn.Linear(sizes.hidden, sizes.kinds)
        self.drop = nn.Dropout(0.3)
        self.names: Tensor
        self.register_buffer("names", torch.zeros(sizes.kinds, sizes.semantic))

    def odds(self, motion: Tensor) -> Tensor:
        """Map `(B, T, 6)`, m/s^2 and rad/s at 50 Hz, to log-odds of the kinds `(B, K)`."""
        x = self.layers(described(motion))  # (B, C, T / 8)
        pooled = torch.cat([x.mean(2), x.amax(2)], 1)  # (B, 2C)
        out: Tensor = self.kinds(self.drop(F.silu(self.enter(pooled))))  # (B, K)
        return out

    def forward(self, motion: Tensor) -> Tensor:
        """Map `(B, T, 6)`, m/s^2 and rad/s at 50 Hz, to float32 unit vectors `(B, S)`."""
        likely = self.odds(motion).softmax(-1)  # (B, K)
        return mixture(likely, F.normalize(self.names, dim=-1))  # (B, S)
