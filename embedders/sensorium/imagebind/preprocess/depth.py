"""Depth: disparity in the units the depth tower was trained on.

Source: the paper (arXiv 2305.05665, appendix B) and the published statistics of its training maps,
which were scaled to eight times true metres before the statistics were taken: hence 600 = 8 x 75.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sensorium.imagebind.stems import PICTURE
from sensorium.percepts import Depth
from sensorium.percepts.geometry import fit_map
from sensorium.percepts.holes import fill_holes

FULL_SCALE = 600.0  # pixels of disparity that map to 1
MEAN, STD = 0.0418, 0.0295  # statistics of the scaled disparity over the training maps


def depth_tensor(depth: Depth) -> Tensor:
    """Turn a depth map into float32 `(1, 224, 224)`; nearer is larger.

    `(clamp(disparity / 600 px, 0, 1) - 0.0418) / 0.0295`, holes filled from around them first.

    Raises:
        PerceptError: The depth map cannot be decoded.
    """
    scaled = (fill_holes(depth.disparity()) / FULL_SCALE).clip(0, 1)
    return (torch.from_numpy(fit_map(scaled, PICTURE))[None] - MEAN) / STD
