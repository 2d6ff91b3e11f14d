"""Where the reference's outputs are, and the sizes of the tiny model they came from."""

from pathlib import Path

from sensorium.imagebind import ImageBindConfig

ROOT = Path(__file__).parent.parent
GOLDENS = Path(__file__).parent / "goldens" / "imagebind"
TINY_CHECKPOINT = GOLDENS / "imagebind_tiny.safetensors"
TINY = ImageBindConfig.from_json(GOLDENS / "imagebind_tiny.json")
