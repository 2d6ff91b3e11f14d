"""The picture tower: the sum of what ImageNet's classes and the taught ones say."""

from __future__ import annotations

import torch
from torch import Tensor

from training.towers.image_tower import ImageHead, ImageSizes

SIZES = ImageSizes(features=4, imagenet=10, taught=2, semantic=12, appearance=3)
KNOWN, TAUGHT = 4, 10  # a class of each kind; the name of each class is an axis


def planted(taught: float) -> ImageHead:
    """Make a head that is sure of one of ImageNet's classes.

    Args:
        taught: Log-odds of a taught class, against that class.
    """
    head = ImageHead(SIZES)
    with torch.no_grad():
        head.classes.weight.zero_()
        head.classes.bias.zero_()
        head.classes.bias[[KNOWN, TAUGHT]] = torch.tensor([20.0, 20.0 + taught])
    head.names.copy_(torch.eye(12))
    return head.requires_grad_(False)


def meaning(head: ImageHead) -> Tensor:
    """Return the vector of a picture of one region."""
    vectors: Tensor = head(torch.ones(1, 1, SIZES.features))[0]
    return vectors[0]


def test_a_taught_class_does_not_silence_what_imagenet_sees() -> None:
    """Planted: a taught class that claims everything leaves half of the meaning to ImageNet's."""
    vector = meaning(planted(taught=20.0))
    torch.testing.assert_close(vector[[KNOWN, TAUGHT]], torch.full((2,), 0.5**0.5))


def test_an_unlikelier_taught_class_is_silent() -> None:
    """Planted: a taught class that is less likely than ImageNet's adds nothing."""
    vector = meaning(planted(taught=-5.0))
    assert vector[TAUGHT] < 0.001
    assert vector[KNOWN] > 0.999


def test_the_length_of_a_taught_name_is_its_weight() -> None:
    """Planted: a name of length 2 has twice the share of ImageNet's name."""
    head = planted(taught=20.0)
    head.names[TAUGHT] *= 2
    vector = meaning(head)
    torch.testing.assert_close(vector[TAUGHT] / vector[KNOWN], torch.tensor(2.0))


def test_one_region_that_is_sure_counts_for_more_than_its_share() -> None:
    """Planted: what one region in four shows has half a voice, of ImageNet's classes and taught."""
    head = planted(taught=0.0)
    head.classes.bias.zero_()
    head.classes.weight[[KNOWN, KNOWN + 1, TAUGHT], [0, 1, 2]] = 40.0
    regions = torch.zeros(1, 4, SIZES.features)
    regions[0, 0, 0] = regions[0, 1:, 1] = 1.0
    [vector], _ = head(regions)
    torch.testing.assert_close(vector[KNOWN] / vector[KNOWN + 1], torch.tensor(3**-0.5))
    regions[0, 0, :3] = torch.tensor([0.0, 0.0, 1.0])
    [vector], _ = head(regions)
    half = torch.tensor(0.5)
    torch.testing.assert_close(vector[TAUGHT] / vector[KNOWN + 1], half, rtol=0.02, atol=0)
