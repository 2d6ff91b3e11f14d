"""Asking, beside the target and the former value of each row.

    python benchmarks/asking.py                      # some minutes; rewrites asking.md
    python benchmarks/asking.py --owners 200         # to try the script

Vectors are planted, as encoding is not measured. The own share of a recall is the time on the
processor of the thread that recalls, without its calls of Qdrant Edge: other programs disturb it
least. All else is time on the clock, and suffers from them: the load stands below the table.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_lines
from numpy.typing import NDArray
from stored import MODALITIES, Planted, Vectors, mixed, pictures, texts
from tables import markdown

from sensorium.memory import AsyncMemory, Memory, Moment
from sensorium.memory.layout.points import points_of
from sensorium.memory.writing.draft import draft_moment
from sensorium.qdrant import Point

HERE = Path(__file__).parent
TABLE = HERE / "asking.md"
RECORDS, THREADED, WRITTEN = 5_000, 10_000, 10_000  # records: of a recall, of threads, of a write
OWNED = 500  # records of the owner who asks among many
OTHERS = 5  # records of each of the others
QUESTIONS, AT_ONCE, LIMIT = 200, 500, 10
SECONDS = 3.0  # of each count of recalls
TICK = 0.01  # seconds
MS = 1e3
HEADING = """# Asking, measured

Written by `python benchmarks/asking.py`: vectors of 1,024 dimensions, recalls of ten hits, folders.
The own share is what a recall takes beyond Qdrant Edge, on the processor. *Slowed* is the median
time of a loop of plain Python between the recalls over its fastest. Recalls of 8 threads are 1.00x.
"""
NOTE = """\
On a busy machine this is no verdict: waits and gaps hold what everybody waits for a processor, as
the idle gap says, and two processes get more of the processors than the threads of one. Compare
where the load is below the number of cores. The former own shares were taken at a load of 1.5.
"""
COLUMNS = ("", "now", "target", "former")

Ask = Callable[[NDArray[np.float32]], object]


class Counting:
    """Edge's shard, and the processor's seconds that its calls take of the calling thread."""

    def __init__(self, engine: Any) -> None:
        """Count from zero."""
        self.engine, self.seconds = engine, 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self.engine, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            start = time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                self.seconds += time.thread_time() - start

        return counted


def opened(folder: Path, vectors: Vectors, *, owner: str = "rex", share: bool = False) -> Memory:
    """Open a memory of planted vectors."""
    return Memory.open(folder, owner=owner, encoder=Planted(vectors), keep_media=False, share=share)


def loop() -> float:
    """Return the seconds of a loop of plain Python on the processor."""
    start, total = time.thread_time(), 0
    for number in range(10_000):
        total += number
    return time.thread_time() - start


def own_share(moments: Iterable[Moment], modalities: Sequence[str]) -> tuple[float, float, float]:
    """Return the milliseconds of a recall beyond Edge, and how many times slower a loop was.

    Returns:
        The median, that of the quietest tenth, and the median of a loop over its fastest.
    """
    vectors, spent, loops = Vectors(RECORDS), [], []
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), vectors) as memory:
        memory.remember_many(moments)
        memory.flush()
        shard: Any = memory.backend._shard  # type: ignore[attr-defined]  # to time it from within
        engine, counting = shard.engine, Counting(shard.engine)
        shard.engine = counting
        for question in vectors.questions(QUESTIONS):
            counting.seconds, start = 0.0, time.thread_time()
            memory.recall(question, limit=LIMIT, modalities=modalities)
            spent.append(time.thread_time() - start - counting.seconds)
            loops.append(loop())
        shard.engine = engine
    slowed = float(np.median(loops)) / min(loops)
    return MS * float(np.median(spent)), MS * float(np.quantile(spent, 0.1)), slowed


async def gaps_while(work: asyncio.Future[Any]) -> list[float]:
    """Return by how many seconds each turn of an event loop came late while something went on."""
    late = []
    while not work.done():
        start = time.perf_counter()
        await asyncio.sleep(TICK)
        late.append(time.perf_counter() - start - TICK)
    return late


async def waits_while(work: asyncio.Future[Any]) -> list[float]:
    """Return how many seconds others waited for a thread of the loop."""
    waited = []
    while not work.done():
        start = time.perf_counter()
        await asyncio.to_thread(lambda: None)
        waited.append(time.perf_counter() - start)
        await asyncio.sleep(TICK)
    return waited


async def asynchronous(folder: Path) -> tuple[list[float], list[float], list[float]]:
    """Return waits for threads during recalls, and gaps of the loop when idle and in a write."""
    vectors = Vectors(WRITTEN)
    new = list(texts(WRITTEN))
    async with AsyncMemory(opened(folder, vectors)) as memory:
        await memory.remember_many(pictures(WRITTEN))
        await memory.recall(vectors.rows[0], modalities=["image"])
        recalls = [
            memory.recall(question, limit=LIMIT, modalities=["image"])
            for question in vectors.questions(AT_ONCE)
        ]
        waits = await waits_while(asyncio.gather(*recalls))
        idle = await gaps_while(asyncio.ensure_future(asyncio.sleep(SECONDS)))
        written = asyncio.ensure_future(memory.remember_many(new))
        return waits, idle, await gaps_while(written)


def recalls_in(memory: Memory, vectors: Vectors, threads: int) -> int:
    """Return how many recalls some threads make in `SECONDS`."""
    questions, counts = vectors.questions(QUESTIONS), [0] * threads
    ends = time.monotonic() + SECONDS

    def run(which: int) -> None:
        while time.monotonic() < ends:
            question = questions[(counts[which] + 7 * which) % QUESTIONS]
            memory.recall(question, limit=LIMIT, modalities=["image"])
            counts[which] += 1

    started = [threading.Thread(target=run, args=(which,)) for which in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return sum(counts)


def recaller(folder: Path, share: bool, line: Connection) -> None:
    """Recall with four threads whenever told to."""
    vectors = Vectors(THREADED)
    with opened(folder, vectors, share=share) as memory:
        memory.recall(vectors.rows[0], modalities=["image"])
        line.send(0)
        while line.recv():
            line.send(recalls_in(memory, vectors, 4))


def recalls_by_two(folders: Sequence[Path], *, share: bool) -> float:
    """Return the recalls a second of two processes of four threads each."""
    spawn = get_context("spawn")
    lines: list[Connection] = []
    processes = []
    for folder in folders:
        here, there = spawn.Pipe()
        processes.append(spawn.Process(target=recaller, args=(folder, share, there)))
        processes[-1].start()
        here.recv()
        lines.append(here)
    for line in lines:
        line.send(True)
    total = sum(line.recv() for line in lines)
    for line in lines:
        line.send(False)
    for process in processes:
        process.join()
    return float(total / SECONDS)


def threaded(home: Path) -> list[tuple[str, float]]:
    """Return recalls a second, by who recalls."""
    vectors, rates = Vectors(THREADED), []
    folders = [home / "one", home / "other"]
    for folder in folders:
        with opened(folder, vectors) as memory:
            memory.remember_many(pictures(THREADED))
    with opened(folders[0], vectors) as memory:
        memory.recall(vectors.rows[0], modalities=["image"])
        for threads in (1, 8):
            rates.append((f"{threads} threads", recalls_in(memory, vectors, threads) / SECONDS))
    shared = [folders[0], folders[0]]
    rates.append(("2 processes of 4, one holds the folder", recalls_by_two(shared, share=True)))
    rates.append(("2 processes of 4, a folder each", recalls_by_two(folders, share=False)))
    return rates


def points(owner: str, moments: Iterable[Moment], encoder: Planted) -> list[Point]:
    """Make the points of an owner's records, without opening his memory."""
    now, made = datetime.now(timezone.utc), []
    for moment in moments:
        draft = draft_moment(owner, moment, now=now)
        made += points_of(draft, encoder.encode(draft.percepts), {}, owner=owner, now=now)
    return made


def among_owners(home: Path, owners: int) -> tuple[float, float]:
    """Return milliseconds of an owner's recall, in a folder of his own and among many owners."""
    vectors = Vectors(OWNED)
    own, common = opened(home / "own", vectors), opened(home / "common", vectors)
    few = list(pictures(OTHERS))
    for first in range(0, owners, 50):
        made = [points(f"owner{n}", few, Planted(vectors)) for n in range(first, first + 50)]
        common.backend.upsert([point for each in made for point in each])
    spent: dict[str, list[float]] = {"own": [], "common": []}
    for memory in (own, common):
        memory.remember_many(pictures(OWNED))
        memory.flush()
        memory.recall(vectors.rows[0], modalities=["image"])
    for question in vectors.questions(QUESTIONS):
        for name, memory in (("own", own), ("common", common)):
            start = time.perf_counter()
            memory.recall(question, limit=LIMIT, modalities=["image"])
            spent[name].append(time.perf_counter() - start)
    own.close()
    common.close()
    alone, among = (MS * float(np.median(each)) for each in spent.values())
    return alone, among


def measured(owners: int) -> list[list[str]]:
    """Measure everything; return the rows of the table."""
    rows: list[list[str]] = []

    def add(*row: str) -> None:
        rows.append(list(row))
        print(*row, sep=" | ", flush=True)

    one, six = own_share(pictures(RECORDS), ["image"]), own_share(mixed(RECORDS), MODALITIES)
    for what, (median, least, slowed), target, former in (
        ("one modality", one, "1.0 ms", "2.3 ms"),
        ("six modalities", six, "1.3 ms", "3.9 ms"),
    ):
        figure = f"{median:.2f} ms (quietest tenth {least:.2f}; slowed {slowed:.1f}x)"
        add(f"own share of a recall, {what}, {RECORDS:,} records", figure, target, former)
    with tempfile.TemporaryDirectory() as home:
        waits, idle, gaps = asyncio.run(asynchronous(Path(home)))
    longest, usual = MS * max(waits), MS * float(np.median(waits))
    waited = f"{longest:.0f} ms (p50 {usual:.1f})"
    add(f"{AT_ONCE} recalls at once: longest wait of others' `to_thread`", waited, "50 ms", "1.6 s")
    late = f"{MS * max(gaps):.0f} ms (p99 {MS * float(np.quantile(gaps, 0.99)):.0f})"
    late += f"; idle {MS * max(idle):.0f} ms"
    add(f"{WRITTEN:,} are written: largest gap of a 10 ms ticker", late, "25 ms", "9 to 61 ms")
    with tempfile.TemporaryDirectory() as home:
        rates = threaded(Path(home))
    base = rates[1][1]
    for who, rate in rates:
        figure, target = f"{rate:.0f}/s, {rate / base:.2f}x", "1.6x" if "processes" in who else ""
        add(f"recalls of {THREADED:,} records: {who}", figure, target, "8 threads 1.0x of 1")
    with tempfile.TemporaryDirectory() as home:
        alone, among = among_owners(Path(home), owners)
    figure = f"{among:.2f} ms, {among / alone:.2f}x of {alone:.2f} ms in a folder of his own"
    add(f"{owners:,} owners in one folder: recall of one", figure, "1.2x", "")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--owners", type=int, default=10_000)
    rows = measured(parser.parse_args().owners)
    facts = machine_lines()
    facts.append(f"- load of the machine meanwhile: {os.getloadavg()[1]:.1f}")
    TABLE.write_text("\n".join([HEADING, markdown(COLUMNS, rows), "", *facts, "", NOTE]), "utf-8")


if __name__ == "__main__":
    main()
