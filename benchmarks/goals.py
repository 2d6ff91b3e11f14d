"""Every figure that has a goal, beside it and beside what it was: speed and size in one table.

    python benchmarks/goals.py                          # all of it: an hour, 14 GB of memory
    python benchmarks/goals.py --only cold asking       # some; the others stay as they were
    python benchmarks/goals.py --only growing --records 200000   # sizes up to that

It runs what the other scripts measure, each part with the load of the machine when it began, and
rewrites goals.md. A load above the number of cores makes all times on the clock too long; CPU time,
ratios and sizes suffer less. A server and its cluster have tables of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import asking
import long_life
import memory
import scale
import torch
from machine import describe, machine_lines
from tables import markdown

from sensorium.memory.moving.backing_up import restore

HERE = Path(__file__).parent
TABLE, FIGURES = HERE / "goals.md", HERE / "goals.json"
PROGRAM = str(Path(sys.executable).with_name("sensorium"))
COLUMNS = ("part", "", "now", "goal", "former")
TRIES = 5  # cold starts; the fastest counts
NOTES = 20  # texts of a small memory
KIB, MIB = 2**10, 2**20
INT8 = {  # by the input of encode.py: goal, in times of float32
    "sound windows of 2 s": "2.5x",
    "depth maps": "1.5 to 1.8x",
    "IMU windows of 10 s": "1.5 to 1.8x",
}
HEADING = """# Goals of speed and size, measured

Written by `python benchmarks/goals.py`. *Former* is what version 0.1 took on a machine of the same
kind. *Load* is the number of processes that wanted a core when a part began.
"""

Row: TypeAlias = "tuple[str, str, str, str]"  # what, now, goal, former


def encoding(_: argparse.Namespace) -> list[Row]:
    """Measure ImageBind's towers in 8 bits, against float32 in the same run."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "encode.json"
        names = ["--modalities", "audio", "depth", "imu"]
        run = [sys.executable, str(HERE / "encode.py"), *names, "--json", str(file)]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        lines = json.loads(file.read_text("utf-8"))["lines"]
    rates = {(each["input"], each["computation"]): each for each in lines}
    made = []
    for label, goal in INT8.items():
        whole = rates[label, "float32"]["items_per_second"]
        for computation in ("bfloat16", "int8"):
            other = rates.get((label, computation))
            if other is not None:
                now = f"{other['items_per_second'] / whole:.2f}x, cosine {other['cosine']:.4f}"
                wanted = goal if computation == "int8" else ""
                made.append((f"{label}: {computation} against float32", now, wanted, ""))
    return made


def cold(_: argparse.Namespace) -> list[Row]:
    """Measure what a command takes from nothing, in seconds of CPU time."""
    with tempfile.TemporaryDirectory() as home:
        place = {**os.environ, "SENSORIUM_MEMORY": home}
        place.pop("PYTHONDONTWRITEBYTECODE", None)  # or all is compiled anew: not as installed

        def cpu(*command: str) -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=place, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        cpu(PROGRAM, "remember", "--text", "the dog barks")
        imported = (sys.executable, "-c", "from sensorium.memory import Memory")
        commands = (
            ("sensorium --help", (PROGRAM, "--help"), "0.15 s", "0.23 s"),
            ("from sensorium.memory import Memory", imported, "0.25 s", "0.39 s"),
            ('sensorium recall "dog"', (PROGRAM, "recall", "dog"), "0.8 s", "1.3 s"),
        )
        return [
            (f"{name}, CPU", f"{min(cpu(*command) for _ in range(TRIES)):.2f} s", goal, former)
            for name, command, goal, former in commands
        ]


def asked(_: argparse.Namespace) -> list[Row]:
    """Measure recalls beyond Edge, waits, threads and owners."""
    return [(what, now, goal, former) for what, now, goal, former in asking.measured(10_000)]


def writing(_: argparse.Namespace) -> list[Row]:
    """Measure writes, as a ratio to the client's own local mode in the same run."""
    former = ("1.6x", "1.5x", "1.2x")
    rows = memory.table_of_writes(50_000, 2)
    return [
        (f"{what} (the client: {theirs})", f"{ours}, {ratio.split()[0]}", f"{goal}x", before)
        for (what, ours, theirs, ratio), goal, before in zip(
            rows, memory.WRITES.values(), former, strict=True
        )
    ]


def growing(arguments: argparse.Namespace) -> list[Row]:
    """Measure sizes that have goals, and keep the figures for scale.md."""
    made: list[Row] = []
    for modalities, records in sorted(scale.TARGETS, key=lambda size: size[0] * size[1]):
        if records > arguments.records:
            continue
        growth = scale.alone(scale.ONE if modalities == 1 else scale.SIX, records)
        scale.keep([growth], describe(torch.device("cpu")))
        made += [
            (f"{kind}: {what}", now, goal, former)
            for kind, what, now, goal, former in scale.rows([growth])
            if goal or former
        ]
    return made


def living(_: argparse.Namespace) -> list[Row]:
    """Replace 100,000 records at a constant count of 400."""
    states = list(long_life.life(100_000, named=True))
    (_, first, disk, recall, _), (_, last, disk_now, recall_now, _) = states[0], states[-1]
    return [
        ("anonymous memory beyond the first", f"{last - first:+.1f} MiB", "20 MiB", "+440 MiB"),
        ("disk against the first", f"{disk_now / disk:.2f}x", "1.5x", ""),
        ("recall, CPU", f"{recall_now:.2f} ms, {recall:.2f} at first", "the same", ""),
    ]


def small(_: argparse.Namespace) -> list[Row]:
    """Measure a memory of 20 notes, as it lies and as one file."""
    with tempfile.TemporaryDirectory() as home:
        folder, file = Path(home) / "notes", Path(home) / "notes.backup"
        vectors = asking.Vectors(NOTES)
        with asking.opened(folder, vectors) as notes:
            notes.remember_many(asking.texts(NOTES))
            notes.backup(file)
        sizes = [each.stat() for each in folder.rglob("*") if each.is_file()]
        apparent, held = sum(s.st_size for s in sizes), sum(s.st_blocks * 512 for s in sizes)
        restore(file, Path(home) / "again")
        with asking.opened(Path(home) / "again", vectors) as again:
            assert again.count() == NOTES
        backup = file.stat().st_size
    return [
        ("apparent size of 20 notes", f"{apparent / MIB:.0f} MiB", "", "308 MB"),
        ("their room on disk", f"{held / MIB:.1f} MiB", "", ""),
        ("their backup", f"{backup / KIB:.0f} KiB", "", "322 MB with tar"),
    ]


PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "cold": cold,
    "asking": asked,
    "writing": writing,
    "small": small,
    "living": living,
    "encoding": encoding,
    "growing": growing,
}


def keep(part: str, load: float, rows: Sequence[Row]) -> None:
    """Put the rows of a part into the table; the other parts stay as they were."""
    known = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    known[part] = {"load": round(load, 1), "rows": [list(row) for row in rows]}
    FIGURES.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = [
        (f"{name}, load {known[name]['load']}", *row)
        for name in PARTS
        if name in known
        for row in known[name]["rows"]
    ]
    lines = [HEADING, markdown(COLUMNS, table), "", *machine_lines(), ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    parser.add_argument("--records", type=int, default=1_000_000, help="largest size to grow to")
    arguments = parser.parse_args()
    for part in arguments.only:
        load = os.getloadavg()[0]
        rows = PARTS[part](arguments)
        for row in rows:
            print(part, *row, sep=" | ", flush=True)
        keep(part, load, rows)


if __name__ == "__main__":
    main()
