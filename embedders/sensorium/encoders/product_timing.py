"""Which precision a device multiplies faster, found by timing one product in each.

What a processor says it has does not tell: with AVX512-BF16, bfloat16 takes half the time of
float32 on one processor and nearly twice as long on another (`benchmarks/README.md`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch.nn import functional as F

from sensorium.encoders.forking import Lock

BUDGET = 0.05  # seconds in which both products are timed, round after round, by the same clock
LEAST_ROUNDS = 3  # also where they take longer than that
MARGIN = 1.25  # how many times as fast bfloat16 has to be: float32 is more exact
FINE = 1e-4  # seconds: a coarser clock, as that of threads on Windows, cannot time a product
# Rows, inputs and outputs of the product, by type of device; only these types are timed. A product
# of a millisecond fits between two interruptions, so that one of the rounds is undisturbed.
SIZES = {"cpu": (256, 512, 1024), "cuda": (4096, 4096, 4096)}

Clock: TypeAlias = Callable[[], float]

_found: dict[torch.device, torch.dtype] = {}
_finding = Lock()


def faster_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 if a device multiplies it clearly faster than float32, else float32.

    The products are timed when a device is first asked about; the process keeps the answer.

    Args:
        device: A device torch can reach. One that is neither a CPU nor CUDA gives float32.
    """
    with _finding:
        if device not in _found:
            _found[device] = _timed(device)
        return _found[device]


def _timed(device: torch.device) -> torch.dtype:
    if device.type not in SIZES:
        return torch.float32
    try:
        exact, short = product_seconds(device)
    except RuntimeError:  # this build of torch has no such product
        return torch.float32
    return torch.bfloat16 if exact > MARGIN * short else torch.float32


def product_seconds(device: torch.device) -> tuple[float, float]:
    """Time one product in float32 and in bfloat16, in turn.

    Returns:
        Seconds of the fastest round of each: other programs only ever make a round slower.
    Raises:
        RuntimeError: torch cannot multiply bfloat16 there.
    """
    with _one_thread(device), torch.inference_mode():
        exact, short = (_product(device, dtype) for dtype in (torch.float32, torch.bfloat16))
        exact(), short()  # the first call also loads kernels
        clock = _clock(device)
        rounds = [(_seconds(exact, clock), _seconds(short, clock)) for _ in _rounds(clock)]
    return min(first for first, _ in rounds), min(second for _, second in rounds)


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """Multiply with one thread of the CPU: with several, each waits for those that do not run."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if device.type == "cpu":
            torch.set_num_threads(threads)


def _clock(device: torch.device) -> Clock:
    """Return the clock to time a device by.

    A thread's own time stands still while other programs have the processor: where a dozen of them
    shared two cores, wall times of these products were wrong by a factor of ten in every round.
    """
    fine = time.get_clock_info("thread_time").resolution < FINE
    return time.thread_time if device.type == "cpu" and fine else time.perf_counter


def _product(device: torch.device, dtype: torch.dtype) -> Callable[[], object]:
    rows, inputs, outputs = SIZES[device.type]
    left = torch.ones(rows, inputs, device=device, dtype=dtype)
    weight = torch.ones(outputs, inputs, device=device, dtype=dtype)

    def multiply() -> float:
        # Reading one number waits until the device has done its work
        return F.linear(left, weight)[0, 0].item()

    return multiply


def _rounds(clock: Clock) -> Iterator[None]:
    """Yield until the budget is spent."""
    end, done = clock() + BUDGET, 0
    while done < LEAST_ROUNDS or clock() < end:
        yield
        done += 1


def _seconds(run: Callable[[], object], clock: Clock) -> float:
    start = clock()
    run()
    return clock() - start
