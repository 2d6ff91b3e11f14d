"""The sizes of a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tests.support.golden_files import TINY

from sensorium.errors import CheckpointFormatError
from sensorium.imagebind import ImageBindConfig
from sensorium.imagebind.config import TOWERS
from sensorium.imagebind.tower import Tower


def test_the_huge_model_has_the_published_sizes() -> None:
    """1,200.8 million parameters: 632.8 vision, 354.0 text, 86.2 audio, 21.9 depth, ..."""
    published = dict(zip(TOWERS, (632.8, 354.0, 86.2, 21.9, 86.2, 19.6), strict=True))
    with torch.device("meta"):
        towers = {name: Tower(ImageBindConfig.huge(), name) for name in TOWERS}
    counts = {name: sum(p.numel() for p in tower.parameters()) for name, tower in towers.items()}
    for name, millions in published.items():
        assert counts[name] / 1e6 == pytest.approx(millions, abs=0.06)
    assert sum(counts.values()) / 1e6 == pytest.approx(1200.8, abs=0.06)


def test_sizes_are_read_strictly(tmp_path: Path) -> None:
    """A size missing, unknown, not positive or not divisible is an error that names it."""
    sizes = TINY.to_dict()
    assert ImageBindConfig.from_dict(sizes) == TINY
    path = tmp_path / "sizes.json"
    changes: list[tuple[dict[str, object], str]] = [
        ({"imu_num_heads": 0}, "imu_num_heads"),
        ({"smell_num_heads": 2}, "smell_num_heads"),
        ({"out_embed_dim": "24"}, "out_embed_dim"),
        ({"imu_num_heads": 3}, "imu width of 16 for 3 heads"),
    ]
    for change, match in changes:
        path.write_text(json.dumps(sizes | change))
        with pytest.raises(CheckpointFormatError, match=match):
            ImageBindConfig.from_json(path)
    path.write_text("{")
    with pytest.raises(CheckpointFormatError, match="not JSON"):
        ImageBindConfig.from_json(path)
