"""Pictures and video frames for the vision tower.

Source: the statistics of openai/CLIP and the golden vectors in `tests/goldens`. Deliberate
differences from the reference: EXIF orientation is applied and transparency is composited on white
(both by the percept).
"""

from __future__ import annotations

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from sensorium.imagebind.stems import PICTURE
from sensorium.percepts.geometry import fit

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]  # mean of R, G, B in [0, 1]
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def image_tensor(picture: PIL.Image.Image, *, across: float = 0.5) -> Tensor:
    """Turn an RGB picture into float32 `(3, 224, 224)`.

    Args:
        picture: Mode RGB, upright. Not modified.
        across: Position of the square along the long side: 0 start, 0.5 centre, 1 end.
    """
    pixels = torch.from_numpy(np.array(fit(picture, PICTURE, across=across)))  # (224, 224, 3) uint8
    return (pixels.permute(2, 0, 1).float() / 255 - MEAN) / STD  # (3, 224, 224)
