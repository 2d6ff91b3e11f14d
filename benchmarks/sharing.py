"""A memory through the process that holds it, as ratios beside a memory of one's own in one run.

    python benchmarks/sharing.py                     # three minutes; rewrites sharing.md
    python benchmarks/sharing.py --records 1000      # to try the script

Two folders hold the same texts, compacted, with planted vectors, as encoding is not measured. One
is opened by this process alone; the other is held by a second process. Calls on the two are made in
turn, so that both meet the same disturbances. Then the second process looks at itself: how late its
event loop comes, and how long its own recalls take, while this process keeps it busy.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_lines
from stored import Planted, Vectors, texts
from tables import markdown

from sensorium.memory import Memory, Moment

HERE = Path(__file__).parent
TABLE = HERE / "sharing.md"
OWNER, WRITER = "rex", "max"
LIMIT = 10  # hits of a recall
QUESTIONS = 400
BATCH, BATCHES = 256, 16  # records of a write, and writes to each folder
SECONDS = 6.0  # for which the holder looks at itself
TICK = 0.001  # seconds between the turns of its event loop
MS = 1e3
HEADING = """# A shared memory, measured

Written by `python benchmarks/sharing.py`, with {records:,} texts of 1,024 dimensions, compacted;
recalls find {limit} hits, writes have {batch} records. *Alone* is a memory that one process has for
itself; *through the holder*, another process has it open and answers.
"""
CALLS = ("", "alone, p50", "through the holder, p50", "difference", "target")
LOOP = ("meanwhile", "event loop late by, p50", "p99", "longest", "own recall, p50", "p99")

Call = Callable[[], object]


def opened(folder: Path, vectors: Vectors, *, owner: str = OWNER, share: bool = True) -> Memory:
    """Open a memory of planted vectors."""
    return Memory.open(folder, owner=owner, encoder=Planted(vectors), keep_media=False, share=share)


def at(seconds: Sequence[float], share: float) -> str:
    """Return a quantile in milliseconds."""
    return f"{MS * float(np.quantile(seconds, share)):.2f} ms"


def timed(call: Call) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def recalling(memory: Memory, questions: np.ndarray[Any, Any]) -> Iterator[Call]:
    """Yield recalls, one question after another, without end."""
    for question in itertools.cycle(questions):
        yield lambda question=question: memory.recall(question, limit=LIMIT, modalities=["text"])


def writing(memory: Memory, moments: Sequence[Moment]) -> Iterator[Call]:
    """Yield writes of batches, without end."""
    for start in itertools.cycle(range(0, len(moments), BATCH)):
        yield lambda start=start: memory.remember_many(moments[start : start + BATCH])


def in_turn(calls: Sequence[Iterator[Call]], count: int) -> list[list[float]]:
    """Time calls of each kind in turn; return the seconds of each."""
    spent: list[list[float]] = [[] for _ in calls]
    for _ in range(count):
        for seconds, each in zip(spent, calls, strict=True):
            seconds.append(timed(next(each)))
    return spent


@contextmanager
def busy(calls: Iterator[Call]) -> Iterator[None]:
    """Make calls one after another in a thread."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            next(calls)()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def lateness() -> list[float]:
    """Return by how many seconds each turn of an event loop came late."""
    late, ends = [], time.perf_counter() + SECONDS
    while (start := time.perf_counter()) < ends:
        await asyncio.sleep(TICK)
        late.append(time.perf_counter() - start - TICK)
    return late


def holder(folder: Path, vectors: Vectors, moments: Sequence[Moment], line: Connection) -> None:
    """Hold a folder; look at oneself whenever told to, until told an empty word."""
    memory = opened(folder, vectors)
    questions = vectors.questions(QUESTIONS)
    own = {
        "nothing": None,
        "own recalls": recalling(memory, questions),
        "own writes": writing(opened(folder, vectors, owner=WRITER), moments),
    }
    line.send("ready")
    while word := line.recv():
        with busy(calls) if (calls := own[word]) else nullcontext():
            late = asyncio.run(lateness())
            recalls = recalling(memory, questions)
            ends, spent = time.perf_counter() + SECONDS, []
            while time.perf_counter() < ends:
                spent.append(timed(next(recalls)))
        line.send((late, spent))
    memory.close()


def loop_row(what: str, found: tuple[list[float], list[float]]) -> list[str]:
    """Describe what a holder saw of itself."""
    late, spent = found
    return [what, at(late, 0.5), at(late, 0.99), at(late, 1.0), at(spent, 0.5), at(spent, 0.99)]


def measure(records: int, home: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Return the rows of both tables."""
    vectors = Vectors(records)
    moments = list(texts(records))
    new = moments[: BATCH * BATCHES]
    mine, shared = home / "mine", home / "shared"
    with opened(mine, vectors, share=False) as memory:
        memory.remember_many(moments)
        memory.compact()
    shutil.copytree(mine, shared)
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=holder, args=(shared, vectors, new, there))
    process.start()
    here.recv()
    alone, peer = opened(mine, vectors, share=False), opened(shared, vectors)
    questions = vectors.questions(QUESTIONS)
    recalls = [recalling(each, questions) for each in (alone, peer)]
    in_turn(recalls, 20)
    calls = [call_row("recall", in_turn(recalls, QUESTIONS), "at most 1.3 ms more")]
    alone.close()
    alone_writer = opened(mine, vectors, owner=WRITER, share=False)
    peer_writer = opened(shared, vectors, owner=WRITER)
    writes = [writing(each, new) for each in (alone_writer, peer_writer)]
    calls.append(call_row("write", in_turn(writes, BATCHES), "0.7x or more"))
    alone_writer.close()

    def told(word: str) -> tuple[list[float], list[float]]:
        here.send(word)
        found: tuple[list[float], list[float]] = here.recv()
        return found

    rows = [loop_row(word, told(word)) for word in ("nothing", "own recalls", "own writes")]
    for what, peers in (("a peer recalls", recalls[1]), ("a peer writes", writes[1])):
        with busy(peers):
            rows.append(loop_row(what, told("nothing")))
    here.send("")
    process.join()
    peer.close()
    peer_writer.close()
    return calls, rows


def call_row(what: str, spent: Sequence[Sequence[float]], target: str) -> list[str]:
    """Compare calls alone with calls through the holder."""
    alone, through = (float(np.median(each)) for each in spent)
    difference = f"{MS * (through - alone):+.2f} ms, {alone / through:.2f}x the rate"
    return [what, f"{MS * alone:.2f} ms", f"{MS * through:.2f} ms", difference, target]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as home:
        calls, rows = measure(records, Path(home))
    facts = machine_lines()
    heading = HEADING.format(records=records, limit=LIMIT, batch=BATCH)
    parts = [heading, markdown(CALLS, calls), "", markdown(LOOP, rows), "", *facts, ""]
    TABLE.write_text("\n".join(parts), encoding="utf-8")
    print("\n".join(parts))


if __name__ == "__main__":
    main()
