"""The sizes of an ImageBind model, as one frozen record."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sensorium.errors import CheckpointFormatError

# The tower that takes each modality; pictures and video share one.
TOWER_OF = {
    "text": "text",
    "image": "vision",
    "video": "vision",
    "audio": "audio",
    "depth": "depth",
    "thermal": "thermal",
    "imu": "imu",
}
TOWERS = ("vision", "text", "audio", "depth", "thermal", "imu")


@dataclass(frozen=True)
class TowerSizes:
    """Sizes of one transformer."""

    width: int  # D, numbers in a token
    blocks: int  # transformer blocks
    heads: int  # H, attention heads; divides the width


@dataclass(frozen=True)
class ImageBindConfig:
    """Sizes of the six towers; sizes that are always the same stand in `tower.py` and `stems.py`.

    Source: the paper (arXiv 2305.05665, section 3 and appendix B) and the released checkpoint's
    shapes.
    """

    vision: TowerSizes
    text: TowerSizes
    audio: TowerSizes
    depth: TowerSizes
    thermal: TowerSizes
    imu: TowerSizes
    embedding: int  # E, dimension of the shared space

    @classmethod
    def huge(cls) -> ImageBindConfig:
        """Return the sizes of the released `imagebind_huge`: 1,200.8 million parameters."""
        return cls(
            vision=TowerSizes(width=1280, blocks=32, heads=16),
            text=TowerSizes(width=1024, blocks=24, heads=16),
            audio=TowerSizes(width=768, blocks=12, heads=12),
            depth=TowerSizes(width=384, blocks=12, heads=8),
            thermal=TowerSizes(width=768, blocks=12, heads=12),
            imu=TowerSizes(width=512, blocks=6, heads=8),
            embedding=1024,
        )

    @classmethod
    def tiny(cls) -> ImageBindConfig:
        """Return sizes for tests and demos, with which the real code takes milliseconds."""
        small = TowerSizes(width=32, blocks=2, heads=4)
        text = TowerSizes(width=16, blocks=2, heads=2)
        return cls(small, text, small, small, small, small, embedding=24)

    @classmethod
    def from_json(cls, path: str | Path) -> ImageBindConfig:
        """Read a JSON file of `<tower>_embed_dim`, `_num_blocks`, `_num_heads`, `out_embed_dim`.

        Raises:
            CheckpointFormatError: The file is not JSON, or a size is missing, unknown or not a
                positive integer.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise CheckpointFormatError(
                f"{str(path)!r}, which is not JSON ({error})",
                "a JSON object of sizes",
                "write it with to_dict",
            ) from error

    @classmethod
    def from_dict(cls, sizes: dict[str, Any]) -> ImageBindConfig:
        """Read a dictionary with the fields that `from_json` reads; raises as `from_json`."""
        wanted = cls.huge().to_dict()
        if not isinstance(sizes, dict):
            raise CheckpointFormatError(
                f"{type(sizes).__name__} as sizes", "a JSON object", "write it with to_dict"
            )
        wrong = sorted(wanted.keys() ^ sizes.keys()) + sorted(
            name for name in wanted.keys() & sizes.keys() if not _is_size(sizes[name])
        )
        if wrong:
            raise CheckpointFormatError(
                f"sizes in which {', '.join(wrong)} are missing, unknown or not positive integers",
                f"exactly {', '.join(wanted)}",
                "compare with ImageBindConfig.huge().to_dict()",
            )
        towers = {
            tower: TowerSizes(
                width=sizes[f"{tower}_embed_dim"],
                blocks=sizes[f"{tower}_num_blocks"],
                heads=sizes[f"{tower}_num_heads"],
            )
            for tower in TOWERS
        }
        for tower, size in towers.items():
            if size.width % size.heads:
                raise CheckpointFormatError(
                    f"a {tower} width of {size.width} for {size.heads} heads",
                    "a width that the number of heads divides",
                    "correct the sizes",
                )
        return cls(**towers, embedding=sizes["out_embed_dim"])

    def to_dict(self) -> dict[str, int]:
        """Return the sizes under the field names that `from_json` reads."""
        sizes = {}
        for tower in TOWERS:
            size: TowerSizes = getattr(self, tower)
            sizes[f"{tower}_embed_dim"] = size.width
            sizes[f"{tower}_num_blocks"] = size.blocks
            sizes[f"{tower}_num_heads"] = size.heads
        return sizes | {"out_embed_dim": self.embedding}

    def tower(self, name: str) -> TowerSizes:
        """Return the sizes of the tower `name`, one of `TOWERS`."""
        sizes: TowerSizes = getattr(self, name)
        return sizes


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


assert {field.name for field in fields(ImageBindConfig)} == {*TOWERS, "embedding"}
