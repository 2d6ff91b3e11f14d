"""Where the reference's outputs are, and the sizes of the tiny model they came from."""

from pathlib import Path

from sensorium.imagebind import ImageBindConfig
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
