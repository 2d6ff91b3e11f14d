"""What several tests stand on: the golden checkpoint and a tiny encoder on the real code path."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from sensorium.imagebind import ImageBind, ImageBindEncoder
from tests.support.golden_files import GOLDENS, TINY, TINY_CHECKPOINT


@pytest.fixture(scope="session")
def goldens() -> dict[str, torch.Tensor]:
    """Inputs and outputs of the reference implementation."""
    return load_file(GOLDENS / "model.safetensors")


@pytest.fixture(scope="session")
def golden_texts() -> list[str]:
    texts: list[str] = json.loads((GOLDENS / "texts.json").read_text(encoding="utf-8"))
    return texts


@pytest.fixture(scope="session")
def tiny() -> ImageBind:
    """The golden checkpoint in float32."""
    return ImageBind.from_checkpoint(TINY_CHECKPOINT, config=TINY, device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def encoder(tiny: ImageBind) -> ImageBindEncoder:
    return ImageBindEncoder(tiny, name="imagebind-tiny")
