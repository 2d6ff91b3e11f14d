"""The sizes that are measured: those of the released model, or a few blocks of it."""

from __future__ import annotations

from dataclasses import replace

from sensorium.imagebind.config import TOWERS, ImageBindConfig

QUICK_BLOCKS = 2


def chosen_config(*, quick: bool) -> ImageBindConfig:
    """Return the huge sizes; if `quick`, with two blocks in each tower."""
    huge = ImageBindConfig.huge()
    if not quick:
        return huge
    short = {tower: replace(huge.tower(tower), blocks=QUICK_BLOCKS) for tower in TOWERS}
    return ImageBindConfig(**short, embedding=huge.embedding)
