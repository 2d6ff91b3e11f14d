"""Weights on disk: the same model whichever form it is stored in, and nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from sensorium.errors import (
    CheckpointFormatError,
    CheckpointKeyError,
    CheckpointNotFoundError,
    CheckpointShapeError,
    DiskSpaceError,
    EncodingError,
    WeightsError,
    WeightsExistError,
)
from sensorium.imagebind.checkpoint import TowerDirectory, content_digest, open_checkpoint
from sensorium.imagebind.config import TOWERS, ImageBindConfig
from sensorium.imagebind.convert import convert
from sensorium.imagebind.model import ImageBind, random_weights
from sensorium.imagebind.releases import release_directory, require_space

GOLDENS = Path(__file__).parents[1] / "goldens" / "imagebind"
SIZES = ImageBindConfig.from_dict(
    {f"{tower}_embed_dim": 8 for tower in TOWERS}
    | {"text_embed_dim": 2}  # its vocabulary of 49,408 would weigh the most
    | {f"{tower}_num_blocks": 1 for tower in TOWERS}
    | {f"{tower}_num_heads": 2 for tower in TOWERS}
    | {"out_embed_dim": 4}
)
BIAS = "modality_trunks.imu.blocks.0.attn.bias_k"
MATRIX = "modality_heads.depth.2.weight"
SCALE = "modality_postprocessors.audio.1.log_logit_scale"


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return random_weights(SIZES, TOWERS, seed=0)


@pytest.fixture(scope="module")
def pickled(weights: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "small.pth"
    torch.save(weights, path)
    return path


def vectors(model: ImageBind) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(2, 1, 224, 224, generator=generator)
    samples = torch.randn(2, 6, 2000, generator=generator)
    ids = torch.tensor([[49406, 320, 1125, 49407]])
    with torch.inference_mode():
        inputs = {"depth": maps, "thermal": maps, "imu": samples, "text": ids}
        return {modality: model(modality, given) for modality, given in inputs.items()}


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.glob("*.safetensors"))


def test_every_form_gives_the_same_vectors_and_digest(tmp_path: Path) -> None:
    """A .pth, a .safetensors and a directory of the same weights are one model."""
    original = GOLDENS / "imagebind_tiny.safetensors"
    config = ImageBindConfig.from_json(GOLDENS / "imagebind_tiny.json")
    pth = tmp_path / "tiny.pth"
    torch.save(load_file(original), pth)
    convert(original, tmp_path / "from_safetensors", config=config)
    convert(pth, tmp_path / "from_pth", config=config)
    names = ("tiny.pth", "from_safetensors", "from_pth")
    models = [
        ImageBind.from_checkpoint(path, config=config, device="cpu", dtype="float32")
        for path in (original, *(tmp_path / name for name in names))
    ]
    assert len({model.digest for model in models}) == 1
    first, *others = map(vectors, models)
    for other in others:
        torch.testing.assert_close(other, first, rtol=0, atol=0)


def test_the_digest_depends_on_every_number(weights: dict[str, Tensor], tmp_path: Path) -> None:
    """One changed bit of one tensor is another model."""
    changed = weights | {BIAS: weights[BIAS] + 1e-3}
    for name, tensors in {"a": weights, "b": changed}.items():
        torch.save(tensors, tmp_path / f"{name}.pth")
    digests = [content_digest(open_checkpoint(tmp_path / f"{name}.pth")) for name in "ab"]
    assert digests[0] != digests[1]


def test_bfloat16_is_half_the_size_and_the_same_space(pickled: Path, tmp_path: Path) -> None:
    """The stored dtype changes size, neither digest nor what bfloat16 arithmetic gives."""
    whole = convert(pickled, tmp_path / "whole", config=SIZES)
    half = convert(pickled, tmp_path / "half", config=SIZES, dtype="bfloat16")
    assert half.digest == whole.digest == content_digest(open_checkpoint(pickled))
    assert (half.dtype, whole.dtype) == ("bfloat16", "float32")
    assert size_of(half.path) == pytest.approx(size_of(whole.path) / 2, rel=0.03)  # headers
    computed = [
        vectors(ImageBind.from_checkpoint(d.path, device="cpu", dtype="bfloat16"))
        for d in (whole, half)
    ]
    torch.testing.assert_close(computed[0], computed[1], rtol=0, atol=0)
    assert half.get(SCALE).dtype == torch.float32  # an exponent: rounding it would show


def test_files_are_plain_safetensors(
    weights: dict[str, Tensor], pickled: Path, tmp_path: Path
) -> None:
    """Any safetensors reader finds the original names and numbers, each key in its tower's file."""
    directory = convert(pickled, tmp_path / "out", config=SIZES)
    loaded: dict[str, Tensor] = {}
    for tower, entry in directory.towers.items():
        held = load_file(directory.path / entry.file)
        assert {key.split(".")[1] for key in held} == {tower}
        loaded |= held
    torch.testing.assert_close(loaded, weights, rtol=0, atol=0)


def test_the_description_holds_no_path_of_this_machine(pickled: Path, tmp_path: Path) -> None:
    """Source is a file name, sizes and counts are true, and everything can be read again."""
    directory = convert(pickled, tmp_path / "out", config=SIZES, licence="CC BY 4.0")
    text = (directory.path / "imagebind.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert str(pickled.parent) not in text
    again = TowerDirectory(directory.path)
    assert (again.source, again.licence, again.config) == ("small.pth", "CC BY 4.0", SIZES)
    for tower, entry in again.towers.items():
        assert (again.path / entry.file).stat().st_size == entry.bytes
        module = ImageBind.from_checkpoint(
            again.path, device="cpu", dtype="float32", packed=False
        ).tower("image" if tower == "vision" else tower)
        assert sum(p.numel() for p in module.parameters()) == entry.parameters
    umask = os.umask(0)
    os.umask(umask)
    assert directory.path.stat().st_mode & 0o777 == 0o777 & ~umask


def test_a_directory_converts_onto_itself(pickled: Path, tmp_path: Path) -> None:
    """Changing the dtype in place keeps digest, source and licence."""
    out = tmp_path / "out"
    first = convert(pickled, out, config=SIZES, source_note="https://x.org/a.pth", licence="L")
    second = convert(out, out, dtype="float16", overwrite=True)
    assert second.dtype == "float16"
    assert (second.digest, second.source, second.licence) == (first.digest, first.source, "L")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    third = convert(out, tmp_path / "wide")  # its numbers are float16's; the space stays
    assert (third.dtype, third.digest) == ("float32", first.digest)


def test_a_damaged_directory_is_not_laundered(pickled: Path, tmp_path: Path) -> None:
    """Converting a directory with a flipped bit fails: its digest would cover other numbers."""
    source = convert(pickled, tmp_path / "in", config=SIZES).path
    flip_last_byte(source / "depth.safetensors")
    with pytest.raises(CheckpointFormatError, match=r"depth\.safetensors' with SHA-256"):
        convert(source, tmp_path / "out", dtype="bfloat16")
    assert not (tmp_path / "out").exists()


def flip_last_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_verify_reads_everything_and_names_the_damaged_file(pickled: Path, tmp_path: Path) -> None:
    """An intact directory passes with every byte counted; one flipped bit is found and named."""
    directory = convert(pickled, tmp_path / "out", config=SIZES)
    seen: list[tuple[str, int, int | None]] = []
    directory.verify(lambda *report: seen.append(report))
    assert seen[-1] == ("verify", size_of(directory.path), size_of(directory.path))
    flip_last_byte(directory.path / "imu.safetensors")
    with pytest.raises(CheckpointFormatError, match=r"imu\.safetensors"):
        TowerDirectory(directory.path).verify()


def test_absent_towers_are_not_offered(pickled: Path, tmp_path: Path) -> None:
    """A directory may lack towers: the others still load and verify; converting needs all."""
    directory = convert(pickled, tmp_path / "out", config=SIZES)
    (directory.path / "vision.safetensors").unlink()
    model = ImageBind.from_checkpoint(directory.path, device="cpu")
    assert model.modalities == {"text", "audio", "depth", "thermal", "imu"}
    TowerDirectory(directory.path).verify()
    with pytest.raises(CheckpointKeyError, match=r"missing keys \(modality_heads\.vision"):
        convert(directory.path, tmp_path / "other")


class _Code:
    """An object whose unpickling would run a command."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_code_in_a_pickle_is_refused_and_not_run(
    weights: dict[str, Tensor], tmp_path: Path
) -> None:
    """Nothing in a .pth is executed."""
    torch.save(weights | {"code": _Code(tmp_path / "ran")}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointFormatError, match="cannot be read"):
        convert(tmp_path / "evil.pth", tmp_path / "out", config=SIZES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.pth"]


WRONG: dict[str, tuple[type[WeightsError], str, dict[str, Tensor | None]]] = {
    "missing key": (CheckpointKeyError, r"1 missing keys \(.*bias_k", {BIAS: None}),
    "extra key": (CheckpointKeyError, r"1 extra keys \(a\.b\.c", {"a.b.c": torch.zeros(1)}),
    "wrong shape": (
        CheckpointShapeError,
        r"depth.* of shape \(4, 9\)",
        {MATRIX: torch.zeros(4, 9)},
    ),
    "integers": (CheckpointFormatError, "int32", {MATRIX: torch.zeros(4, 8, dtype=torch.int32)}),
    "NaN": (CheckpointFormatError, f"{MATRIX}, with NaN", {MATRIX: torch.full((4, 8), torch.nan)}),
}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("case", WRONG)
def test_wrong_contents_are_refused(
    weights: dict[str, Tensor], tmp_path: Path, case: str, suffix: str
) -> None:
    """A checkpoint that is not exactly this model is refused by name, and leaves nothing."""
    error, match, changes = WRONG[case]
    tensors = {key: tensor for key, tensor in (weights | changes).items() if tensor is not None}
    source = tmp_path / f"source.{suffix}"
    (torch.save if suffix == "pth" else save_file)(tensors, source)
    with pytest.raises(error, match=match):
        convert(source, tmp_path / "out", config=SIZES)
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("kept", [0.0, 1e-5, 0.001, 0.3, 0.9, 0.9999])
def test_truncated_files_are_refused(
    weights: dict[str, Tensor], tmp_path: Path, suffix: str, kept: float
) -> None:
    """A file cut off anywhere is refused, and leaves nothing."""
    source = tmp_path / f"source.{suffix}"
    (torch.save if suffix == "pth" else save_file)(weights, source)
    os.truncate(source, int(source.stat().st_size * kept))
    with pytest.raises(CheckpointFormatError, match="cannot be read"):
        convert(source, tmp_path / "out", config=SIZES)
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


@pytest.mark.parametrize("content", [b"<html>404</html>", b"\x80\x02.", bytes(range(256)) * 9])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_other_files_are_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    """An error page or garbage under a checkpoint's name is refused."""
    source = tmp_path / f"source.{suffix}"
    source.write_bytes(content)
    with pytest.raises(CheckpointFormatError, match="cannot be read"):
        convert(source, tmp_path / "out", config=SIZES)


def test_the_old_torch_format_is_read(weights: dict[str, Tensor], tmp_path: Path) -> None:
    """A .pth from before torch 1.6 (no zip archive), with trainable parameters, is read too."""
    parameters = {key: torch.nn.Parameter(tensor) for key, tensor in weights.items()}
    torch.save(parameters, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    torch.save(weights, tmp_path / "new.pth")
    digests = [
        convert(tmp_path / f"{name}.pth", tmp_path / name, config=SIZES).digest
        for name in ("old", "new")
    ]
    assert digests[0] == digests[1]


def test_numbers_beyond_float16_are_refused(weights: dict[str, Tensor], tmp_path: Path) -> None:
    """A weight that float16 cannot hold is an error, not an infinity."""
    torch.save(weights | {BIAS: torch.full_like(weights[BIAS], 1e5)}, tmp_path / "big.pth")
    with pytest.raises(CheckpointFormatError, match=r"bias_k, with NaN or infinite .*float16"):
        convert(tmp_path / "big.pth", tmp_path / "out", config=SIZES, dtype="float16")


class _KilledError(Exception):
    pass


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_an_interrupted_conversion_leaves_nothing(
    pickled: Path, tmp_path: Path, share: float
) -> None:
    """Stopped at the first byte, midway or after the last one: no directory, no leftovers."""

    def stop(step: str, done: int, total: int | None) -> None:
        assert total is not None
        if done >= share * total:
            raise _KilledError

    with pytest.raises(_KilledError):
        convert(pickled, tmp_path / "out", config=SIZES, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_replacement_keeps_the_old_weights(pickled: Path, tmp_path: Path) -> None:
    """What is installed stays whole until its replacement is."""
    out = tmp_path / "out"
    convert(pickled, out, config=SIZES)

    def stop(step: str, done: int, total: int | None) -> None:
        if step == "convert" and done == total:
            raise _KilledError

    with pytest.raises(_KilledError):
        convert(pickled, out, config=SIZES, dtype="bfloat16", overwrite=True, progress=stop)
    assert TowerDirectory(out).dtype == "float32"
    TowerDirectory(out).verify()


def test_only_weights_are_ever_replaced(pickled: Path, tmp_path: Path) -> None:
    """Without `overwrite` nothing is replaced, and with it only a directory of weights."""
    out = tmp_path / "out"
    out.mkdir()  # empty: allowed
    convert(pickled, out, config=SIZES)
    with pytest.raises(WeightsExistError, match=r"already holds weights.*--overwrite"):
        convert(pickled, out, config=SIZES)
    (out / "diary.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something other"):
        convert(pickled, out, config=SIZES, overwrite=True)
    assert (out / "diary.txt").read_text() == "mine"
    with pytest.raises(WeightsExistError, match="something other"):
        convert(pickled, out / "diary.txt", config=SIZES, overwrite=True)


def test_bad_arguments_are_refused_before_anything_is_read(pickled: Path, tmp_path: Path) -> None:
    """An unknown dtype, a missing source and sizes of another model are named."""
    with pytest.raises(EncodingError, match=r"dtype 'int8'.*bfloat16"):
        convert(pickled, tmp_path / "out", config=SIZES, dtype="int8")
    with pytest.raises(CheckpointNotFoundError, match=r"none\.pth"):
        convert(tmp_path / "none.pth", tmp_path / "out")
    with pytest.raises(CheckpointNotFoundError, match=r"with imagebind\.json"):
        convert(tmp_path, tmp_path / "out")
    with pytest.raises(CheckpointKeyError, match="missing keys"):
        convert(pickled, tmp_path / "out")  # the huge sizes have more blocks
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_with_numbers(tmp_path: Path) -> None:
    """What does not fit is refused before anything is written, also where no directory is yet."""
    require_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(DiskSpaceError, match="needed 4,611,686,018,427,387,904"):
        require_space(tmp_path / "not" / "yet", 2**62)


def test_a_conversion_that_does_not_fit_writes_nothing(
    pickled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room for all towers is checked before the first of them is written."""
    nearly_full = SimpleNamespace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: nearly_full)
    with pytest.raises(DiskSpaceError, match="1,000 free bytes"):
        convert(pickled, tmp_path / "out", config=SIZES)
    assert list(tmp_path.iterdir()) == []


def edited(out: Path, **changes: object) -> TowerDirectory:
    description = out / "imagebind.json"
    fields = json.loads(description.read_text(encoding="utf-8")) | changes
    description.write_text(json.dumps(fields), encoding="utf-8")
    return TowerDirectory(out)


def test_descriptions_are_not_trusted(pickled: Path, tmp_path: Path) -> None:
    """Another format, files outside the directory and exchanged towers are refused."""
    out = convert(pickled, tmp_path / "out", config=SIZES).path
    entry = {"file": "../secret", "bytes": 1, "sha256": "", "parameters": 1}
    for changes, match in (
        ({"format": 2}, "format: Input should be 1"),
        ({"digest": None}, "digest: Input should be a valid string"),
        ({"towers": {"smell": entry}}, "smell"),
        ({"towers": {"imu": entry}}, r"the file '\.\./secret'"),
        ({"towers": []}, "cannot be read"),
        ({"config": {}}, "missing, unknown"),
    ):
        copy = tmp_path / "copy"
        shutil.copytree(out, copy)
        with pytest.raises(CheckpointFormatError, match=match):
            edited(copy, **changes)
        shutil.rmtree(copy)
    shutil.copy(out / "depth.safetensors", out / "thermal.safetensors")
    towers = json.loads((out / "imagebind.json").read_text(encoding="utf-8"))["towers"]
    towers["thermal"]["bytes"] = towers["depth"]["bytes"]
    with pytest.raises(CheckpointFormatError, match="keys of the thermal tower only"):
        edited(out, towers=towers)


def test_home_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SENSORIUM_HOME moves everything; unset or empty, it is the user's cache."""
    monkeypatch.setenv("SENSORIUM_HOME", str(tmp_path))
    assert release_directory("x") == tmp_path / "models" / "x"
    monkeypatch.setenv("SENSORIUM_HOME", "")
    assert release_directory("x") == Path.home() / ".cache" / "sensorium" / "models" / "x"
