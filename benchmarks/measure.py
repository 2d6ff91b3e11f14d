"""Time and memory of one computation beside another, in one process."""

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
RESET_PEAK = "5"  # resets the peak resident size, see proc(5)

Run = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """Seconds of every repetition."""

    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The fastest: what the machine does when nothing else runs."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """What a caller may expect."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """How far the median is above the fastest, as a fraction: large on a busy machine."""
        return self.median / self.best - 1


def alternate(
    runs: Mapping[str, Run], device: torch.device, *, repeat: int, least: float
) -> dict[str, Timing]:
    """Time each computation in turn, round after round, so that all meet the same disturbances.

    Args:
        runs: What to time, already warmed up.
        device: Waited for after each.
        repeat: Rounds at the least.
        least: Seconds to go on for at the least, in all.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    begun = time.perf_counter()
    rounds = 0
    while rounds < repeat or time.perf_counter() - begun < least:
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            synchronise(device)
            seconds[name].append(time.perf_counter() - start)
        rounds += 1
    return {name: Timing(tuple(each)) for name, each in seconds.items()}


def working_memory(run: Run, device: torch.device) -> int | None:
    """Return the bytes a computation needs beyond what was held before; `None` where unknown."""
    if device.type == "cuda":
        held = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        synchronise(device)
        return torch.cuda.max_memory_allocated(device) - held
    if not CLEAR.exists():
        return None
    ctypes.CDLL(None).malloc_trim(0)  # or memory kept from earlier runs would hide what this takes
    CLEAR.write_text(RESET_PEAK)
    held = resident("VmRSS")
    run()
    return resident("VmHWM") - held


def resident(field: str) -> int:
    """Return bytes of memory held now (`VmRSS`) or at the peak (`VmHWM`). Linux only."""
    for line in STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{STATUS} has no {field}")
