"""The pack's pictures as tensors, and their augmentations.

Letters: B batch, C channels, H and W height and width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from sensorium.percepts import Depth, Thermal
from sensorium.percepts.geometry import fit, fit_map
from sensorium.percepts.holes import fill_holes
from training.pack import Row
from training.percepts import percept_of

READERS = 8  # threads
STORED = 274  # pixels a side of a picture that is kept
SEEN = 256  # pixels a side of a view of it
TONES = 6  # points of a random tone curve


def read_photos(rows: Sequence[Row]) -> Tensor:
    """Read photos as uint8 `(N, 3, 274, 274)`."""

    def read(row: Row) -> Tensor:
        with PIL.Image.open(row.path) as picture:
            return torch.from_numpy(np.array(fit(picture.convert("RGB"), STORED))).permute(2, 0, 1)

    return _stacked(read, rows)


def read_thermal(rows: Sequence[Row]) -> Tensor:
    """Read thermal pictures as float32 `(N, 1, 274, 274)` in [0, 1], without their palette."""

    def read(row: Row) -> Tensor:
        percept = percept_of(row)
        assert isinstance(percept, Thermal)
        return _map(percept.intensity())

    return _stacked(read, rows)


def read_luminance(rows: Sequence[Row]) -> Tensor:
    """Read thermal pictures as float32 `(N, 1, 274, 274)`, as the luminance of their colours."""

    def read(row: Row) -> Tensor:
        with PIL.Image.open(row.path) as picture:
            return _map((np.asarray(picture.convert("L")) / 255).astype(np.float32))

    return _stacked(read, rows)


def read_depth(rows: Sequence[Row]) -> Tensor:
    """Read depth maps as float32 `(N, 1, 274, 274)`: about 1 / metres, holes filled."""

    def read(row: Row) -> Tensor:
        percept = percept_of(row)
        assert isinstance(percept, Depth)
        return _map(fill_holes(percept.disparity()))

    return _stacked(read, rows)


def _map(values: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(fit_map(values, STORED))[None]


def _stacked(read: Callable[[Row], Tensor], rows: Sequence[Row]) -> Tensor:
    with ThreadPoolExecutor(READERS) as pool:
        return torch.stack(list(pool.map(read, rows)))


def views(
    pictures: Tensor,
    size: int,
    *,
    zoom: tuple[float, float] = (0.55, 1.0),
    turn: float = 10.0,
    flip: bool = True,
) -> tuple[Tensor, Tensor]:
    """Crop, stretch, turn and mirror pictures at random.

    Args:
        pictures: Shape `(B, C, H, W)`, float.
        size: Side of the result, in pixels.
        zoom: Smallest and largest share of a side that is seen.
        turn: Largest rotation, in degrees.
        flip: Whether half of the pictures are mirrored.
    Returns:
        Pictures `(B, C, size, size)`, and their affine frames `(B, 2, 3)` for `seen`.
    """
    count, device = len(pictures), pictures.device

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, device=device)

    side = uniform(*zoom)
    stretch = torch.exp(uniform(-0.15, 0.15))
    across, down = (side * stretch).clamp(max=1), (side / stretch).clamp(max=1)
    angle = uniform(-turn, turn) * math.pi / 180
    mirror = torch.where(torch.rand(count, device=device) < 0.5 * flip, -1.0, 1.0)
    frames = torch.zeros(count, 2, 3, device=device)
    frames[:, 0, 0], frames[:, 0, 1] = mirror * across * angle.cos(), -down * angle.sin()
    frames[:, 1, 0], frames[:, 1, 1] = mirror * across * angle.sin(), down * angle.cos()
    frames[:, 0, 2] = uniform(-1, 1) * (1 - across)
    frames[:, 1, 2] = uniform(-1, 1) * (1 - down)
    return seen(pictures, frames, size), frames


def nudged(frames: Tensor, amount: float = 0.06) -> Tensor:
    """Move frames `(B, 2, 3)` a little, as if a second camera stood beside the first."""
    return frames + amount * torch.randn_like(frames) * frames.new_tensor([[1, 1, 2], [1, 1, 2]])


def seen(pictures: Tensor, frames: Tensor, size: int) -> Tensor:
    """Cut the frames `(B, 2, 3)` out of pictures `(B, C, H, W)`: `(B, C, size, size)`."""
    grid = F.affine_grid(frames, [len(pictures), 1, size, size], align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def toned(maps: Tensor, *, bent: float = 0.3) -> Tensor:
    """Apply random tone curves to grey `(B, 1, H, W)` in [0, 1]; a share `bent` is not monotone."""
    count, device = len(maps), maps.device
    nodes = torch.rand(count, TONES, device=device).sort(1).values
    nodes = (nodes - nodes[:, :1]) / (nodes[:, -1:] - nodes[:, :1] + 1e-6)
    which = torch.randint(0, TONES, (count, 1), device=device)
    value = torch.where(
        torch.rand(count, 1, device=device) < bent,
        torch.rand(count, 1, device=device),
        nodes.gather(1, which),
    )
    nodes = nodes.scatter(1, which, value)
    at = maps.flatten(1).clamp(0, 1) * (TONES - 1)
    low = at.floor().long().clamp(max=TONES - 2)
    curve = torch.lerp(nodes.gather(1, low), nodes.gather(1, low + 1), at - low)
    return curve.view_as(maps)


def blurred(maps: Tensor) -> Tensor:
    """Blur half of the maps `(B, C, H, W)`, in groups by different factors."""
    out = maps.clone()
    for group in torch.randperm(len(maps), device=maps.device)[: len(maps) // 2].chunk(4):
        factor = float(1 + 3 * torch.rand(()))
        small = F.interpolate(maps[group], scale_factor=1 / factor, mode="area")
        out[group] = F.interpolate(small, size=maps.shape[2:], mode="bilinear")
    return out


def noisy(maps: Tensor, most: float = 0.04) -> Tensor:
    """Add noise of a random strength to each map `(B, C, H, W)`, and clip to [0, 1]."""
    strength = most * torch.rand(len(maps), 1, 1, 1, device=maps.device)
    return (maps + strength * torch.randn_like(maps)).clamp(0, 1)


def as_if_thermal(photos: Tensor) -> Tensor:
    """Make photos `(B, 3, H, W)` in [0, 1] look like thermal pictures `(B, 1, H, W)`.

    The colours are mixed at random, half of the results inverted, bent by a random tone curve and
    blurred. The places and shapes of things remain.
    """
    count, device = len(photos), photos.device
    mixture = torch.rand(count, 3, 1, 1, device=device) + 0.05
    grey = (photos * mixture / mixture.sum(1, keepdim=True)).sum(1, keepdim=True)
    inverted = torch.rand(count, 1, 1, 1, device=device) < 0.5
    return noisy(blurred(toned(torch.where(inverted, 1 - grey, grey))))


def erased(maps: Tensor, share: float = 0.3) -> Tensor:
    """Paint a grey box over a share of the maps `(B, C, H, W)`."""
    count, _, height, width = maps.shape
    device = maps.device
    high, wide = (0.15 + 0.3 * torch.rand(2, count, 1, 1, 1, device=device)).unbind(0)
    top, left = torch.rand(2, count, 1, 1, 1, device=device).unbind(0)
    y = torch.linspace(0, 1, height, device=device)[:, None]
    x = torch.linspace(0, 1, width, device=device)
    inside = (y > top) & (y < top + high) & (x > left) & (x < left + wide)
    chosen = torch.rand(count, 1, 1, 1, device=device) < share
    return torch.where(inside & chosen, torch.rand(count, 1, 1, 1, device=device), maps)


def nearness(inverse: Tensor, *, jitter: bool = False) -> Tensor:
    """Scale 1 / metres `(B, 1, H, W)` to [0, 1] between a low and a high percentile of each map.

    Args:
        inverse: Inverse depth, of any scale.
        jitter: Vary the percentiles at random, as if a wall stood at another distance.
    """
    flat = inverse.flatten(1)
    marks = torch.tensor([0.02, 0.98], device=flat.device)
    # Every seventh pixel is enough to estimate percentiles.
    low, high = torch.quantile(flat[:, ::7], marks, dim=1)[:, :, None]  # (B, 1) each
    if jitter:
        extent = high - low
        wall = torch.rand_like(low) * 0.4 * (torch.rand_like(low) < 0.5)
        low = low + (wall + 0.05 * (torch.rand_like(low) - 0.5)) * extent
        high = high + 0.2 * (torch.rand_like(low) - 0.5) * extent
    scaled = (flat - low) / (high - low).clamp(min=1e-6)
    shown: Tensor = scaled.clamp(0, 1).view_as(inverse)
    return shown
