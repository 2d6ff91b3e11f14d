"""Motion as tests make it: six columns of noise with gravity, and the units they are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNITS: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}
COLUMNS = ("ax", "ay", "az", "gx", "gy", "gz")
G = 9.80665  # m/s^2


def motion(count: int = 200, seed: int = 0) -> NDArray[np.float64]:
    """Return `(count, 6)` samples in m/s^2 and rad/s."""
    samples = np.random.default_rng(seed).normal(size=(count, 6))
    samples[:, 2] += G
    return samples


def csv_file(path: Path, names: list[str], columns: list[Any], *, delimiter: str = ",") -> Path:
    """Write columns under their names."""
    rows = [delimiter.join(f"{value:.9g}" for value in row) for row in np.stack(columns, axis=1)]
    path.write_text("\n".join([delimiter.join(names), *rows]) + "\n")
    return path


def planted(count: int) -> NDArray[np.float64]:
    """Return a smooth motion `(count, 6)` at 100 Hz, m/s^2 and rad/s, whose columns all differ."""
    times = np.arange(count) / 100
    waves = [np.sin(2 * np.pi * (0.4 + 0.3 * axis) * times + axis) for axis in range(6)]
    return np.stack(waves, 1) * [1.5, 1.0, 2.0, 0.8, 0.6, 0.4] + [0.5, 1.0, G, 0.1, 0.2, 0.05]
