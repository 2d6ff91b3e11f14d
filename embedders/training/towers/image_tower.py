"""The tower for pictures and video frames: from features of the trunk to meaning and appearance.

Meaning is the mixture of the names of the likeliest classes, ImageNet's and those added since.
Appearance is a projection, learned so that a photo lies near a thermal picture of the same scene
and near photos of the same kind of thing.

Letters: B batch, R regions, E features, C classes, S semantic and A appearance dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.imagebind.linear import Linear
from training.towers.mixture import mixture

TEMPERATURE = 0.8  # below 1, so that the likeliest classes count for more


@dataclass(frozen=True)
class ImageSizes:
    """Sizes of the tower on top of its trunk."""

    features: int = 1280  # E
    imagenet: int = 1000  # classes of the trunk
    taught: int = 159  # classes added since; C is the sum of both
    semantic: int = 384  # S
    appearance: int = 128  # A


class ImageHead(nn.Module):
    """Turns features into vectors of meaning and of appearance."""

    def __init__(self, sizes: ImageSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or ImageSizes()
        classes = sizes.imagenet + sizes.taught
        self.classes = Linear(sizes.features, classes)
        self.names: Tensor
        self.register_buffer("names", torch.zeros(classes, sizes.semantic))
        self.appearance = Linear(sizes.features, sizes.appearance)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Map features of a picture's regions to its vectors.

        Args:
            features: Shape `(B, R, E)`; the first region is the whole picture.
        Returns:
            Float32 unit vectors of meaning `(B, S)` and of appearance `(B, A)`. The mean of the
            squares of chances lets what one region is sure of outweigh what all think possible.
        """
        chances = (self.classes(features) / TEMPERATURE).softmax(-1)  # (B, R, C)
        together = chances.square().mean(1).sqrt()  # (B, C)
        meaning = mixture(together, F.normalize(self.names, dim=-1))  # (B, S)
        return meaning, F.normalize(self.appearance(features[:, 0]).float(), dim=-1)
