"""Files of tensors are read from memory maps, and never executed."""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.support.golden_files import TINY, TINY_CHECKPOINT

from sensorium.errors import CheckpointFormatError
from sensorium.imagebind import ImageBind
from sensorium.imagebind.checkpoint import InMemory, content_digest, open_checkpoint
from sensorium.imagebind.weight_files import PickleFile, SafetensorsFile

WEIGHTS = load_file(TINY_CHECKPOINT)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    """A `.pth` that would run code on loading is refused, and the code does not run."""

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "owned"),)

    ways: dict[str, Callable[[object, Path], object]]
    ways = {"new.pth": torch.save, "old.pth": _save_pickle}
    for name, save in ways.items():
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


def test_only_state_dicts_are_read(tmp_path: Path) -> None:
    """A tensor, or a training state, is told apart from a state dict."""
    for value in (torch.zeros(3), {"model": WEIGHTS, "epoch": 3}):
        torch.save(value, tmp_path / "x.pth")
        with pytest.raises(CheckpointFormatError, match="state dict"):
            open_checkpoint(tmp_path / "x.pth")


def mapped(path: Path) -> bool:
    return str(path) in Path("/proc/self/maps").read_text()


@pytest.mark.slow
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
