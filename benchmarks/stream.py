"""One hour of motion at 200 Hz, streamed into an Edge memory with sensorium-mini.

`python benchmarks/stream.py`; the table is kept in benchmarks/stream.md. Samples are pushed as fast
as the stream takes them, so that its queue is always full and the whole path is timed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from machine import describe
from measure import resident
from numpy.typing import NDArray

from sensorium.memory import Memory, Moment
from sensorium.memory.streams import Stream, open_stream
from sensorium.percepts.resampling import resample
from sensorium.samples import FOLDER as MEDIA

RATE = 200  # Hz
MINUTES = 60
EARLY = 10  # minutes of the stream before the first look at memory
NOISE = 0.05  # m/s^2 and rad/s; it makes every window different
UNITS = {"rate": RATE, "accel": "m/s^2", "gyro": "rad/s"}


class Run(NamedTuple):
    """The figures of one hour."""

    seconds: float
    slowest: float  # seconds of the slowest push
    median: float  # seconds of the median push
    early: int  # bytes resident after ten minutes of the stream
    late: int  # bytes resident after all of it
    memories: int


def minutes() -> Iterator[NDArray[np.float32]]:
    """Yield an hour of a walk, a minute at a time: `(12_000, 6)`."""
    random = np.random.default_rng(1)
    with np.load(MEDIA / "imu_walking.npz") as recording:
        walk = resample(recording["data"], rate_in=float(recording["fs"]), rate_out=RATE)
    minute = np.resize(walk, (60 * RATE, 6))
    for _ in range(MINUTES):
        yield (minute + random.normal(0, NOISE, minute.shape)).astype(np.float32)


def pushed(stream: Stream, size: int) -> Run:
    """Push the hour in pieces of `size` samples, and time the pushes alone."""
    pushes: list[float] = []
    early = 0
    for number, minute in enumerate(minutes(), start=1):
        for first in range(0, len(minute), size):
            began = time.perf_counter()
            stream.push(minute[first : first + size])
            pushes.append(time.perf_counter() - began)
        if number == EARLY:
            early = resident("VmRSS")
    began = time.perf_counter()
    stream.close()
    total = sum(pushes) + time.perf_counter() - began
    remembered, late = stream.report.remembered, resident("VmRSS")
    return Run(total, max(pushes), statistics.median(pushes), early, late, remembered)


def nowhere(moments: Sequence[Moment]) -> None:
    """Drop moments, to measure the cost of windowing alone."""


def row(name: str, run: Run) -> str:
    """Return a line of the table."""
    early, late = run.early / 1e6, run.late / 1e6
    return (
        f"| {name} | {run.memories} | {run.seconds:.1f} | {60 * MINUTES / run.seconds:.0f}x "
        f"| {1e6 * run.median:.0f} | {1e3 * run.slowest:.0f} "
        f"| {early:.0f} | {late:.0f} | {late - early:+.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    print(
        "| one hour of 200 Hz motion | memories | seconds | real time | median push, µs "
        "| slowest push, ms | MB at 10 min | MB at 60 min | growth |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size in (20, 200):
        run = pushed(open_stream("imu", sink=nowhere, **UNITS), size)
        print(row(f"windows alone, pushes of {size}", run), flush=True)
    for size, keep_media in ((20, True), (200, True), (200, False)):
        with (
            tempfile.TemporaryDirectory() as folder,
            Memory.open(folder, owner="rex", keep_media=keep_media) as memory,
        ):
            run = pushed(memory.stream("imu", **UNITS), size)
            kept = "media kept" if keep_media else "vectors only"
            print(row(f"remembered, pushes of {size}, {kept}", run), flush=True)
    print()
    for key, value in describe(torch.device("cpu")).items():
        print(f"- {key}: {value}")


if __name__ == "__main__":
    main()
