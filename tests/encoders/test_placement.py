"""Devices and precisions."""

from __future__ import annotations

import pytest
import torch

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


def test_a_precision_that_is_named_stays() -> None:
    """By its name or as torch's own."""
    cpu = resolve_device("cpu")
    assert resolve_dtype("float16", cpu) == resolve_dtype(torch.float16, cpu) == torch.float16
