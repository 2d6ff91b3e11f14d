"""A plain loop beside actors of Ray: the same pictures into a memory, on one machine.

    make ray && .venv-ray/bin/python benchmarks/shards.py     # ten minutes; rewrites shards.md
    .venv-ray/bin/python benchmarks/shards.py --pictures 64 --rounds 1    # to try the script

Each way is a process of its own, so that it has the threads that it is said to have. The ways take
turns, round after round, and the best round of each counts. The plain loop remembers the pictures;
Ray encodes them into shards, which a memory imports. Both end with the same records.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from tables import markdown

from sensorium import sources
from sensorium.memory import Memory
from sensorium.moving import encode_dataset, list_files

TABLE = Path(__file__).parent / "shards.md"
SIDE = 160  # pixels
BATCH = 16  # pictures encoded together, and rows of a shard
OBJECTS = 2**28  # bytes of Ray's memory for what it passes on
WAYS = {
    "plain loop, 1 thread": ("plain", 1),
    "plain loop, 2 threads": ("plain", 2),
    "Ray, 1 actor": ("ray", 1),
    "Ray, 2 actors": ("ray", 2),
}
COLUMNS = (
    "way",
    "begin s",
    "encode s",
    "import s",
    "all s",
    "CPU s",
    "pictures/s",
    "x plain",
    "load",
)
HEADING = """# Shards, measured

Written by `python benchmarks/shards.py`, with {pictures:,} JPEG pictures of {side} pixels and
sensorium-mini. *Begin* is what passes before the first batch is done: weights are loaded, and Ray
and its actors are started. *Encode* is the rest, to which *pictures/s* and *x plain* belong. A
plain loop writes its memory meanwhile; shards are imported after it. *CPU* is that of all processes
of a way, Ray's own among them; it depends on other programs of the machine the least. *Load* is the
machine's when the way began, over a minute; the best of each way counts, of {rounds} in turn. Where
the load is above the number of cores, whoever has more processes gets more of the machine: then
*x plain* flatters Ray, and only *CPU* can be compared.
"""


def draw(folder: Path, count: int) -> None:
    """Draw pictures of soft colours, each another."""
    random = np.random.default_rng(7)
    for number in range(count):
        small = random.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
        picture = Pillow.fromarray(small).resize((SIDE, SIDE), Pillow.Resampling.BICUBIC)
        picture.save(folder / f"{number:05d}.jpg", quality=90)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of all that began under it. Linux only."""
    fields = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            fields[int(path.parent.name)] = (int(words[1]), int(words[11]) + int(words[12]))
    ours = {os.getpid()}
    while more := {pid for pid, (parent, _) in fields.items() if parent in ours} - ours:
        ours |= more
    return sum(fields[pid][1] for pid in ours) / os.sysconf("SC_CLK_TCK")


def plain(folder: Path, home: Path, begun: list[float]) -> int:
    """Remember the pictures in this process."""
    with Memory.open(home / "memory", owner="me") as memory:
        memory.remember_many(
            sources.walk(folder),
            batch_size=BATCH,
            progress=lambda *_: begun.append(time.perf_counter()),
        )
        begun.append(time.perf_counter())
        return memory.count()


def by_ray(folder: Path, home: Path, begun: list[float], actors: int) -> tuple[int, float]:
    """Encode the pictures by actors, and import them; also return the CPU time of the others."""
    import ray

    ray.init(
        num_cpus=os.cpu_count(),
        include_dashboard=False,
        object_store_memory=OBJECTS,
        logging_level="error",
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    done = encode_dataset(
        ray.data.from_items(list_files(folder)),
        home / "shards",
        owner="me",
        actors=actors,
        batch=BATCH,
        progress=lambda *_: begun.append(time.perf_counter()),
    )
    begun.append(time.perf_counter())
    workers = cpu_seconds() - time.process_time()
    ray.shutdown()
    with Memory.open(home / "memory", owner="me") as memory:
        memory.import_(done.directory)
        return memory.count(), workers


def one_way(way: str, count: int, folder: Path) -> dict[str, float]:
    """Measure one way in this process."""
    begun: list[float] = []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        if way == "plain":
            records, workers = plain(folder, Path(home), begun), 0.0
        else:
            records, workers = by_ray(folder, Path(home), begun, count)
        end = time.perf_counter()
    batches = len(begun) - 1
    rate = BATCH * (batches - 1) / (begun[-1] - begun[0])
    return {
        "begin": begun[0] - start,
        "encode": begun[-1] - begun[0],
        "import": end - begun[-1],
        "all": end - start,
        "rate": rate,
        "cpu": workers + time.process_time(),
        "records": records,
    }


def measured(name: str, folder: Path) -> dict[str, Any]:
    """Run one way in a process of its own."""
    way, count = WAYS[name]
    threads = str(count if way == "plain" else 1)
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "SENSORIUM_THREADS": threads}
    command = [sys.executable, __file__, "--way", way, "--count", str(count), "--in", str(folder)]
    load = os.getloadavg()[0]
    ran = subprocess.run(
        command, env={**os.environ, **quiet}, stdout=subprocess.PIPE, text=True, check=True
    )
    return {**json.loads(ran.stdout.splitlines()[-1]), "load": load}


def rows(best: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Return the rows of the table."""
    plain_rate = best["plain loop, 1 thread"]["rate"]
    return [
        [
            name,
            *(f"{found[key]:.1f}" for key in ("begin", "encode", "import", "all", "cpu", "rate")),
            f"{found['rate'] / plain_rate:.2f}",
            f"{found['load']:.1f}",
        ]
        for name, found in best.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=("plain", "ray"))
    parser.add_argument("--count", type=int)
    parser.add_argument("--in", dest="folder", type=Path)
    asked = parser.parse_args()
    if asked.way:
        print(json.dumps(one_way(asked.way, asked.count, asked.folder)))
        return
    from machine import machine_lines

    found: dict[str, list[dict[str, Any]]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), asked.pictures)
        for _ in range(asked.rounds):
            for name in WAYS:
                found[name].append(measured(name, Path(folder)))
                assert found[name][-1]["records"] == asked.pictures
                print(name, found[name][-1], flush=True)
    best = {name: max(each, key=lambda one: one["rate"]) for name, each in found.items()}
    facts = machine_lines()
    heading = HEADING.format(pictures=asked.pictures, side=SIDE, rounds=asked.rounds)
    text = "\n".join([heading, markdown(COLUMNS, rows(best)), "", *facts, ""])
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
