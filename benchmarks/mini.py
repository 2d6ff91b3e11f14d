"""The speed of sensorium-mini on two threads: a single percept, a batch of 32, and opening it.

`python benchmarks/mini.py`; the table is kept in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from machine import describe
from measure import alternate, resident

from sensorium.mini import MiniEncoder
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal

CPU = torch.device("cpu")
SIDE = (192, 256)  # pixels of the pictures
RATE = 16_000  # Hz of the sounds
GOALS = {"text": 5.0, "image": 25.0, "audio": 12.0, "imu": 5.0}  # ms for a single percept
OPENING = """
import time, torch
from measure import resident
before, began = resident("VmHWM"), time.perf_counter()
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text
MiniEncoder().embed([Text("a dog")])
print(time.perf_counter() - began, resident("VmHWM") - before)
"""


def percepts(seed: int) -> dict[str, Percept]:
    """Make a percept of each modality; each seed makes different ones."""
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (*SIDE, 3), dtype=np.uint8)
    words = " ".join(random.choice(["dog", "rain", "walk", "sea", "clock", "car"], 6))
    return {
        "text": Text(f"a note about {words}"),
        "image": Image(picture),
        "audio": Audio((0.2 * random.standard_normal(15_600)).clip(-1, 1), rate=RATE),
        "thermal": Thermal(picture[..., 0] / np.float32(255), unit="white-hot"),
        "depth": Depth(1 + picture[..., 0] / np.float32(100), unit="m", fx=200),
        "imu": IMU(random.standard_normal((128, 6)), rate=50, accel="m/s^2", gyro="rad/s"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    encoder = MiniEncoder()
    many = [percepts(seed) for seed in range(32)]
    for key, value in describe(CPU).items():
        print(f"{key}: {value}")
    print(f"threads: {arguments.threads}\n")
    print("| modality | one, ms | goal | 32, ms each | batch of 32 against one |")
    print("|---|---|---|---|---|")
    for modality in many[0]:
        batch = [percept[modality] for percept in many]
        runs = {
            "one": lambda batch=batch: encoder.embed(batch[:1]),
            "many": lambda batch=batch: encoder.embed(batch),
        }
        alternate(runs, CPU, repeat=2, least=0)  # warm up
        timings = alternate(runs, CPU, repeat=arguments.repeat, least=0)
        one, each = 1000 * timings["one"].median, 1000 * timings["many"].median / len(batch)
        goal = f"{GOALS[modality]:.0f}" if modality in GOALS else ""
        print(f"| {modality} | {one:.1f} | {goal} | {each:.1f} | {one / each:.1f}x |", flush=True)
    opened = subprocess.run(
        [sys.executable, "-c", OPENING],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    seconds, grown = map(float, opened.stdout.split())
    print(f"\nOpening with the first text: {seconds:.2f} s, {grown / 1e6:.0f} MB beyond torch.")
    print(f"All towers open: {resident('VmHWM') / 1e6:.0f} MB.")


if __name__ == "__main__":
    main()
