"""The reference's outputs, and the sizes of the tiny model they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from sensorium.imagebind import ImageBind, ImageBindConfig
from sensorium.imagebind.checkpoint import InMemory
from sensorium.imagebind.config import TOWERS

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens" / "imagebind"
TINY_CHECKPOINT = GOLDENS / "imagebind_tiny.safetensors"
TINY = ImageBindConfig.from_json(GOLDENS / "imagebind_tiny.json")
SMALLEST = ImageBindConfig.from_dict(  # for what is about files, not vectors
    {f"{tower}_embed_dim": 2 for tower in TOWERS}
    | {f"{tower}_num_blocks": 1 for tower in TOWERS}
    | {f"{tower}_num_heads": 1 for tower in TOWERS}
    | {"out_embed_dim": 2}
)


def opened(weights: dict[str, Tensor], **options: Any) -> ImageBind:
    """Open a state dict of the tiny model on the CPU."""
    return ImageBind(InMemory(weights), config=TINY, device="cpu", **options)
