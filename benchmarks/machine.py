"""What a timing is worth depends on where it was taken: the machine and its matrix rate."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import torch

GIB = 2**30
SIDE = {"cpu": 2048, "cuda": 8192}  # of the square matrices whose product is timed
PRODUCTS = 12  # timed one by one; the best counts
FLAGS = ("avx512f", "avx512_bf16", "amx_bf16")


def describe(device: torch.device) -> dict[str, str]:
    """Return what a reader needs to compare: no host name, no path."""
    cpuinfo = _fields("/proc/cpuinfo")
    flags = set(cpuinfo.get("flags", "").split())
    facts = {
        "CPU": f"{cpuinfo.get('model name', platform.processor() or platform.machine())}, "
        f"{os.cpu_count()} cores, {torch.get_num_threads()} threads used",
        "CPU matrix flags": ", ".join(f for f in FLAGS if f in flags) or "none known",
        "RAM": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB:.0f} GiB",
        "software": f"torch {torch.__version__}, Python {platform.python_version()}, "
        f"{platform.system()}",
    }
    if device.type == "cuda":
        gpu = torch.cuda.get_device_properties(device)
        facts["GPU"] = f"{gpu.name}, {gpu.total_memory / GIB:.0f} GiB"
    return facts


def product_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Return the floating-point operations a second of torch's large square matrix product."""
    side = SIDE[device.type]
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(PRODUCTS):
        start = time.perf_counter()
        torch.mm(left, right)
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return float(2 * side**3 / min(seconds))


def synchronise(device: torch.device) -> None:
    """Wait for the work given to the device so far."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _fields(path: str) -> dict[str, str]:
    """Return the `name : value` lines of a Linux information file; the first of each name."""
    found: dict[str, str] = {}
    if Path(path).exists():
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    return found
