"""The device on which a model runs, and the precision in which it computes."""

from __future__ import annotations

import torch

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
    """Return a precision; `"auto"` is bfloat16 where the hardware multiplies it, else float32.

    Raises:
        EncodingError: The precision is not `"auto"`, float32, bfloat16 or float16.
    """
    if dtype == "auto":
        return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32
    chosen = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if chosen is None or chosen not in DTYPES.values():
        raise EncodingError(
            f"the dtype {show(dtype)}",
            f"auto, {', '.join(DTYPES)}",
            'use dtype="auto" or "float32"',
        )
    return chosen


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies bfloat16 itself: CUDA 8.0, AMX or AVX512-BF16 do."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    flags = _cpu_flags()
    return bool(flags & {"amx_bf16", "avx512_bf16"})


def _cpu_flags() -> frozenset[str]:
    report = getattr(torch.cpu, "get_capabilities", None)  # torch 2.10 and later
    if report is None:
        probes = {"avx512_bf16": "_is_avx512_bf16_supported", "amx_bf16": "_is_amx_tile_supported"}
        known = {flag: getattr(torch.cpu, probe, None) for flag, probe in probes.items()}
        return frozenset(flag for flag, probe in known.items() if probe is not None and probe())
    return frozenset(flag for flag, present in report().items() if present is True)
