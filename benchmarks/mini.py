"""How fast sensorium-mini is on two threads: one percept, thirty-two, and opening it.

`python benchmarks/mini.py`; the table goes into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from machine import describe

from sensorium.mini import MiniEncoder
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal

SIDE = (192, 256)  # pixels of the pictures
RATE = 16_000  # Hz of the sounds
GOALS = {"text": 5.0, "image": 25.0, "audio": 12.0, "imu": 5.0}  # ms for one
OPENING = r"""
import re, time, torch
def peak():  # kB; getrusage's would be the parent's
    return int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read()).group(1))
before, began = peak(), time.perf_counter()
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text
MiniEncoder().embed([Text("a dog")])
print(time.perf_counter() - began, peak() - before)
"""


def percepts(seed: int) -> dict[str, Percept]:
    """Make one percept of each sense; no two of them alike."""
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


def milliseconds(run: Callable[[], object], repeat: int) -> float:
    """Return the median of `repeat` runs, after two that do not count."""
    times = []
    for index in range(repeat + 2):
        began = time.perf_counter()
        run()
        if index > 1:
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    encoder = MiniEncoder()
    many = [percepts(seed) for seed in range(32)]
    for key, value in describe(torch.device("cpu")).items():
        print(f"{key}: {value}")
    print(f"threads: {arguments.threads}\n")
    print("| sense | one, ms | goal | 32, ms each | batch of 32 against one |")
    print("|---|---|---|---|---|")
    for sense in many[0]:
        batch = [percept[sense] for percept in many]
        one = milliseconds(lambda batch=batch: encoder.embed(batch[:1]), arguments.repeat)
        each = milliseconds(lambda batch=batch: encoder.embed(batch), 5) / len(batch)
        goal = f"{GOALS[sense]:.0f}" if sense in GOALS else ""
        print(f"| {sense} | {one:.1f} | {goal} | {each:.1f} | {one / each:.1f}x |", flush=True)
    opened = subprocess.run(
        [sys.executable, "-c", OPENING], capture_output=True, text=True, check=True
    )
    seconds, kib = map(float, opened.stdout.split())
    print(f"\nOpening with the first text: {seconds:.2f} s, {kib / 1024:.0f} MB beyond torch.")
    print(f"All towers open: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB.")


if __name__ == "__main__":
    main()
