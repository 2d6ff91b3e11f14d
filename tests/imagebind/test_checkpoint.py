"""Checkpoints are read strictly, and known by the digest of their weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.support.golden_files import TINY_CHECKPOINT, opened

from sensorium.errors import CheckpointKeyError, CheckpointNotFoundError, CheckpointShapeError
from sensorium.imagebind.checkpoint import InMemory, content_digest, open_checkpoint

WEIGHTS = load_file(TINY_CHECKPOINT)


@pytest.mark.parametrize("key", sorted(WEIGHTS)[::29])
def test_a_missing_key_is_named(key: str) -> None:
    """Without one of its tensors a model does not open, and the error names the tensor."""
    weights = {name: tensor for name, tensor in WEIGHTS.items() if name != key}
    with pytest.raises(CheckpointKeyError, match=re.escape(key)) as caught:
        opened(weights)
    assert (caught.value.missing, caught.value.extra) == ([key], [])


@pytest.mark.parametrize("key", ["head.weight", "modality_trunks.imu.blocks.9.norm_1.bias"])
def test_an_extra_key_is_named(key: str) -> None:
    """A tensor that belongs to no tower is an error, and is not dropped silently."""
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


def test_a_missing_checkpoint_says_how_to_get_it(tmp_path: Path) -> None:
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
