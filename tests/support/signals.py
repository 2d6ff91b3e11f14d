"""Seeded pictures, sounds and motion for the encoders."""

from __future__ import annotations

import numpy as np
import PIL.Image

from sensorium.mini.log_mel import SAMPLE_RATE
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video


def scene(seed: int, size: tuple[int, int] = (200, 260)) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    return np.asarray(PIL.Image.fromarray(coarse).resize(size[::-1], PIL.Image.Resampling.BICUBIC))


def chirp(seconds: float, start: float = 300.0) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.4 * np.sin(2 * np.pi * (start * time + 200 * time**2))).astype(np.float32)


def stride(seconds: float, rate: float = 50.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    swing = np.sin(2 * np.pi * 1.9 * time)[:, None] * np.array([1.0, 0.6, 3.0, 0.5, 0.8, 0.3])
    walk: np.ndarray = swing + np.array([0.0, 0.0, 9.81, 0.0, 0.0, 0.0])
    return walk


def mixed() -> list[Percept]:
    grey = scene(3).mean(2).astype(np.float32)
    return [
        Text("a dog barks at the postman"),
        Image(scene(1)),
        Audio(chirp(2.5), rate=SAMPLE_RATE),
        Thermal(20 + grey / 20, unit="celsius"),
        Depth(1 + grey / 100, unit="m", fx=200),
        IMU(stride(6), rate=50, accel="m/s^2", gyro="rad/s"),
        Video(np.stack([scene(s, (96, 128)) for s in range(5)]), fps=1),
        Text("rain"),
        Image(scene(2, (300, 180))),
        Thermal((grey / 255), unit="white-hot"),
    ]
