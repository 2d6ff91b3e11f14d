"""A long life at a constant size: records replaced over and over, in one process.

    python benchmarks/long_life.py                  # 100,000 records, some minutes
    python benchmarks/long_life.py --records 5000   # to try the script

A memory holds 400 pictures. In each round 20 of them are replaced under their ids, or forgotten
and remembered anew, and 6 questions are asked. The table says what the process holds, and what is
on disk.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
from machine import machine_lines
from measure import resident
from stored import START, Planted, Vectors

from sensorium.memory import Memory, Moment
from sensorium.percepts import Image

HERE = Path(__file__).parent
ALIVE, ROUND, QUESTIONS = 400, 20, 6  # records at a time; replaced, and asked, in a round
ROWS = 8  # times that the table has
MS, MIB = 1e3, 2**20


def moments(first: int, *, named: bool) -> list[Moment]:
    """Make the pictures of a round; each is another picture with another vector."""
    made = []
    for number in range(first, first + ROUND):
        pixels = np.frombuffer(number.to_bytes(4, "big") * 3, np.uint8).reshape(2, 2, 3)
        picture = Image(pixels, uri=str(number % ALIVE))
        name = f"picture {number % ALIVE}" if named else None
        made.append(Moment((picture,), at=START + timedelta(seconds=number), id=name))
    return made


def life(count: int, *, named: bool) -> Iterator[tuple[int, float, float, float, float]]:
    """Yield records written, anonymous MiB, MiB on disk, ms of a recall, and records a second."""
    vectors = Vectors(ALIVE)
    questions = vectors.questions(QUESTIONS)
    with (
        tempfile.TemporaryDirectory() as folder,
        Memory.open(folder, owner="rex", encoder=Planted(vectors), share=False) as memory,
    ):
        names: list[str] = []
        began, spent = time.perf_counter(), []
        for first in range(0, count + ALIVE, ROUND):
            report = memory.remember_many(moments(first, named=named))
            if not named:
                names += [each.id for each in report.remembered]
                memory.forget(*names[:-ALIVE]) if len(names) > ALIVE else None
                del names[:-ALIVE]
            for question in questions:
                start = time.thread_time()
                memory.recall(question, limit=10)
                spent.append(time.thread_time() - start)
            done = first + ROUND - ALIVE
            if done >= 0 and done % (count // ROWS) == 0:
                rate = (first + ROUND) / (time.perf_counter() - began)
                disk = memory.backend.stats()["bytes"] / MIB
                assert memory.count() == ALIVE
                yield done, resident("RssAnon") / MIB, disk, MS * statistics.median(spent), rate
                spent.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--anew", action="store_true", help="forget and remember, without ids")
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    arguments = parser.parse_args()
    lines = [
        "| replaced | anonymous memory | on disk | recall, CPU | records a second, with recalls |",
        "|---:|---:|---:|---:|---:|",
    ]
    for done, anonymous, disk, recall, rate in life(arguments.records, named=not arguments.anew):
        row = f"| {done:,} | {anonymous:.1f} MiB | {disk:.1f} MiB | {recall:.2f} ms | {rate:,.0f} |"
        lines.append(row)
        print(row, flush=True)
    text = "\n".join([*lines, "", *machine_lines(), ""])
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
