"""The details of a tower that no shape shows."""

from __future__ import annotations

import torch
from tests.support.golden_files import TINY

from sensorium.imagebind.config import TOWERS
from sensorium.imagebind.tower import Tower


def test_norms_have_the_published_epsilons() -> None:
    """1e-6 in the blocks, before the vision blocks and in the heads; 1e-5 in the other stems."""
    with torch.device("meta"):
        towers = {name: Tower(TINY, name) for name in TOWERS}
    for name, tower in towers.items():
        for path, module in tower.named_modules():
            if isinstance(module, torch.nn.LayerNorm):
                stem = path == "stem.norm" and name != "vision"
                assert module.eps == (1e-5 if stem else 1e-6), (name, path)
