"""Time and memory of computations, measured beside each other in one process."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from machine import synchronise

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # written to clear_refs, it resets the peak resident size, see proc(5)

Run = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """Seconds of every repetition."""

    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The fastest time, which other programs disturbed least."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The time that a caller may expect."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Median time over the fastest, minus 1; it is large on a busy machine."""
        return self.median / self.best - 1


def alternate(
    runs: Mapping[str, Run],
    device: torch.device,
    *,
    repeat: int,
    least: float,
    uncounted: int = 0,
    counted: int = 1,
    clock: Clock = time.perf_counter,
) -> dict[str, Timing]:
    """Time each computation in turn, round after round, so that all meet the same disturbances.

    Args:
        runs: Computations to time, already warmed up.
        device: Device to wait for after each of them.
        repeat: Rounds at least.
        least: Seconds for all rounds at least.
        uncounted: Calls of each in a round that are made first: threads of another engine that
            still wait for work take the processors from them.
        counted: Calls of each in a round that are timed.
        clock: Clock of the seconds; `time.thread_time`, with one thread, stands still while other
            programs have the processor.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    begun = clock()
    rounds = 0
    while rounds < repeat or clock() - begun < least:
        for name, run in runs.items():
            for _ in range(uncounted):
                run()
            for _ in range(counted):
                start = clock()
                run()
                synchronise(device)
                seconds[name].append(clock() - start)
        rounds += 1
    return {name: Timing(tuple(each)) for name, each in seconds.items()}


def working_memory(run: Run, device: torch.device) -> int | None:
    """Return the bytes that a computation allocates at its peak; `None` if that is unknown."""
    if device.type == "cuda":
        held = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        synchronise(device)
        return torch.cuda.max_memory_allocated(device) - held
    if not CLEAR.exists():
        return None
    ctypes.CDLL(None).malloc_trim(0)  # memory kept from earlier runs would hide the allocation
    CLEAR.write_text(RESET_PEAK)
    held = resident("VmRSS")
    run()
    return resident("VmHWM") - held


def resident(field: str) -> int:
    """Return the resident bytes, now (`VmRSS`) or at the peak (`VmHWM`). Linux only."""
    for line in STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{STATUS} has no {field}")
