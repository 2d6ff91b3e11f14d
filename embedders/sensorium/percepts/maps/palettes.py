"""Colour palettes of thermal cameras, and how a coloured picture becomes grey again.

The named tables are approximations of ours: straight lines in RGB between a few anchors. A
camera's exact table can be given as an array instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PaletteError, show
from sensorium.percepts.source import Array

Palette: TypeAlias = "str | Sequence[Sequence[int]] | Array"
Anchor: TypeAlias = tuple[float, int, int, int]  # (position in [0, 1], red, green, blue)

COLOURS = 256  # in a named palette
CHUNK = 16_384  # colours compared with the table at a time: 16 MiB of distances
FARTHEST = 40.0  # median RGB distance (of 441) beyond which a picture does not use a palette

PALETTES: dict[str, tuple[Anchor, ...]] = {  # cold first
    "hot": ((0.0, 0, 0, 0), (0.375, 255, 0, 0), (0.75, 255, 255, 0), (1.0, 255, 255, 255)),
    "inferno": (
        (0.0, 0, 0, 4),
        (0.125, 32, 12, 74),
        (0.25, 87, 16, 110),
        (0.375, 137, 34, 106),
        (0.5, 188, 55, 84),
        (0.625, 228, 90, 49),
        (0.75, 249, 142, 9),
        (0.875, 249, 203, 53),
        (1.0, 252, 255, 164),
    ),
    "ironbow": (
        (0.0, 0, 0, 10),
        (0.13, 40, 0, 115),
        (0.27, 120, 0, 156),
        (0.4, 175, 20, 148),
        (0.52, 212, 55, 80),
        (0.64, 236, 98, 14),
        (0.77, 251, 154, 0),
        (0.9, 255, 220, 60),
        (1.0, 255, 255, 246),
    ),
    "jet": (
        (0.0, 0, 0, 128),
        (0.125, 0, 0, 255),
        (0.375, 0, 255, 255),
        (0.625, 255, 255, 0),
        (0.875, 255, 0, 0),
        (1.0, 128, 0, 0),
    ),
    "rainbow": (
        (0.0, 128, 0, 255),
        (0.111, 0, 0, 255),
        (0.333, 0, 255, 255),
        (0.556, 0, 255, 0),
        (0.778, 255, 255, 0),
        (1.0, 255, 0, 0),
    ),
    "spectra": (  # Seek's, as its pictures show it
        (0.0, 0, 0, 0),
        (0.1, 0, 0, 90),
        (0.22, 3, 52, 188),
        (0.3, 2, 92, 225),
        (0.4, 2, 118, 107),
        (0.5, 7, 141, 19),
        (0.58, 116, 195, 5),
        (0.66, 235, 240, 8),
        (0.75, 248, 145, 5),
        (0.84, 246, 29, 10),
        (0.92, 251, 117, 113),
        (1.0, 255, 250, 250),
    ),
}


def canonical_palette(palette: Palette) -> str | list[list[int]]:
    """Check a palette and make it JSON-ready.

    Args:
        palette: A name in `PALETTES`, or (N, 3) RGB values in 0..255 from cold to hot, N >= 2.
    Raises:
        PaletteError: An unknown name, or an array of another shape, dtype or range.
    """
    if isinstance(palette, str):
        if palette not in PALETTES:
            raise PaletteError(
                f"the palette {show(palette)}",
                f"one of {', '.join(PALETTES)}, or an (N, 3) array of colours from cold to hot",
                "name the palette the camera used",
            )
        return palette
    try:
        table = np.asarray(palette)
    except ValueError:  # rows of different lengths
        table = np.empty(0)
    rows = table.ndim == 2 and table.shape[1] == 3 and len(table) > 1
    if not rows or table.dtype.kind not in "iu" or table.min() < 0 or table.max() > 255:
        raise PaletteError(
            f"a palette of shape {table.shape} and dtype {table.dtype}",
            "(N, 3) whole numbers in 0..255, N >= 2, colours from cold to hot",
            "multiply by 255 and convert to uint8 if its colours are floats in [0, 1]",
        )
    return [[int(level) for level in colour] for colour in table]


def palette_table(palette: str | list[list[int]]) -> NDArray[np.uint8]:
    """Return the colours of a canonical palette, (N, 3) uint8 RGB, cold first."""
    if not isinstance(palette, str):
        return np.array(palette, np.uint8)
    anchors = np.array(PALETTES[palette])
    positions = np.linspace(0, 1, COLOURS)
    channels = [np.interp(positions, anchors[:, 0], anchors[:, 1 + rgb]) for rgb in range(3)]
    table: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return table


def invert_palette(
    pixels: NDArray[np.uint8], palette: str | list[list[int]]
) -> NDArray[np.float32]:
    """Return each pixel's place in the palette: that of the nearest colour in RGB.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        palette: A palette that `canonical_palette` returned.
    Returns:
        (H, W) float32 in [0, 1], 0 for the first (coldest) colour and 1 for the last.
    Raises:
        PaletteError: The median pixel is farther than `FARTHEST` from every colour of the table.
    """
    table = palette_table(palette)
    wide = pixels.reshape(-1, 3).astype(np.uint32)
    codes, back = np.unique(wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2], return_inverse=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.float32)
    index, distance = _nearest(colours, table.astype(np.float32))
    median = float(np.median(distance[back]))
    if median > FARTHEST:
        name = palette if isinstance(palette, str) else f"given ({len(table)} colours)"
        raise PaletteError(
            f"a picture whose median pixel is {median:.0f} RGB levels from the palette {name}",
            f"at most {FARTHEST:.0f}",
            "name the palette the camera used, or pass its table as an (N, 3) array",
        )
    places = (index / np.float32(len(table) - 1)).astype(np.float32)
    return places[back].reshape(pixels.shape[:2])


def _nearest(
    colours: NDArray[np.float32], table: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the index of the table colour nearest to each (K, 3) colour, and its distance."""
    index = np.empty(len(colours), np.intp)
    squares = (table**2).sum(axis=1)  # |c - t|^2 = |c|^2 + (|t|^2 - 2 c.t); whole numbers, exact
    for start in range(0, len(colours), CHUNK):
        chunk = colours[start : start + CHUNK]
        index[start : start + CHUNK] = (squares - 2 * chunk @ table.T).argmin(axis=1)
    return index, np.linalg.norm(colours - table[index], axis=1).astype(np.float32)
