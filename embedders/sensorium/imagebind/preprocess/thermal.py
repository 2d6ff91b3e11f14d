"""Thermal: one white-hot channel in [0, 1], without mean or standard deviation.

The training pictures show streets at night: pictures of other scenes may be encoded less well.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sensorium.imagebind.stems import PICTURE
from sensorium.percepts import Thermal
from sensorium.percepts.geometry import fit_map


def thermal_tensor(thermal: Thermal) -> Tensor:
    """Turn a thermal picture into float32 `(1, 224, 224)` in [0, 1]; hotter is larger.

    Raises:
        PerceptError: The thermal picture cannot be decoded.
    """
    shown = torch.from_numpy(fit_map(thermal.intensity(), PICTURE))[None]
    return shown.clamp(0, 1)  # bicubic overshoots at edges
