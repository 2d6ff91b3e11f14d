"""What several tests stand on: the golden checkpoint and a tiny encoder on the real code path."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session", autouse=True)
def runtime_directory() -> Iterator[Path]:
    """A directory for sockets that is this run's own.

    A socket whose folder's path is long lies there under that path's digest, and the next run
    gives its folders the same paths: it would find what processes killed in this one left.
    """
    place = None if len(tempfile.gettempdir()) < 20 else "/tmp"  # a socket's path has to be short
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="run-", dir=place, ignore_cleanup_errors=True) as own:
        os.environ["XDG_RUNTIME_DIR"] = own
        yield Path(own)
    del os.environ["XDG_RUNTIME_DIR"]
    if before is not None:
        os.environ["XDG_RUNTIME_DIR"] = before
