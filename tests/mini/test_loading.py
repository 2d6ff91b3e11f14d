"""Towers are built strictly from their files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sensorium.errors import (
    CheckpointFormatError,
    CheckpointKeyError,
    CheckpointNotFoundError,
    CheckpointShapeError,
)
from sensorium.mini.loading import open_tower
from sensorium.mini.manifest import DIRECTORY
from sensorium.mini.text_tower import TextSizes, TextTower
from sensorium.mini.wordpiece import wordpiece
from training.release import write_tower

TINY = TextSizes(vocabulary=7, positions=4, width=4, heads=2, hidden=8)


def copied(tmp_path: Path, *names: str) -> Path:
    for name in names:
        shutil.copy(DIRECTORY / name, tmp_path / name)
    return tmp_path


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """One changed byte of the weights is refused, with the file and what to do."""
    directory = copied(tmp_path, "manifest.json", "text.safetensors")
    content = bytearray((directory / "text.safetensors").read_bytes())
    content[-1] ^= 1
    (directory / "text.safetensors").write_bytes(content)
    with pytest.raises(CheckpointFormatError, match=r"text\.safetensors.*reinstall"):
        open_tower("text", TextTower, directory=directory)


def test_missing_files_are_named(tmp_path: Path) -> None:
    """The error names the missing vocabulary or weights, and says what to do."""
    with pytest.raises(CheckpointNotFoundError, match=r"vocab\.txt.*reinstall"):
        wordpiece(tmp_path)
    copied(tmp_path, "manifest.json")
    with pytest.raises(CheckpointNotFoundError, match=r"text\.safetensors.*reinstall"):
        open_tower("text", TextTower, directory=tmp_path)


def written(tmp_path: Path, state: dict[str, Tensor]) -> Path:
    write_tower("text", state, licence="CC0-1.0", sources=[], training={}, directory=tmp_path)
    return tmp_path


@pytest.mark.parametrize(("missing", "extra"), [("norm.bias", None), (None, "pooler.bias")])
def test_other_keys_are_refused_by_name(
    tmp_path: Path, missing: str | None, extra: str | None
) -> None:
    """Tensors that are missing or unknown are listed."""
    state = TextTower(TINY).state_dict()
    if missing:
        del state[missing]
    if extra:
        state[extra] = torch.zeros(4)
    with pytest.raises(CheckpointKeyError, match="reinstall") as caught:
        open_tower("text", TextTower, directory=written(tmp_path, state))
    assert caught.value.missing == [name for name in [missing] if name]
    assert caught.value.extra == [name for name in [extra] if name]


def test_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    """A tensor of other sizes is named, with both shapes."""
    with pytest.raises(CheckpointShapeError, match=r"words of shape \(7, 4\).*\(30522, 384\)"):
        open_tower("text", TextTower, directory=written(tmp_path, TextTower(TINY).state_dict()))
