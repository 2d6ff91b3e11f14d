"""Tables of motion as percepts, beside `numpy.loadtxt` over a plain table of the same numbers.

`python benchmarks/tables_of_motion.py --megabytes 100`; the table is kept in
benchmarks/tables_of_motion.md. `loadtxt` reads the plain table, whatever form ours reads. What is
compared is processor time, of which other programs take none.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import torch
from machine import describe
from measure import working_memory

from sensorium.percepts import IMU

NAMES = ["t", "ax", "ay", "az", "gx", "gy", "gz"]
RATE = 100  # Hz
START = datetime(2026, 1, 13, tzinfo=timezone.utc)
BLOCK = 1000  # rows that are made once, and written again and again
HOLES = 100  # rows, of which one has an empty cell
ROW = 60  # bytes of a plain row, about
Row = Callable[[float, list[str], int], str]


def dated(seconds: float, cells: list[str], _: int) -> str:
    """Return a row with a date and a time of day."""
    moment = (START + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.%f")
    return ",".join([moment, *cells])


FORMS: dict[str, tuple[str, Row]] = {
    "CSV": (",".join(NAMES), lambda t, cells, i: f"{t:.2f}," + ",".join(cells)),
    "decimal commas": (
        ";".join(NAMES),
        lambda t, cells, i: f"{t:.2f};{';'.join(cells)}".replace(".", ","),
    ),
    "one row in a hundred with an empty cell": (
        ",".join(NAMES),
        lambda t, cells, i: f"{t:.2f},{','.join(cells if i % HOLES else ['', *cells[1:]])}",
    ),
    "dates": (",".join(["time", *NAMES[1:]]), dated),
    "labels": (
        "",
        lambda t, cells, i: (
            f"t:{t:.2f} "
            + " ".join(f"{name}:{cell}" for name, cell in zip(NAMES[1:], cells, strict=True))
        ),
    ),
    "JSON lines": (
        "",
        lambda t, cells, i: (
            f'{{"t": {t:.2f}, '
            + ", ".join(f'"{name}": {cell}' for name, cell in zip(NAMES[1:], cells, strict=True))
            + "}"
        ),
    ),
}


def lines(form: str, count: int) -> Iterator[str]:
    """Yield the lines of a table."""
    header, row = FORMS[form]
    samples = np.random.default_rng(0).normal(size=(BLOCK, 6))
    samples[:, 2] += 9.8
    cells = [[f"{each:.5f}" for each in sample] for sample in samples]
    if header:
        yield header
    for index in range(count):
        yield row(index / RATE, cells[index % BLOCK], index)


def write(path: Path, form: str, count: int) -> Path:
    """Write a table."""
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines(form, count))
    return path


def theirs(path: Path) -> object:
    """Read the plain table with NumPy."""
    return np.loadtxt(path, delimiter=",", skiprows=1)


def ours(path: Path) -> object:
    """Read a table as a percept."""
    return IMU(path, accel="m/s^2", gyro="rad/s")


def processor_time(run: Callable[[], object]) -> float:
    """Return the seconds that a computation takes of a processor."""
    gc.collect()
    begun = time.process_time()
    run()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100, help="size of the plain table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--form", action="append", choices=FORMS, help="one of the tables; repeat")
    asked = parser.parse_args()
    count = asked.megabytes * 1_000_000 // ROW
    print("| table | rows | MB | loadtxt, rows/s | percept, rows/s | ratio | peak memory, MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        plain = write(Path(folder) / "plain.csv", "CSV", count)
        for form in asked.form or FORMS:
            path = write(Path(folder) / "other.csv", form, count)
            ours(write(Path(folder) / "small.csv", form, BLOCK))
            rounds = [
                (
                    processor_time(lambda: theirs(plain)),
                    processor_time(lambda path=path: ours(path)),
                )  # type: ignore[misc]
                for _ in range(asked.rounds)
            ]
            speeds = [count / min(each) for each in zip(*rounds, strict=True)]
            memory = working_memory(lambda path=path: ours(path), torch.device("cpu"))  # type: ignore[misc]
            shown = "unknown" if memory is None else f"{memory / 1e6:.0f}"
            print(
                f"| {form} | {count:,} | {path.stat().st_size / 1e6:.0f} | {speeds[0]:,.0f} "
                f"| {speeds[1]:,.0f} | {speeds[1] / speeds[0]:.2f} | {shown} |",
                flush=True,
            )
    print()
    for key, value in describe(torch.device("cpu")).items():
        print(f"- {key}: {value}")


if __name__ == "__main__":
    main()
