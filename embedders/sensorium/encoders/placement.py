"""The device on which a model runs, and the precision in which it computes."""

from __future__ import annotations

import torch

from sensorium.encoders.product_timing import faster_dtype
from sensorium.errors import EncodingError, show

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def resolve_device(device: str | torch.device) -> torch.device:
    """Return a device; `"auto"` is the first CUDA device if there is one, else the CPU.

    Raises:
        EncodingError: torch does not know the device, or cannot reach it.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        return torch.empty(0, device=chosen).device  # with its index
    except (RuntimeError, AssertionError) as error:
        raise EncodingError(
            f"the device {str(device)!r} ({str(error).splitlines()[0]})",
            "a device torch can reach here",
            'use device="auto" or "cpu"',
        ) from error


def resolve_dtype(dtype: str | torch.dtype, device: torch.device) -> torch.dtype:
    """Return a precision; `"auto"` is bfloat16 where the device is clearly faster in it.

    That is found by timing one product in each, some 50 ms, once a process: see `faster_dtype`.

    Raises:
        EncodingError: The precision is not `"auto"`, float32, bfloat16 or float16.
    """
    if dtype == "auto":
        return faster_dtype(device)
    chosen = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if chosen is None or chosen not in DTYPES.values():
        raise EncodingError(
            f"the dtype {show(dtype)}",
            f"auto, {', '.join(DTYPES)}",
            'use dtype="auto" or "float32"',
        )
    return chosen
