"""The goldens again, where there is a CUDA device; and compiled towers."""

from __future__ import annotations

import shutil

import pytest
import torch
from tests.support.golden_files import TINY, TINY_CHECKPOINT
from torch.nn import functional as F

from sensorium.imagebind import ImageBind
from sensorium.imagebind.model import WINDOW_SHAPE

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
needs_compiler = pytest.mark.skipif(
    shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on a CPU"
)


def golden_pairs(goldens: dict[str, torch.Tensor]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Input and unit output of every modality."""
    keys = {modality: modality for modality in WINDOW_SHAPE} | {"image": "vision"}
    pairs = {m: (goldens[f"in.{k}"].float(), goldens[f"out.{k}"]) for m, k in keys.items()}
    pairs["text"] = (goldens["tokens"], goldens["out.text"])
    return {m: (inputs, F.normalize(out, dim=-1)) for m, (inputs, out) in pairs.items()}


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("compiled", [None, "reduce-overhead"])
@pytest.mark.parametrize(("dtype", "cosine"), [("float32", 1 - 1e-6), ("bfloat16", 0.999)])
def test_cuda_gives_the_goldens(
    goldens: dict[str, torch.Tensor], dtype: str, cosine: float, compiled: str | None
) -> None:
    """Every tower points where the reference's does, in both precisions, compiled or not."""
    model = ImageBind.from_checkpoint(
        TINY_CHECKPOINT, config=TINY, device="cuda", dtype=dtype, compiled=compiled
    )
    for modality, (inputs, wanted) in golden_pairs(goldens).items():
        with torch.inference_mode():
            first = model.forward(modality, inputs)
            again = model.forward(modality, inputs)
        assert torch.equal(first, again), modality
        assert F.cosine_similarity(first.cpu(), wanted).min() > cosine, modality


@pytest.mark.slow
@needs_compiler
@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of its own parts
def test_a_compiled_tower_gives_the_goldens(goldens: dict[str, torch.Tensor]) -> None:
    """`compiled=` changes how a tower runs, not what it gives."""
    model = ImageBind.from_checkpoint(
        TINY_CHECKPOINT,
        config=TINY,
        modalities=["imu"],
        device="cpu",
        dtype="float32",
        compiled="default",
    )
    inputs, wanted = golden_pairs(goldens)["imu"]
    with torch.inference_mode():
        torch.testing.assert_close(model.forward("imu", inputs), wanted, rtol=0, atol=1e-5)
