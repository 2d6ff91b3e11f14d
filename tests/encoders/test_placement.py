"""Devices and precisions."""

from __future__ import annotations

import pytest
import torch

from sensorium.encoders import placement
from sensorium.encoders.placement import resolve_device, resolve_dtype
from sensorium.errors import EncodingError


@pytest.mark.parametrize("device", ["tpu9", "cuda:77", "meta:x"])
def test_absent_devices_are_named(device: str) -> None:
    """A device torch cannot reach is refused at once."""
    with pytest.raises(EncodingError, match=device):
        resolve_device(device)


def test_unknown_precisions_are_named() -> None:
    """Only the float types the towers run in are taken."""
    with pytest.raises(EncodingError, match="int8"):
        resolve_dtype("int8", resolve_device("cpu"))


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ((), torch.float32),
        (("avx512f",), torch.float32),
        (("avx512_bf16",), torch.bfloat16),
        (("amx_bf16", "avx512f"), torch.bfloat16),
    ],
)
def test_a_cpu_that_multiplies_bfloat16_uses_it(
    monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], dtype: torch.dtype
) -> None:
    """`"auto"` follows the matrix units of the CPU; a precision that is named stays."""
    monkeypatch.setattr(placement, "_cpu_flags", lambda: frozenset(flags))
    cpu = resolve_device("cpu")
    assert resolve_dtype("auto", cpu) == dtype
    assert resolve_dtype("float16", cpu) == resolve_dtype(torch.float16, cpu) == torch.float16
