"""Towers behind one call: loaded lazily, checked before they run."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from tests.support.golden_files import TINY, TINY_CHECKPOINT, opened
from torch import Tensor

from sensorium.errors import EncodingError, TensorShapeError, UnsupportedModalityError
from sensorium.imagebind import ImageBind
from sensorium.imagebind.checkpoint import InMemory
from sensorium.imagebind.linear import Linear, can_pack
from sensorium.imagebind.parameter_names import origin

WEIGHTS = load_file(TINY_CHECKPOINT)


def test_only_wanted_towers_are_needed() -> None:
    """A checkpoint with the IMU tower alone opens for IMU, and says so when asked for more."""
    imu = {key: tensor for key, tensor in WEIGHTS.items() if ".imu." in key}
    model = opened(imu, modalities=["imu"])
    assert model.forward("imu", torch.zeros(2, 6, 2000)).shape == (2, TINY.embedding)
    with pytest.raises(UnsupportedModalityError, match=r"'text'.*imu"):
        model.forward("text", torch.zeros(1, 77, dtype=torch.long))
    with pytest.raises(UnsupportedModalityError, match="'smell'"):
        opened(imu, modalities=["smell"])


def test_towers_load_when_first_used_and_once() -> None:
    """Opening reads no tower; using one reads that one, and keeps it."""
    asked: list[str] = []

    class Counting(InMemory):
        def get(self, key: str) -> Tensor:
            asked.append(key)
            return super().get(key)

    model = ImageBind(Counting(WEIGHTS), config=TINY, device="cpu")
    assert asked == []
    first = model.tower("imu")
    assert {key.split(".")[1] for key in asked} == {"imu"}
    assert model.tower("imu") is first
    assert model.tower("image") is model.tower("video")


def test_unpacked_float32_weights_are_the_files_pages() -> None:
    """Without packing no copy is made: parameters of one tensor share its storage."""
    model = ImageBind(InMemory(WEIGHTS), config=TINY, device="cpu", dtype="float32", packed=False)
    for name, parameter in model.tower("imu").named_parameters():
        stored = WEIGHTS[origin("imu", name).name]
        assert parameter.untyped_storage().data_ptr() == stored.untyped_storage().data_ptr()


def test_unpacked_towers_can_be_trained() -> None:
    """`packed=False` gives ordinary modules: gradients reach every parameter that matters."""
    tower = opened(WEIGHTS, packed=False, dtype="float32").tower("imu").requires_grad_()
    tower(torch.randn(2, 6, 2000, generator=torch.Generator().manual_seed(0))).sum().backward()
    silent = [name for name, p in tower.named_parameters() if p.grad is None]
    assert silent == ["log_logit_scale"]


@pytest.mark.parametrize(
    ("modality", "shape"),
    [
        ("image", (2, 224, 224)),
        ("image", (2, 3, 200, 200)),
        ("audio", (1, 128, 204)),
        ("imu", (2, 2000, 6)),
        ("imu", (2, 0, 6, 2000)),
        ("text", (2, 78)),
        ("text", (77,)),
    ],
)
def test_wrong_tensors_are_named(tiny: ImageBind, modality: str, shape: tuple[int, ...]) -> None:
    """A tensor of another shape is refused before it reaches a tower."""
    inputs = torch.zeros(shape, dtype=torch.long if modality == "text" else torch.float32)
    with pytest.raises(TensorShapeError, match=modality):
        tiny.forward(modality, inputs)


@pytest.mark.parametrize("modality", ["text", "image", "video", "audio", "depth", "thermal", "imu"])
def test_an_empty_batch_is_empty(tiny: ImageBind, modality: str) -> None:
    """No items give shape (0, E)."""
    shapes = {"text": (77,), "image": (3, 224, 224), "video": (3, 2, 224, 224)}
    shapes |= {"audio": (1, 128, 204), "imu": (6, 2000)}
    inputs = torch.zeros(0, *shapes.get(modality, (1, 224, 224)))
    inputs = inputs.long() if modality == "text" else inputs
    assert tiny.forward(modality, inputs).shape == (0, TINY.embedding)


def test_precision_and_device_are_checked_at_opening() -> None:
    """A precision the towers do not have is refused before anything is read."""
    with pytest.raises(EncodingError, match="int4"):
        opened(WEIGHTS, dtype="int4")


def test_packing_changes_the_layout_not_the_result() -> None:
    """Where the CPU packs, every linear layer of a loaded tower is packed."""
    tower = opened(WEIGHTS, dtype="float32").tower("imu")
    layers = [module for module in tower.modules() if isinstance(module, Linear)]
    assert len(layers) == 2 * 5 + 1
    if can_pack(torch.zeros(1)):
        assert all(layer.packed is not None and layer.weight.numel() == 0 for layer in layers)


def test_the_logit_scale_is_capped_and_exact_in_any_precision() -> None:
    """It is float32 whatever the tower's dtype, at most 100, and 1 for pictures."""
    key = "modality_postprocessors.text.1.log_logit_scale"
    learnt = opened(WEIGHTS, dtype="bfloat16").logit_scale("text")
    assert learnt == pytest.approx(float(WEIGHTS[key].exp()), rel=1e-6)
    assert opened(WEIGHTS | {key: torch.tensor(9.0)}).logit_scale("text") == 100
    assert opened(WEIGHTS).logit_scale("video") == 1


def test_ids_and_pixels_are_checked_before_a_tower_is_loaded() -> None:
    """Ids outside the vocabulary and raw bytes are refused, on every device alike."""
    model = opened(WEIGHTS)
    with pytest.raises(TensorShapeError, match="ids from 0 to 49407"):
        model.forward("text", torch.full((1, 5), 49408))
    with pytest.raises(TensorShapeError, match="preprocessed floats"):
        model.forward("image", torch.zeros(1, 3, 224, 224, dtype=torch.uint8))


def test_random_towers_do_not_depend_on_their_company() -> None:
    """The IMU tower of a seed is the same alone and among six; another seed gives another."""
    inputs = torch.ones(1, 6, 2000)
    alone, together, other = (
        ImageBind.random(TINY, seed=seed, modalities=modalities, device="cpu", dtype="float32")
        for seed, modalities in ((3, ["imu"]), (3, None), (4, ["imu"]))
    )
    assert torch.equal(alone.forward("imu", inputs), together.forward("imu", inputs))
    assert not torch.equal(alone.forward("imu", inputs), other.forward("imu", inputs))
