"""The tower for pictures and video frames: from features of the trunk to meaning and appearance.

Meaning is the mixture of the names of the likeliest of ImageNet's classes, plus the names of the
classes taught since, as far as they are likelier than those. Being a sum, it keeps what ImageNet's
classes say of a thing that is of none of the taught kinds, but resembles one.
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

TEMPERATURE = 0.5  # of taught classes: below 1, so that one either explains a picture or is silent


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
        self.known = sizes.imagenet
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
            The length of a taught class's name is its weight.
        """
        odds = self.classes(features)  # (B, R, C)
        likely = _together(odds[..., : self.known].softmax(-1))
        seen = mixture(likely, F.normalize(self.names[: self.known], dim=-1))  # (B, S)
        taught = _together((odds / TEMPERATURE).softmax(-1))[:, self.known :]
        meaning = F.normalize(seen + (taught @ self.names[self.known :]).float(), dim=-1)  # (B, S)
        return meaning, F.normalize(self.appearance(features[:, 0]).float(), dim=-1)


def _together(chances: Tensor) -> Tensor:
    """Join the chances that regions give to classes: `(B, R, C)` to `(B, C)`."""
    return chances.square().mean(1).sqrt()
