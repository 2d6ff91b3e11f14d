"""What a memory costs as it grows: to write, to compact, to recall, to open, on disk and in memory.

    python benchmarks/scale.py                          # an hour; rewrites scale.md and scale.json
    python benchmarks/scale.py --one 2000 --six 6000    # a minute, to try the script
    python benchmarks/scale.py --one 100000 --keep      # one size, beside those in scale.json

Each size is measured in a process of its own. Vectors are given, and no media are kept: encoding is
not measured. They are drawn as `clustered.py` says. One record in a hundred is another owner's, so
that every recall has to filter. The answers before `compact()` are those of a scan, so the overlap
of the answers after it with them is how much of the truth an index finds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import torch
from clustered import Clustered
from machine import describe
from stored import MODALITIES, START
from tables import markdown, show

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding
from sensorium.errors import SensoriumError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Percept

HERE = Path(__file__).parent
TABLE, FIGURES = HERE / "scale.md", HERE / "scale.json"
OWNER, OTHER = "rex", "max"
RARE = 100  # one record in so many is the other owner's
LIMIT = 10  # hits of a recall
QUESTIONS = 100
BATCH = 1_000  # records of a write
SAMPLED = 1.0  # seconds between two looks at the memory of the process that indexes
MEMORY = ("VmHWM", "Pss", "Anonymous")  # of it, as /proc names them
MS, MIB, GB = 1e3, 2**20, 1e9
ONE, SIX = ("image",), MODALITIES
DIMENSIONS = {ONE: 512, SIX: 1024}
SIZES: dict[tuple[str, ...], list[int]] = {
    ONE: [10_000, 100_000, 200_000, 1_000_000],
    SIX: [33_000, 100_000, 200_000],
}


class Given(EncoderBase):
    """Encodes nothing: all vectors are given."""

    def __init__(self, modalities: Sequence[str], dimension: int) -> None:
        """Have modalities and a dimension."""
        self._modalities = frozenset(modalities)
        self._space = EmbeddingSpace("given", "none", "r1", dimension)

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        return self._modalities

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode nothing."""
        assert not percepts, "all vectors are given"
        return []


@dataclass(frozen=True)
class Growth:
    """The figures of one size.

    Attributes:
        modalities: How many modalities; the records have one each, in turn.
        dimension: Numbers of a vector.
        records: How many records.
        written: Records a second, over all.
        last: Records a second of the last tenth.
        written_cpu: Records a CPU second of all threads.
        before: Median milliseconds of a recall before `compact()`.
        before_cpu: The same in CPU time of all threads.
        compacted: Whether `compact()` found something to gain.
        seconds: Seconds that it took.
        cpu: CPU seconds of the process that indexed.
        load: Mean number of processes that wanted a core when it began.
        peak: Peak resident bytes of that process. Edge maps files twice: its pages count twice.
        held: Peak bytes that it held in proportion (PSS): such pages count once.
        anonymous: Peak bytes of it that are not pages of files, which the system can drop.
        after: Median milliseconds of a recall after `compact()`, reopened.
        after_cpu: The same in CPU time.
        overlap: Share of the ten hits before that are found after.
        disk: Bytes on disk after it.
        reopened: Seconds to open the folder again and answer a first recall.
    """

    modalities: int
    dimension: int
    records: int
    written: float
    last: float
    written_cpu: float
    before: float
    before_cpu: float
    compacted: bool
    seconds: float
    cpu: float
    load: float
    peak: int
    held: int
    anonymous: int
    after: float
    after_cpu: float
    overlap: float
    disk: int
    reopened: float


def grow(modalities: Sequence[str], dimension: int, count: int, questions: int) -> Growth:
    """Write records, recall, compact, and recall again, in a temporary folder."""
    encoder, vectors = Given(modalities, dimension), Clustered(dimension)
    asked = vectors.questions(questions)
    with tempfile.TemporaryDirectory() as folder:

        def opened(owner: str = OWNER) -> Memory:
            return Memory.open(folder, owner=owner, encoder=encoder, keep_media=False, share=False)

        rates = _write(opened, moments(vectors, modalities, count), count)
        with opened() as memory:
            truth, before, before_cpu = _recall(memory, asked, modalities)
            load, cpu = os.getloadavg()[0], _children()
            begun = time.perf_counter()
            with sampling() as peaks:
                compacted = memory.compact()
            seconds, cpu = time.perf_counter() - begun, _children() - cpu
        begun = time.perf_counter()
        with opened() as memory:
            memory.recall(asked[0], limit=LIMIT, modalities=list(modalities))
            reopened = time.perf_counter() - begun
            found, after, after_cpu = _recall(memory, asked, modalities)
            disk = memory.backend.stats()["bytes"]
    shared = [len(set(t) & set(f)) / len(t) for t, f in zip(truth, found, strict=True)]
    return Growth(
        len(modalities),
        dimension,
        count,
        *rates,
        before,
        before_cpu,
        compacted,
        seconds,
        cpu,
        load,
        peaks["VmHWM"],
        peaks["Pss"],
        peaks["Anonymous"],
        after,
        after_cpu,
        statistics.mean(shared),
        disk,
        reopened,
    )


def moments(vectors: Clustered, modalities: Sequence[str], count: int) -> Iterator[Moment]:
    """Yield records of one given vector each, of all modalities in turn, a second apart."""
    number = 0
    for block in vectors.blocks(count):
        for row in block:
            at = START + timedelta(seconds=number)
            kind = modalities[number % len(modalities)]
            yield Moment(id=str(number), at=at, vectors={kind: row})
            number += 1


def _write(
    opened: Callable[[str], Memory], given: Iterator[Moment], count: int
) -> tuple[float, float, float]:
    """Write records; return how many a second, over all and of the last tenth, and in CPU time."""
    with opened(OTHER) as memory:
        memory.remember_many(list(islice(given, count // RARE)))
    seconds: list[float] = []
    written, busy = 0, 0.0
    with opened(OWNER) as memory:
        while batch := list(islice(given, BATCH)):
            begun, cpu = time.perf_counter(), time.process_time()
            memory.remember_many(batch).raise_first()
            seconds.append(time.perf_counter() - begun)
            busy += time.process_time() - cpu
            written += len(batch)
    last = seconds[-max(1, len(seconds) // 10) :]
    return written / sum(seconds), BATCH * len(last) / sum(last), written / busy


def _recall(
    memory: Memory, asked: Sequence[object], modalities: Sequence[str]
) -> tuple[list[list[str]], float, float]:
    """Ask questions; return the hits, and median milliseconds by the clock and of all threads."""
    hits, spent, cpu = [], [], []
    memory.recall(asked[0], limit=LIMIT, modalities=list(modalities))
    for question in asked:
        begun, busy = time.perf_counter(), time.process_time()
        found = memory.recall(question, limit=LIMIT, modalities=list(modalities))
        spent.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - busy)
        hits.append([hit.record.id for hit in found])
    return hits, MS * statistics.median(spent), MS * statistics.median(cpu)


def _children() -> float:
    """Return the CPU seconds of all processes that this one began and that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def sampling() -> Iterator[dict[str, int]]:
    """Look at the memory of the process that this one began; yield the peaks in bytes."""
    peaks = dict.fromkeys(MEMORY, 0)
    done = threading.Event()

    def look() -> None:
        while not done.wait(SAMPLED):
            for child in _processes():
                for name, size in _memory_of(child).items():
                    peaks[name] = max(peaks[name], size)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _processes() -> Iterator[Path]:
    """Yield the folder in /proc of each process that this one began."""
    mine = f"PPid:\t{os.getpid()}\n"
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            if mine in (folder / "status").read_text(encoding="utf-8"):
                yield folder


def _memory_of(process: Path) -> dict[str, int]:
    """Return peak resident, proportional and anonymous bytes of a process."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for file in ("status", "smaps_rollup"):
            for line in (process / file).read_text(encoding="utf-8").splitlines():
                name, _, rest = line.partition(":")
                if name in MEMORY:
                    found[name] = int(rest.split()[0]) * 1024
    return found


def alone(modalities: Sequence[str], count: int, questions: int = QUESTIONS) -> Growth:
    """Measure a size in a process of its own."""
    dimension = DIMENSIONS[tuple(modalities)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(grow, modalities, dimension, count, questions).result()


def rows(growths: Sequence[Growth]) -> list[tuple[str, ...]]:
    """Return every figure beside its target and what it was before, where they are known."""
    made: list[tuple[str, ...]] = []
    for growth in growths:
        kind = f"{growth.records:,} x {growth.modalities} ({growth.dimension})"
        targets = TARGETS.get((growth.modalities, growth.records), {})
        for name, shown in SHOWN.items():
            made.append((kind, name, shown(growth), *targets.get(name, ("", ""))))
    return made


def _gain(growth: Growth) -> str:
    """Say how much faster recalls became."""
    if not growth.compacted:
        return "nothing to gain"
    wall, cpu = growth.before / growth.after, growth.before_cpu / growth.after_cpu
    return f"{wall:.1f}x (in CPU time {cpu:.1f}x)"


SHOWN: dict[str, Callable[[Growth], str]] = {
    "written, last tenth": lambda growth: f"{growth.written:,.0f}/s, {growth.last:,.0f}/s",
    "written in CPU time": lambda growth: f"{growth.written_cpu:,.0f}/s",
    "recall before, p50": lambda growth: f"{growth.before:.1f} ms ({growth.before_cpu:.1f} CPU)",
    "compact()": lambda growth: f"{growth.seconds:.0f} s ({growth.cpu:.0f} CPU s)",
    "load when it began": lambda growth: f"{growth.load:.1f}",
    "its peak, resident": lambda growth: f"{growth.peak / GB:.2f} GB",
    "its peak, pages counted once": lambda growth: f"{growth.held / GB:.2f} GB",
    "its peak, no file behind": lambda growth: f"{growth.anonymous / GB:.2f} GB",
    "recall after, p50": lambda growth: f"{growth.after:.1f} ms ({growth.after_cpu:.1f} CPU)",
    "before / after": _gain,
    "overlap@10": lambda growth: f"{growth.overlap:.3f}",
    "on disk": lambda growth: f"{growth.disk / MIB:,.0f} MiB",
    "opened and asked": lambda growth: f"{growth.reopened:.2f} s",
}
# Target, and what it was before graphs of several modalities were used and vectors had copies
TARGETS: dict[tuple[int, int], dict[str, tuple[str, str]]] = {
    (6, 33_000): {"before / after": (">= 2x", "0.9x"), "overlap@10": (">= .99", "1.000")},
    (6, 100_000): {
        "before / after": (">= 2x", "1.0x"),
        "overlap@10": (">= .99", "1.000"),
        "compact()": ("", "122 s (129 CPU s)"),
        "its peak, resident": ("", "5.0 GB"),
    },
    (6, 200_000): {"compact()": ("< 360 s", "not run"), "its peak, resident": ("6 GB", "10 GB")},
    (1, 200_000): {
        "compact()": ("< 120 s", "113 s (79 CPU s)"),
        "its peak, resident": ("1.2 GB", "1.1 GB"),
        "recall after, p50": ("", "2.7 ms"),
    },
    (1, 1_000_000): {
        "written, last tenth": ("", "5,660/s at first, 4,800/s"),
        "recall before, p50": ("", "76 ms"),
        "compact()": ("<= 240 s", "399 s (729 CPU s)"),
        "its peak, resident": ("4 GB", "5.8 GB"),
        "recall after, p50": ("<= 5 ms", "11.2 ms"),
        "overlap@10": (">= .98", ""),
        "opened and asked": ("", "2.5 s"),
    },
}
COLUMNS = ("records x modalities (numbers)", "", "measured", "target", "before")
HEADING = """# Growing, measured

Written by `python benchmarks/scale.py`. Vectors are given and clustered as those of real texts
(`clustered.py`); each record has one vector. One record in a hundred is another owner's. Times are
by the clock, and in CPU time of all threads, which neighbours on the machine change less.
*Resident* counts pages of files as often as they are mapped, which Edge does twice; *pages counted
once* does not. *Before* are the figures of version 0.1 on the same machine, with other vectors.
"""


def keep(measured: Sequence[Growth], facts: dict[str, str]) -> list[Growth]:
    """Write the figures beside those of other sizes from earlier runs; return all, in order."""
    known = json.loads(FIGURES.read_text("utf-8"))["sizes"] if FIGURES.exists() else []
    sizes = {
        (growth.modalities, growth.records): growth
        for growth in (*(Growth(**fields) for fields in known), *measured)
    }
    growths = [sizes[key] for key in sorted(sizes)]
    fields = {"machine": facts, "sizes": [asdict(growth) for growth in growths]}
    FIGURES.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    lines = [HEADING, markdown(COLUMNS, rows(growths)), ""]
    lines += [*(f"- {name}: {fact}" for name, fact in facts.items()), ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")
    return growths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=int, nargs="*", help="sizes of a memory of one modality")
    parser.add_argument("--six", type=int, nargs="*", help="sizes of a memory of six")
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--keep", action="store_true", help="also keep the figures of given sizes")
    arguments = parser.parse_args()
    given = {ONE: arguments.one, SIX: arguments.six}
    whole = not any(given.values())
    facts = describe(torch.device("cpu"))
    for modalities, sizes in (SIZES if whole else given).items():
        for count in sizes or ():
            growth = alone(modalities, count, arguments.questions)
            show("Growing", COLUMNS, rows([growth]))
            if whole or arguments.keep:
                keep([growth], facts)


if __name__ == "__main__":
    main()
