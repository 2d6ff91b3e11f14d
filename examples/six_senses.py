"""Encode one small percept of each modality, and print the shapes of the vectors and their spans.

The percepts are made up: this shows the whole path from percepts with units to unit vectors with
spans. `load_encoder("imagebind-huge")` does the same, once its weights are there
(`pip install "sensorium[imagebind]"`, then `sensorium weights download imagebind-huge`).
"""

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from sensorium.encoders import load_encoder
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video

rng = np.random.default_rng(0)


def chirp(seconds: float, rate: int) -> np.ndarray:
    """Return a tone that rises from 200 Hz to 2 kHz."""
    time = np.arange(int(seconds * rate)) / rate
    return 0.3 * np.sin(2 * np.pi * (200 + 900 * time / seconds) * time)


def walk(seconds: float, rate: float) -> np.ndarray:
    """Return two steps a second, a slow turn, and noise: acceleration in g, rotation in deg/s."""
    time = np.arange(int(seconds * rate)) / rate
    motion = rng.normal(0, 0.02, (len(time), 6))
    motion[:, 2] += 1 + 0.3 * np.sin(2 * np.pi * 2 * time)
    motion[:, 5] += 20 * np.sin(2 * np.pi * 0.3 * time)
    return motion


def slope(height: int, width: int) -> np.ndarray:
    """Return a depth map of a floor from 1 m (bottom) to 5 m (top) away, with a hole."""
    metres = np.repeat(np.linspace(5, 1, height)[:, None], width, axis=1)
    metres[10:20, 10:20] = 0  # depth cameras write 0 for unmeasured
    return metres


def warm_spot(height: int, width: int) -> np.ndarray:
    """Return temperatures of a room at 20 degrees, with a spot at 36 degrees."""
    y, x = np.mgrid[:height, :width]
    near = (y - height / 2) ** 2 + (x - width / 2) ** 2 < (height / 4) ** 2
    return np.where(near, 36.0, 20.0) + rng.normal(0, 0.2, (height, width))


PERCEPTS: list[tuple[Percept, str]] = [
    (Text("a dog runs along the beach"), "7 words"),
    (Image(rng.integers(0, 256, (120, 160, 3), np.uint8)), "120 x 160, RGB"),
    (Video(rng.integers(0, 256, (50, 48, 64, 3), np.uint8), fps=10), "5 s, 10 frames/s"),
    (Audio(chirp(5, 44_100), rate=44_100), "5 s, 44.1 kHz"),
    (Depth(slope(120, 160), unit="m", fx=140.0), "120 x 160, metres"),
    (Thermal(warm_spot(120, 160), unit="celsius"), "120 x 160, celsius"),
    (IMU(walk(25, 52.0), rate=52.0, accel="g", gyro="deg/s"), "25 s, 52 Hz, g"),
]


def main() -> None:
    encoder = load_encoder()
    table = Table(title=f"Six senses, one space ({encoder.space.model})")
    for heading in ("sense", "percept", "vectors", "last window", "norm", "ms"):
        table.add_column(heading)
    for percept, description in PERCEPTS:
        encoder.encode([percept])  # loads the tower, which is not timed
        started = time.perf_counter()
        [encoding] = encoder.encode([percept])
        milliseconds = 1000 * (time.perf_counter() - started)
        last = encoding.spans[-1] if encoding.spans else None
        unit = "" if percept.modality == "text" else " s"
        table.add_row(
            percept.modality,
            description,
            str(encoding.vectors.shape),
            f"{last.start:.4g} to {last.end:.4g}{unit}" if last else "still",
            f"{np.linalg.norm(encoding.vectors, axis=1).mean():.3f}",
            f"{milliseconds:.1f}",
        )
    Console().print(table)
    everything = encoder.embed([percept for percept, _ in PERCEPTS])
    print(f"one mixed batch: {everything.shape} {everything.dtype}, space {encoder.space.id}")


if __name__ == "__main__":
    main()
