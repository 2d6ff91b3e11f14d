"""Laws of palettes: a coloured thermal picture comes back as the greys it was made of."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium.errors import PaletteError
from sensorium.percepts.maps.palettes import PALETTES, canonical_palette, palette_table
from sensorium.percepts.thermal import Thermal

RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))


def encoded(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(array).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", sorted(PALETTES))
def test_named_palettes_are_inverted(name: str) -> None:
    """A ramp coloured with a palette comes back as the ramp, in files, arrays and PIL images."""
    coloured = palette_table(name)[RAMP]
    for source in (coloured, PIL.Image.fromarray(coloured), encoded(coloured)):
        thermal = Thermal(source, unit="white-hot", palette=name)
        np.testing.assert_allclose(thermal.intensity(), RAMP / 255, atol=3 / 255)
    smooth = np.kron(coloured, np.ones((16, 16, 1), np.uint8))
    lossy = Thermal(encoded(smooth, "JPEG", quality=95), unit="white-hot", palette=name)
    error = np.abs(lossy.intensity() - np.kron(RAMP, np.ones((16, 16))) / 255)
    assert np.median(error) < 0.02
    black = Thermal(coloured, unit="black-hot", palette=name).intensity()
    np.testing.assert_allclose(black, 1 - RAMP / 255, atol=3 / 255)


def test_a_cameras_own_palette() -> None:
    """A table given as an array is inverted exactly, and is written down as a list."""
    table = np.random.default_rng(4).permutation(60 * 3).reshape(60, 3).astype(np.uint8)
    places = np.random.default_rng(5).integers(0, 60, (7, 9))
    data = encoded(table[places])
    for palette in (table, table.tolist(), table.astype(np.int64)):
        thermal = Thermal(data, unit="white-hot", palette=palette)
        np.testing.assert_allclose(thermal.intensity(), places / 59, atol=1e-6)
        thermal.units["palette"].clear()  # a copy: the percept stays as it is
        assert thermal.units["palette"] == table.tolist()


@pytest.mark.parametrize(
    ("used", "named"), [("jet", "ironbow"), ("ironbow", "jet"), ("hot", "rainbow"), ("grey", "hot")]
)
def test_another_palette_than_named_is_noticed(used: str, named: str) -> None:
    """A picture far from the named palette is refused."""
    grey = np.repeat(RAMP[..., None], 3, axis=2)
    coloured = grey if used == "grey" else palette_table(used)[RAMP]
    with pytest.raises(PaletteError, match=f"RGB levels from the palette {named}"):
        Thermal(coloured, unit="white-hot", palette=named)


@pytest.mark.parametrize(
    "palette",
    [
        "lava",
        [[0, 0, 0]],
        [[0, 0], [1, 1]],
        [[0, 0, 0], [1]],
        [[0, 0, 0], [256, 0, 0]],
        [[0.0] * 3] * 2,
    ],
)
def test_malformed_palettes_are_refused(palette: Any) -> None:
    """Unknown names and tables of another shape, range or dtype are refused."""
    with pytest.raises(PaletteError, match=r"\(N, 3\)"):
        canonical_palette(palette)
