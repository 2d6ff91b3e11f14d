"""Checkpoints are read strictly, lazily, from memory maps, and never executed."""

from __future__ import annotations

import gc
import json
import os
import pickle
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.support.golden_files import TINY, TINY_CHECKPOINT
from torch import Tensor

from sensorium.encoders.linear import Linear, can_pack
from sensorium.errors import (
    CheckpointFormatError,
    CheckpointKeyError,
    CheckpointNotFoundError,
    CheckpointShapeError,
    EncodingError,
    TensorShapeError,
    UnsupportedModalityError,
)
from sensorium.imagebind import ImageBind, ImageBindConfig
from sensorium.imagebind.checkpoint import InMemory, content_digest, open_checkpoint
from sensorium.imagebind.config import TOWERS
from sensorium.imagebind.parameter_names import expected_shapes, origin
from sensorium.imagebind.tower import Tower
from sensorium.imagebind.weight_files import PickleFile, SafetensorsFile

WEIGHTS = load_file(TINY_CHECKPOINT)


def opened(weights: dict[str, Tensor], **options: object) -> ImageBind:
    model: ImageBind = ImageBind(InMemory(weights), config=TINY, device="cpu", **options)  # type: ignore[arg-type]
    return model


def test_every_golden_key_is_a_parameter_of_ours() -> None:
    """The names and shapes we expect are exactly the reference's, no more and no fewer."""
    expected = {k: s for tower in TOWERS for k, s in expected_shapes(TINY, tower).items()}
    assert expected == {key: tuple(tensor.shape) for key, tensor in WEIGHTS.items()}


def test_the_huge_model_has_the_published_sizes() -> None:
    """1,200.8 million parameters: 632.8 vision, 354.0 text, 86.2 audio, 21.9 depth, ..."""
    published = dict(zip(TOWERS, (632.8, 354.0, 86.2, 21.9, 86.2, 19.6), strict=True))
    with torch.device("meta"):
        towers = {name: Tower(ImageBindConfig.huge(), name) for name in TOWERS}
    counts = {name: sum(p.numel() for p in tower.parameters()) for name, tower in towers.items()}
    for name, millions in published.items():
        assert counts[name] / 1e6 == pytest.approx(millions, abs=0.06)
    assert sum(counts.values()) / 1e6 == pytest.approx(1200.8, abs=0.06)


@pytest.mark.parametrize("key", sorted(WEIGHTS)[::29])
def test_a_missing_key_is_named(key: str) -> None:
    """Without one tensor the model does not open, and says which it is."""
    weights = {name: tensor for name, tensor in WEIGHTS.items() if name != key}
    with pytest.raises(CheckpointKeyError, match=re.escape(key)) as caught:
        opened(weights)
    assert (caught.value.missing, caught.value.extra) == ([key], [])


@pytest.mark.parametrize("key", ["head.weight", "modality_trunks.imu.blocks.9.norm_1.bias"])
def test_an_extra_key_is_named(key: str) -> None:
    """A tensor nobody has a place for is an error, not silently dropped."""
    with pytest.raises(CheckpointKeyError, match="1 extra keys") as caught:
        opened(WEIGHTS | {key: torch.zeros(3)})
    assert (caught.value.missing, caught.value.extra) == ([], [key])


def test_a_wrong_shape_is_named() -> None:
    """The key, its shape and the shape needed are in the message."""
    key = "modality_heads.imu.3.weight"
    with pytest.raises(
        CheckpointShapeError, match=r"imu\.3\.weight of shape \(24, 17\).*\(24, 16\)"
    ):
        opened(WEIGHTS | {key: torch.zeros(24, 17)})


def test_only_wanted_towers_are_needed() -> None:
    """A checkpoint with the IMU tower alone opens for IMU, and says so when asked for more."""
    imu = {key: tensor for key, tensor in WEIGHTS.items() if ".imu." in key}
    model = opened(imu, modalities=["imu"])
    assert model.forward("imu", torch.zeros(2, 6, 2000)).shape == (2, TINY.embedding)
    with pytest.raises(UnsupportedModalityError, match=r"'text'.*imu"):
        model.forward("text", torch.zeros(1, 77, dtype=torch.long))
    with pytest.raises(UnsupportedModalityError, match="'smell'"):
        opened(imu, modalities=["smell"])


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    """A `.pth` that would run code on loading is refused, and the code does not run."""

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "owned"),)

    for name, save in {"new.pth": torch.save, "old.pth": _save_pickle}.items():
        save({"weight": Trap()}, tmp_path / name)
        with pytest.raises(CheckpointFormatError, match="cannot be read"):
            open_checkpoint(tmp_path / name)
    assert not (tmp_path / "owned").exists()


def _save_pickle(value: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("kept", [0, 7, 100, 0.5, 0.999])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    """However much of it arrived, half a checkpoint does not open."""
    path = tmp_path / f"x{suffix}"
    small = {key: tensor for key, tensor in WEIGHTS.items() if ".imu." in key}
    torch.save(small, path) if suffix == ".pth" else save_file(small, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(CheckpointFormatError, match="download or convert it again"):
        open_checkpoint(path)


def test_what_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    """A tensor, or a training state, is told apart from a state dict."""
    for value in (torch.zeros(3), {"model": WEIGHTS, "epoch": 3}):
        torch.save(value, tmp_path / "x.pth")
        with pytest.raises(CheckpointFormatError, match="state dict"):
            open_checkpoint(tmp_path / "x.pth")


def test_nothing_there_says_how_to_get_it(tmp_path: Path) -> None:
    """A missing path, or a directory of something else, names the command."""
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(CheckpointNotFoundError, match="sensorium weights download"):
            open_checkpoint(path)


def test_the_digest_is_of_the_weights_not_of_the_file(tmp_path: Path) -> None:
    """A pickle and a safetensors of the same tensors have one digest; one changed bit another."""
    torch.save(WEIGHTS, tmp_path / "x.pth")
    digest = content_digest(open_checkpoint(TINY_CHECKPOINT))
    assert content_digest(open_checkpoint(tmp_path / "x.pth")) == digest
    key = "modality_heads.imu.3.weight"
    assert content_digest(InMemory(WEIGHTS | {key: WEIGHTS[key] + 1e-7})) != digest


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


def test_sizes_are_read_strictly(tmp_path: Path) -> None:
    """A size missing, unknown, not positive or not divisible is an error that names it."""
    sizes = TINY.to_dict()
    assert ImageBindConfig.from_dict(sizes) == TINY
    path = tmp_path / "sizes.json"
    for change, match in [
        ({"imu_num_heads": 0}, "imu_num_heads"),
        ({"smell_num_heads": 2}, "smell_num_heads"),
        ({"out_embed_dim": "24"}, "out_embed_dim"),
        ({"imu_num_heads": 3}, "imu width of 16 for 3 heads"),
    ]:
        path.write_text(json.dumps(sizes | change))
        with pytest.raises(CheckpointFormatError, match=match):
            ImageBindConfig.from_json(path)
    path.write_text("{")
    with pytest.raises(CheckpointFormatError, match="not JSON"):
        ImageBindConfig.from_json(path)


def test_precision_and_device_are_checked_at_opening() -> None:
    """A precision the towers do not have is refused before anything is read."""
    with pytest.raises(EncodingError, match="int8"):
        opened(WEIGHTS, dtype="int8")


def mapped(path: Path) -> bool:
    return str(path) in Path("/proc/self/maps").read_text()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists its mappings")
def test_mappings_end_with_their_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor is read from a map of the file, which is let go of when the tensor is."""
    monkeypatch.setattr(SafetensorsFile, "remap_bytes", 0)
    monkeypatch.setattr(PickleFile, "remap_bytes", 0)
    key, other = "modality_heads.imu.3.weight", "modality_heads.imu.0.weight"
    small = {name: WEIGHTS[name] for name in (key, other)}
    torch.save(small, tmp_path / "x.pth")
    save_file(small, tmp_path / "x.safetensors")
    for name in ("x.pth", "x.safetensors"):
        file = open_checkpoint(tmp_path / name)
        tensor = file.get(key)
        assert mapped(tmp_path / name)
        assert torch.equal(tensor, WEIGHTS[key])
        first = tensor.untyped_storage().data_ptr()
        assert file.get(other).untyped_storage().data_ptr() != first
        del tensor, file
        gc.collect()
        assert not mapped(tmp_path / name)


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


def test_the_digest_counts_names_shapes_and_dtypes() -> None:
    """The same bytes under another name, shape or dtype are other weights."""
    weight = torch.arange(6, dtype=torch.float32)
    digests = {
        content_digest(InMemory({name: tensor}))
        for name, tensor in [
            ("a", weight),
            ("b", weight),
            ("a", weight.reshape(2, 3)),
            ("a", weight.view(torch.int32)),
        ]
    }
    assert len(digests) == 4


def test_norms_have_the_published_epsilons() -> None:
    """1e-6 in the blocks, before the vision blocks and in the heads; 1e-5 in the other stems."""
    with torch.device("meta"):
        towers = {name: Tower(TINY, name) for name in TOWERS}
    for name, tower in towers.items():
        for path, module in tower.named_modules():
            if isinstance(module, torch.nn.LayerNorm):
                stem = path == "stem.norm" and name != "vision"
                assert module.eps == (1e-5 if stem else 1e-6), (name, path)


def test_a_file_that_changes_after_opening_is_not_read(tmp_path: Path) -> None:
    """Other weights under the old digest would mix two spaces; a deleted file is an error, too."""
    path = tmp_path / "x.safetensors"
    save_file(WEIGHTS, path)
    model = ImageBind.from_checkpoint(path, config=TINY, device="cpu")
    save_file({key: tensor + 1 for key, tensor in WEIGHTS.items()}, path)
    with pytest.raises(CheckpointFormatError, match="changed after it was opened"):
        model.tower("imu")
    path.unlink()
    with pytest.raises(CheckpointFormatError, match="cannot be read"):
        model.tower("imu")


def test_old_pickles_are_read_once_and_whole(tmp_path: Path) -> None:
    """The format of torch before 1.6 opens, too, and is not read again for every tower."""
    torch.save(WEIGHTS, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    file = open_checkpoint(tmp_path / "old.pth")
    assert not file.renewable  # type: ignore[union-attr]
    assert content_digest(file) == content_digest(InMemory(WEIGHTS))


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
