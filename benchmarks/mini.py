"""The speed of sensorium-mini: onnxruntime beside its torch modules, and what a user waits for.

`python benchmarks/mini.py` rewrites mini.md. Each tower gets the same inputs from both, in turn, in
one process; the modules are laid out for the CPU as well as torch can. A percept's whole time has
its decoding and resizing in it, which are the same for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe
from measure import alternate
from tables import markdown
from torch import nn

from sensorium.encoders.threads import VARIABLE
from sensorium.imagebind.linear import Linear
from sensorium.mini import MiniEncoder
from sensorium.mini.encoder import CHUNK
from sensorium.mini.inputs import windows
from sensorium.mini.log_mel import log_mel
from sensorium.mini.tower import Tower
from sensorium.mini.wordpiece import batch
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal
from training.export import EXPORTS
from training.towers.loading import open_tower

HERE = Path(__file__).parent
CPU = torch.device("cpu")
SIDE = (192, 256)  # pixels of the pictures
RATE = 16_000  # Hz of the sounds
MS, MIB = 1e3, 1024.0
UNCOUNTED, COUNTED = 2, 3  # calls of a run in each of its turns
GOALS = {"text": 1.3, "image": 1.7, "thermal": 1.7, "depth": 1.7, "audio": 1.0, "imu": 1.0}
NAMES = {"text": "text", "image": "trunk", "thermal": "maps", "depth": "maps"}  # of the towers
COMMANDS = (("recall dog", 0.8, 200), ("demo", 2.5, None))  # goals: seconds, MiB
MEASURED = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
HEADING = """# sensorium-mini, measured

Written by `python benchmarks/mini.py`, with {threads} threads. The first columns are the networks
alone, *embed* is all of a percept. Ratios are those of medians, of {repeat} turns each.
"""
TOWER = ("one", "onnxruntime, ms", "torch, ms", "ratio", "goal", "embed, ms", "32, ratio")
WAITED = ("command, cold", "seconds", "goal", "peak MiB", "goal")


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


def inputs(modality: str, given: Sequence[Percept]) -> dict[str, Any]:
    """Preprocess percepts of one modality for their tower."""
    cut = [window.inputs for percept in given for window in windows(percept)]
    if modality == "text":
        ids, mask = batch(cut)
        return {"ids": ids, "mask": mask}
    if modality == "audio":
        return {"mels": log_mel(np.stack(cut))}
    if modality == "imu":
        return {"motion": np.stack(cut)}
    joined = np.concatenate(cut) if modality == "image" else np.stack(cut)
    return {"pictures" if modality == "image" else "maps": joined}


def laid_out(name: str) -> nn.Module:
    """Open a tower as a torch module, as fast as torch can run it."""
    module = open_tower(name, EXPORTS[name].make)
    for each in module.modules():
        if isinstance(each, Linear):
            each.pack()
    return module.to(memory_format=torch.channels_last)


def in_chunks(
    run: Callable[..., object], given: dict[str, Any], step: int
) -> Callable[[], list[object]]:
    """Return a run over a batch, some windows at a time, as the encoder does it."""
    count = len(next(iter(given.values())))
    parts = [
        {key: value[start : start + step] for key, value in given.items()}
        for start in range(0, count, step)
    ]
    return lambda: [run(**part) for part in parts]


def tower_rows(repeat: int) -> list[list[str]]:
    """Compare the towers, one percept and 32 at a time."""
    encoder, many = MiniEncoder(), [percepts(seed) for seed in range(32)]
    rows = []
    for modality, goal in GOALS.items():
        name = NAMES.get(modality, modality)
        ours, module = Tower(name), laid_out(name)

        def theirs(module: nn.Module = module, **given: Any) -> object:
            with torch.inference_mode():
                return module(**{key: torch.from_numpy(value) for key, value in given.items()})

        one = inputs(modality, [many[0][modality]])
        all_of_them = inputs(modality, [each[modality] for each in many])
        step = len(many) if modality == "text" else CHUNK
        percept = [many[0][modality]]
        runs = {
            "ours": in_chunks(ours, one, 1),
            "theirs": in_chunks(theirs, one, 1),
            "embed": lambda percept=percept: encoder.embed(percept),
            "ours, 32": in_chunks(ours, all_of_them, step),
            "theirs, 32": in_chunks(theirs, all_of_them, step),
        }
        timings = alternate(runs, CPU, repeat=repeat, least=0, uncounted=UNCOUNTED, counted=COUNTED)
        found = {key: each.median for key, each in timings.items()}
        ratio = found["theirs"] / found["ours"]
        together = found["theirs, 32"] / found["ours, 32"]
        rows.append(
            [
                *(modality, f"{MS * found['ours']:.2f}", f"{MS * found['theirs']:.2f}"),
                *(
                    f"{ratio:.2f}x",
                    f"{goal:.1f}x",
                    f"{MS * found['embed']:.2f}",
                    f"{together:.2f}x",
                ),
            ]
        )
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def waited(repeat: int) -> list[list[str]]:
    """Run commands in processes of their own; return their best times and their peaks."""
    rows = []
    program = str(Path(sys.executable).with_name("sensorium"))
    with tempfile.TemporaryDirectory() as home:
        place = {**os.environ, "SENSORIUM_MEMORY": home}

        def run(*command: str) -> tuple[float, float]:
            """Return seconds and MiB of a command, run by a process that is small itself."""
            small = [sys.executable, "-c", MEASURED, program, *command]
            done = subprocess.run(small, env=place, check=True, capture_output=True, text=True)
            seconds, peak = map(float, done.stdout.split())
            return seconds, peak / MIB

        run("remember", "--text", "the dog barks")
        for command, seconds, memory in COMMANDS:
            found = [run(*command.split()) for _ in range(repeat)]
            best, peak = min(each for each, _ in found), max(each for _, each in found)
            goal = "" if memory is None else f"{memory}"
            rows.append([command, f"{best:.2f}", f"{seconds}", f"{peak:.0f}", goal])
            print(*rows[-1], sep=" | ", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    os.environ[VARIABLE] = str(arguments.threads)
    commands = waited(5)
    towers = tower_rows(arguments.repeat)
    heading = HEADING.format(threads=arguments.threads, repeat=arguments.repeat)
    facts = [f"- {key}: {value}" for key, value in describe(CPU).items()]
    parts = [heading, markdown(TOWER, towers), "", markdown(WAITED, commands), "", *facts, ""]
    (HERE / "mini.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
