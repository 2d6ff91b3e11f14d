"""The pack's files as percepts, opened as a user would open them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Thermal
from training.pack import Row

SPECTRA = "Thermal Dogs and People (Roboflow)"  # in the colours of Seek's palette "Spectra"


@lru_cache(maxsize=8)
def _archive(name: str) -> Any:
    return np.load(name)


def percept_of(row: Row) -> Percept:
    """Open the file of one row as a percept."""
    if row.modality == "image":
        return Image(row.path)
    if row.modality == "audio":
        return Audio(row.path)
    if row.modality == "thermal":
        palette = "spectra" if row.source == SPECTRA else None
        return Thermal(row.path, unit="white-hot", palette=palette)
    if row.modality == "depth":
        return Depth(row.path, unit="mm", fx="assume-60deg")
    name, key = row.path.as_posix().split("#")
    motion = _archive(name)[key].astype(np.float32)
    rate = float(_archive(name)[f"{key}_fs"])
    return IMU(motion, rate=rate, accel="m/s^2", gyro="rad/s")
