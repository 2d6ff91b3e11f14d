"""Products of 8-bit integers: a quarter of float32's bytes, several times its rate on some CPUs.

A weight has one scale for each of its outputs. An input has one for each of its rows, found when it
comes, so that a vector does not depend on the rest of its batch. Sums of products are exact in
between: both roundings are the only errors. Source: oneDNN's documentation of int8 inference.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from sensorium.errors import EncodingError

LARGEST = 127  # the largest integer of a weight; -128 is not used
# Inputs are unsigned around this zero: with signed ones oneDNN is a thousand times slower on
# processors with AVX512-VNNI, and no faster on those with AMX.
ZERO = 128
SMALLEST = torch.finfo(torch.float32).tiny  # a scale of a row of zeros
ROWS = 128  # of inputs that are rounded, multiplied and scaled while they are in the caches
TRIED = (64, 256, 256)  # rows, inputs and outputs of the product by which a processor is tried
SLOWER = 10  # times float32 from which on a processor does not have these products itself


class Int8Weight:
    """The weight of a linear layer as 8-bit integers in oneDNN's layout, with a scale a row."""

    def __init__(self, weight: Tensor) -> None:
        """Round a weight `(out, in)` of any float dtype; it is not modified."""
        exact = weight.detach().float()
        self._scales = exact.abs().amax(dim=1).clamp(min=SMALLEST) / LARGEST  # (out,)
        rounded = (exact / self._scales[:, None]).round().to(torch.int8)  # (out, in)
        self._packed = torch.ops.onednn.qlinear_prepack(rounded, [ROWS, exact.shape[1]])
        self._zeros = torch.zeros(len(exact), dtype=torch.int32)

    def multiply(self, x: Tensor, bias: Tensor | None, *, gelu: bool = False) -> Tensor:
        """Map float32 `(..., in)` to `(..., out)`, then apply the exact (erf) GELU if asked."""
        rows = x.flatten(0, -2)  # (R, in)
        out = rows.new_empty(len(rows), len(self._scales))  # (R, out)
        for start in range(0, len(rows), ROWS):
            self._multiply(rows[start : start + ROWS], bias, out[start : start + ROWS], gelu)
        return out.view(*x.shape[:-1], len(self._scales))

    def _multiply(self, x: Tensor, bias: Tensor | None, out: Tensor, gelu: bool) -> None:
        scales = x.abs().amax(dim=1, keepdim=True).clamp_(min=SMALLEST).mul_(1 / LARGEST)  # (R, 1)
        rounded = (x / scales).add_(ZERO).round_().to(torch.uint8)  # (R, in)
        product = torch.ops.onednn.qlinear_pointwise(
            *(rounded, 1.0, ZERO, self._packed, self._scales, self._zeros, None),
            *(1.0, 0, torch.float32, "none", [], ""),
        )  # (R, out), without the scales of the rows
        if bias is None:
            torch.mul(product, scales, out=out)
        else:
            torch.addcmul(bias, product, scales, out=out)
        if gelu:
            torch.ops.aten.gelu_(out)


def check_int8(device: torch.device, *, packed: bool, compiled: str | None) -> None:
    """Check that towers can multiply 8-bit integers.

    Raises:
        EncodingError: Not on this device or processor, or not with these options.
    """
    if device.type != "cpu":
        reason = f"on {device}"
    elif not packed:
        reason = "with packed=False: its weights exist in the packed layout alone"
    elif compiled is not None:
        reason = f"with compiled={compiled!r}"
    else:
        found = _lack()
        if found is None:
            return
        reason = f"on this machine: {found}"
    raise EncodingError(
        f'dtype="int8" {reason}',
        "a CPU with VNNI or AMX, torch with oneDNN, packed weights and no compiling",
        'use dtype="auto", or device="cpu" on such a machine',
    )


@cache
def _lack() -> str | None:
    """Return what keeps this process from exact and fast products, or `None`.

    Processors without VNNI add pairs of products in 16 bits, which overflow: a product with a known
    result tells. It is also timed, as oneDNN has a slow way for what a processor lacks.
    """
    rows, inputs, outputs = TRIED
    ones, weight = torch.ones(rows, inputs), torch.ones(outputs, inputs)
    try:
        product = Int8Weight(weight)
        result = product.multiply(ones, None)
    except (AttributeError, RuntimeError, TypeError, ValueError) as error:
        return f"torch {torch.__version__} has no such products ({str(error).splitlines()[0]})"
    if not torch.allclose(result, torch.full((rows, outputs), float(inputs))):
        return "its processor has no VNNI, and its sums overflow"
    slow = _seconds(lambda: product.multiply(ones, None))
    if slow > SLOWER * _seconds(lambda: F.linear(ones, weight)):
        return "they are slower there than those of float32"
    return None


def _seconds(run: Callable[[], object]) -> float:
    """Return the processor's time of the fastest of three runs."""
    found = []
    for _ in range(3):
        start = time.thread_time()
        run()
        found.append(time.thread_time() - start)
    return min(found)
