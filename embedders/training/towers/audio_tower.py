"""The sound tower: a network on log-mel energies of about a second.

An inverted-residual network with squeeze-and-excite (Howard et al., "Searching for MobileNetV3",
ICCV 2019), taught by a classifier of 521 kinds of sound that is not shipped. It estimates how
likely each kind is; the mixture of the kinds' names, as the text tower embeds them, is the vector.
Kinds that it hears in everything ("an animal making noise") weigh less.

Letters: B batch, C channels, T frames, M mel bins, E features, K kinds of sound,
S semantic dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.towers.mixture import mixture

MEL_MEAN, MEL_SPREAD = -4.0, 4.0  # rough mean and deviation of log-mel energies
RARE = 1e-3  # added to usual probabilities, so that what is never heard is not blown up


class Stage(NamedTuple):
    """A run of blocks; the first of them strides."""

    repeats: int  # blocks
    stride: int
    expansion: int  # hidden channels per input channel
    channels: int  # channels of its output


@dataclass(frozen=True)
class AudioSizes:
    """Sizes of the sound tower."""

    stem: int = 48  # channels, 48 x 32
    stages: tuple[Stage, ...] = (
        Stage(1, 1, 2, 48),  # 48 x 32
        Stage(2, 2, 4, 72),  # 24 x 16
        Stage(3, 2, 4, 120),  # 12 x 8
        Stage(3, 1, 4, 192),  # 12 x 8
        Stage(3, 2, 4, 288),  # 6 x 4
    )
    squeeze: int = 8  # hidden channels per channel of the excitation
    features: int = 1024  # E
    kinds: int = 521  # K
    semantic: int = 384  # S


class ConvNorm(nn.Module):
    """A convolution, and during training the batch norm that is folded into it afterwards."""

    def __init__(
        self, entering: int, leaving: int, kernel: int = 1, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            entering, leaving, kernel, stride, padding=kernel // 2, groups=groups, bias=True
        )
        self.norm: nn.Module = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, T, M)` to `(B, C', T', M')`."""
        out: Tensor = self.norm(self.conv(x))
        return out


class Excite(nn.Module):
    """Weighs channels by their means over the whole window (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        hidden = max(8, channels // squeeze)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, T, M)` to the same shape."""
        pooled = x.mean((2, 3), keepdim=True)  # (B, C, 1, 1)
        return x * torch.sigmoid(self.excite(F.silu(self.squeeze(pooled))))


class Block(nn.Module):
    """Expands, filters and weighs channels, projects; added to the input where shapes agree."""

    def __init__(self, entering: int, stage: Stage, stride: int, squeeze: int) -> None:
        super().__init__()
        hidden = entering * stage.expansion
        self.expand = ConvNorm(entering, hidden)
        self.depthwise = ConvNorm(hidden, hidden, 3, stride=stride, groups=hidden)
        self.excite = Excite(hidden, squeeze)
        self.project = ConvNorm(hidden, stage.channels)
        self.residual = stride == 1 and entering == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, T, M)` to `(B, C', T', M')`."""
        hidden = F.silu(self.depthwise(F.silu(self.expand(x))))  # (B, 4C, T', M')
        out: Tensor = self.project(self.excite(hidden))  # (B, C', T', M')
        return x + out if self.residual else out


class SoundNet(nn.Module):
    """Turns log-mel energies into features, and into the log-odds of each kind of sound."""

    def __init__(self, sizes: AudioSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or AudioSizes()
        self.stem = ConvNorm(1, sizes.stem, 3, stride=2)
        blocks, entering = [], sizes.stem
        for stage in sizes.stages:
            for repeat in range(stage.repeats):
                stride = 1 if repeat else stage.stride
                blocks.append(Block(entering, stage, stride, sizes.squeeze))
                entering = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm(entering, sizes.features)
        self.kinds = nn.Linear(sizes.features, sizes.kinds)

    def forward(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(B, T, M)` to features `(B, E)` and log-odds `(B, K)` of each kind by itself."""
        x = F.silu(self.stem((mels[:, None] - MEL_MEAN) / MEL_SPREAD))  # (B, 48, T/2, M/2)
        x = self.blocks(x)  # (B, 288, T/16, M/16)
        features = F.relu(self.head(x)).mean((2, 3))  # (B, E)
        return features, self.kinds(features)


class AudioTower(nn.Module):
    """Turns log-mel energies into vectors of meaning."""

    def __init__(self, sizes: AudioSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or AudioSizes()
        self.net = SoundNet(sizes)
        self.names: Tensor
        self.usual: Tensor  # mean probability of each kind over sounds of every sort
        self.register_buffer("names", torch.zeros(sizes.kinds, sizes.semantic))
        self.register_buffer("usual", torch.zeros(sizes.kinds))

    def forward(self, mels: Tensor) -> Tensor:
        """Map log-mel energies `(B, T, M)`, see `log_mel`, to unit vectors `(B, S)`.

        The square root gives weight in the mixture to kinds that are present but not loudest.
        """
        _, odds = self.net(mels)  # (B, K)
        unusual = odds.sigmoid() / (self.usual + RARE)  # (B, K)
        return mixture(unusual.sqrt(), F.normalize(self.names, dim=-1))  # (B, S)
