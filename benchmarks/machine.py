"""The machine on which a timing was taken, and its largest rate of arithmetic."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sensorium.errors import EncodingError
from sensorium.imagebind.int8 import check_int8
from sensorium.imagebind.linear import Linear

GIB = 2**30
SIDE = {"cpu": 2048, "cuda": 8192}  # side of the square matrices of a product
FLAGS = ("avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")


def machine_lines() -> list[str]:
    """Return what `describe` says of a machine without GPU: the Markdown list below a table."""
    return [f"- {name}: {fact}" for name, fact in describe(torch.device("cpu")).items()]


def describe(device: torch.device) -> dict[str, str]:
    """Return the facts that a reader needs to compare timings, without host name or path."""
    cpuinfo = _fields("/proc/cpuinfo")
    flags = set(cpuinfo.get("flags", "").split())
    facts = {
        "CPU": f"{cpuinfo.get('model name', platform.processor() or platform.machine())}, "
        f"{os.cpu_count()} cores, {torch.get_num_threads()} threads used",
        "CPU matrix flags": ", ".join(f for f in FLAGS if f in flags) or "none known",
        "load": f"{os.getloadavg()[0]:.0f} on the {os.cpu_count()} cores",
        "RAM": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB:.0f} GiB",
        "software": f"torch {torch.__version__}, Python {platform.python_version()}, "
        f"{platform.system()}",
    }
    if device.type == "cuda":
        gpu = torch.cuda.get_device_properties(device)
        facts["GPU"] = f"{gpu.name}, {gpu.total_memory / GIB:.0f} GiB"
    return facts


@dataclass(frozen=True)
class Product:
    """A large square matrix product, which shows the machine's largest rate of arithmetic.

    A call multiplies once. On a CPU the weights are in oneDNN's own layout, as torch's `mm` of
    float32 uses another library, which is slower on some CPUs.
    """

    layer: Linear
    left: Tensor

    def __call__(self) -> Tensor:
        """Multiply once."""
        product: Tensor = self.layer(self.left)
        return product

    @property
    def operations(self) -> int:
        """Floating-point operations of one call."""
        return int(2 * self.left.shape[0] ** 3)


def products(device: torch.device) -> dict[str, Product]:
    """Return a product for each precision that is measured."""
    side = SIDE[device.type]
    found = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        layer = Linear(side, side, bias=False, device=device, dtype=dtype).requires_grad_(False)
        layer.pack()
        found[name] = Product(layer, torch.randn(side, side, device=device).to(dtype))
    if multiplies_int8(device):
        layer = Linear(side, side, bias=False).requires_grad_(False)
        layer.round_to_int8()
        found["int8"] = Product(layer, torch.randn(side, side))
    return found


def multiplies_int8(device: torch.device) -> bool:
    """Return whether towers can multiply 8-bit integers there."""
    try:
        check_int8(device, packed=True, compiled=None)
    except EncodingError:
        return False
    return True


def synchronise(device: torch.device) -> None:
    """Wait until the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _fields(path: str) -> dict[str, str]:
    """Return the `name : value` lines of a Linux information file, the first of each name."""
    found: dict[str, str] = {}
    if Path(path).exists():
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    return found
