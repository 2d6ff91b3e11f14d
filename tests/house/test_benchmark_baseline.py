"""The plain computation of `benchmarks/plain.py` is the model's own: the ratios compare equals."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

from sensorium.imagebind.checkpoint import InMemory
from sensorium.imagebind.config import TOWER_OF, ImageBindConfig, TowerSizes
from sensorium.imagebind.model import WINDOW_SHAPE, ImageBind, random_weights

PLAIN = Path(__file__).parents[2] / "benchmarks" / "plain.py"
END = 49407  # the id that ends a text
SIZES = TowerSizes(width=32, blocks=2, heads=2)
CONFIG = ImageBindConfig(SIZES, SIZES, SIZES, SIZES, SIZES, SIZES, embedding=24)


@pytest.fixture(scope="module")
def plain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plain", PLAIN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def weights_of(tower: str) -> dict[str, Tensor]:
    """Random weights with norms and biases that do something."""
    generator = torch.Generator().manual_seed(5)
    weights = random_weights(CONFIG, [tower], seed=5)
    for key, tensor in weights.items():
        if tensor.ndim == 1:
            tensor.normal_(float(key.endswith("weight")), 0.3, generator=generator)
    return weights


def inputs_of(modality: str) -> Tensor:
    generator = torch.Generator().manual_seed(6)
    if modality != "text":
        return torch.randn(2, *WINDOW_SHAPE[modality], generator=generator)
    ids = torch.zeros(3, 77, dtype=torch.long)
    for row, length in enumerate((3, 16, 40)):
        ids[row, : length - 1] = torch.randint(1, END, (length - 1,), generator=generator)
        ids[row, length - 1] = END
    return ids


@pytest.mark.parametrize("modality", sorted(TOWER_OF))
@torch.inference_mode()
def test_plain_and_ours_agree(plain: ModuleType, modality: str) -> None:
    """On the same weights both give the same scaled vectors, which differ between items."""
    tower = TOWER_OF[modality]
    weights, inputs = weights_of(tower), inputs_of(modality)
    baseline = plain.PlainTower(CONFIG, tower).eval()
    baseline.load_state_dict(weights)
    model = ImageBind(
        InMemory(weights), config=CONFIG, modalities=[modality], device="cpu", dtype="float32"
    )
    expected = baseline(inputs)
    torch.testing.assert_close(model(modality, inputs, scaled=True), expected, rtol=0, atol=1e-4)
    assert (expected[0] - expected[1]).abs().max() > 0.01


def test_plain_shows_a_picture_as_two_equal_frames(plain: ModuleType) -> None:
    """A picture and the video of that picture twice are one to the plain computation."""
    baseline = plain.PlainTower(CONFIG, "vision").eval()
    baseline.load_state_dict(weights_of("vision"))
    picture = inputs_of("image")
    frames = picture[:, :, None].expand(-1, -1, 2, -1, -1)
    with torch.inference_mode():
        torch.testing.assert_close(baseline(frames), baseline(picture), rtol=0, atol=1e-6)


def test_plain_computes_all_77_positions(plain: ModuleType) -> None:
    """Nothing of a text is left out: the plain computation takes 77 ids and no fewer."""
    baseline = plain.PlainTower(CONFIG, "text").eval()
    with pytest.raises(RuntimeError, match="must match"):
        baseline(inputs_of("text")[:, :16])
