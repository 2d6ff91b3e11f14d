"""Packages with data for a benchmark, as small as can be: planted photos, sounds and motions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image

from sensorium.bench.data import LICENCES, MOTIONS, OURS, items
from sensorium.percepts import Audio
from sensorium.percepts.previews import preview


def unpack(folder: Path) -> Path:
    """Write every file that the benchmark lists, each with its package's metadata."""
    for number, item in enumerate(items()):
        if item.package == OURS:
            continue
        file = folder / item.file
        file.parent.mkdir(parents=True, exist_ok=True)
        if item.modality == "depth":
            np.savez(file, np.linspace(20, 60, 48 * 64, dtype=np.float32).reshape(48, 64))
        elif item.modality == "audio":
            hum = 0.3 * np.sin(np.arange(16_000) * (0.05 + number / 100))
            shown = preview(Audio(hum.astype(np.float32), rate=16_000))
            assert shown is not None
            file.write_bytes(shown.data)
        else:
            PIL.Image.new("RGB", (64, 48), (number * 7 % 256, 90, 120)).save(file)
    for name in {*LICENCES} - {OURS}:
        made = folder / f"{name.replace('-', '_')}-9.9.dist-info"
        made.mkdir()
        (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
    motions = folder / MOTIONS
    motions.parent.mkdir(parents=True)
    motions.write_text("@data\n" + "".join(_line(n, kind) for n, kind in enumerate(KINDS * 2)))
    return folder


KINDS = ("Standing", "Running", "Walking", "Badminton")


def _line(number: int, kind: str) -> str:
    seconds = np.arange(100) / 10
    shake = [KINDS.index(kind) * np.sin(seconds * (2 + axis + number / 9)) for axis in range(6)]
    return ":".join(",".join(f"{each:.4f}" for each in axis) for axis in shake) + f":{kind}\n"
