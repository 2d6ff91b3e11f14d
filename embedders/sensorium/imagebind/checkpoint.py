"""ImageBind checkpoints: the released pickle, one safetensors file, or one file for each tower."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, Protocol

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from sensorium.encoders.handles import Remade
from sensorium.errors import (
    CheckpointFormatError,
    CheckpointKeyError,
    CheckpointNotFoundError,
    CheckpointShapeError,
    WeightsError,
    first_problem,
)
from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.parameter_names import expected_shapes, tower_of_key
from sensorium.imagebind.releases import Progress
from sensorium.imagebind.weight_files import PickleFile, SafetensorsFile, Shapes, unreadable

DESCRIPTION = "imagebind.json"  # beside the tower files of a directory
FORMAT = 1  # version of that layout
HASH_BLOCK = 2**20  # bytes read at a time while hashing a file
SHOWN_KEYS = 3  # names in an error message; all of them are in its attributes


class Checkpoint(Protocol):
    """Tensors under the released checkpoint's key names."""

    @property
    def shapes(self) -> Shapes:
        """Shape of each key; reading it does not read the data."""

    def get(self, key: str) -> Tensor:
        """Return one tensor on the CPU, memory-mapped where the format allows it."""


class InMemory:
    """A state dict that is already in memory."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors
        self.shapes: Shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}

    def get(self, key: str) -> Tensor:
        """Return one tensor, not copied."""
        return self._tensors[key]

    def __reduce__(self) -> NoReturn:
        raise WeightsError(
            "a model whose weights are in the memory of this process alone, to be pickled",
            "a model of a file: its path is pickled, and the weights are read from there",
            "save the state dict, and open it with from_checkpoint(path)",
        )


@dataclass(frozen=True)
class TowerFile:
    """One tower's file, as the description of its directory lists it."""

    file: str  # name within the directory
    bytes: int
    sha256: str  # digest of the file, hex
    parameters: int


class _Description(BaseModel):
    """The content of `imagebind.json`, checked, as anybody may have written it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    config: dict[str, int]
    digest: str
    dtype: str
    source: str
    licence: str | None
    towers: dict[Literal["vision", "text", "audio", "depth", "thermal", "imu"], TowerFile]


class TowerDirectory(Remade):
    """Our own layout: one safetensors file for each tower, described by `imagebind.json`.

    A tower whose file is missing is not offered; a file of another size is an error.

    Attributes:
        path: Path of the directory.
        config: Sizes of all six towers.
        digest: Digest of the checkpoint it was converted from, whatever the stored dtype.
        dtype: Precision of the stored weights: `float32`, `bfloat16` or `float16`.
        source: URL or file name of the original.
        licence: Licence of the weights, or `None` where nobody stated it.
        towers: Every file that the description lists, missing ones included.
    """

    def __init__(self, path: Path) -> None:
        """Read the description and open each file, without reading its data.

        Raises:
            CheckpointFormatError: The description or a file is damaged, or does not fit the other.
        """
        self.path = path
        description = path / DESCRIPTION
        try:
            fields = _Description.model_validate_json(description.read_bytes())
        except ValidationError as error:
            raise unreadable(description, first_problem(error)) from error
        self.config = ImageBindConfig.from_dict(fields.config)
        self.digest, self.dtype = fields.digest, fields.dtype
        self.source, self.licence = fields.source, fields.licence
        self.towers: dict[str, TowerFile] = {str(t): entry for t, entry in fields.towers.items()}
        for tower, entry in self.towers.items():
            # A hostile description could name a file outside of the directory.
            if entry.file != tower_file_name(tower):
                reason = f"the file {entry.file!r} for the tower {tower!r}"
                raise unreadable(description, reason)
        self._files = {
            tower: self._open(tower, entry)
            for tower, entry in self.towers.items()
            if (path / entry.file).exists()
        }
        self.shapes: Shapes = {
            k: s for file in self._files.values() for k, s in file.shapes.items()
        }

    @property
    def present(self) -> frozenset[str]:
        """The towers whose file exists."""
        return frozenset(self._files)

    def _open(self, tower: str, entry: TowerFile) -> SafetensorsFile:
        path = self.path / entry.file
        if path.stat().st_size != entry.bytes:
            raise CheckpointFormatError(
                f"{str(path)!r} of {path.stat().st_size} bytes",
                f"{entry.bytes} bytes, as {DESCRIPTION} says",
                "copy or convert it again",
            )
        file = SafetensorsFile(path)
        if strangers := [key for key in file.shapes if tower_of_key(key) != tower]:
            raise CheckpointFormatError(
                f"{str(path)!r}, which holds {strangers[0]}",
                f"keys of the {tower} tower only",
                "copy or convert it again",
            )
        return file

    def get(self, key: str) -> Tensor:
        """Return one tensor from the file of its tower."""
        return self._files[tower_of_key(key) or ""].get(key)

    def verify(self, progress: Progress | None = None) -> None:
        """Read every file that exists, and check names, shapes and SHA-256.

        Args:
            progress: Called after each block is read, with the step "verify".
        Raises:
            CheckpointFormatError: A file has changed since it was written; the error names it.
            CheckpointKeyError: Keys are missing or unknown for the described sizes.
            CheckpointShapeError: A tensor has another shape than the sizes give it.
        """
        check_keys(self, self.config, self.present)
        total = sum(self.towers[tower].bytes for tower in self.present)
        done = 0
        for tower in sorted(self.present):
            entry, digest = self.towers[tower], hashlib.sha256()
            with (self.path / entry.file).open("rb") as stream:
                while block := stream.read(HASH_BLOCK):
                    digest.update(block)
                    done += len(block)
                    if progress:
                        progress("verify", done, total)
            if digest.hexdigest() != entry.sha256:
                raise CheckpointFormatError(
                    f"{str(self.path / entry.file)!r} with SHA-256 {digest.hexdigest()}",
                    f"{entry.sha256}, as {DESCRIPTION} says",
                    "copy, convert or download it again",
                )


def tower_file_name(tower: str) -> str:
    """Return the name of a tower's file within a directory."""
    return f"{tower}.safetensors"


def open_checkpoint(path: str | Path) -> SafetensorsFile | PickleFile | TowerDirectory:
    """Open a checkpoint of any of the three forms, without reading its data.

    Raises:
        CheckpointNotFoundError: `path` does not exist, or is a directory without a description.
        CheckpointFormatError: `path` is not a checkpoint, or is truncated.
    """
    path = Path(path).expanduser().absolute()  # for other processes, which may work elsewhere
    if path.is_dir() and (path / DESCRIPTION).exists():
        return TowerDirectory(path)
    if not path.is_file():
        raise CheckpointNotFoundError(
            f"the path {str(path)!r}",
            f"a .pth or .safetensors file, or a directory with {DESCRIPTION}",
            "run: sensorium weights download imagebind-huge",
        )
    return SafetensorsFile(path) if path.suffix == ".safetensors" else PickleFile(path)


def check_keys(checkpoint: Checkpoint, config: ImageBindConfig, towers: Iterable[str]) -> None:
    """Check that a checkpoint holds exactly the tensors of the wanted towers.

    Keys of the other towers are ignored.

    Raises:
        CheckpointKeyError: A key is missing, or belongs to no tower.
        CheckpointShapeError: A tensor has another shape than `config` gives it.
    """
    wanted = set(towers)
    expected = {k: s for tower in sorted(wanted) for k, s in expected_shapes(config, tower).items()}
    held = checkpoint.shapes
    missing = sorted(expected.keys() - held.keys())
    extra = sorted(k for k in held.keys() - expected.keys() if tower_of_key(k) in {*wanted, None})
    if missing or extra:
        raise CheckpointKeyError(
            f"a checkpoint with {_list_keys('missing', missing)} and {_list_keys('extra', extra)}",
            f"exactly the {len(expected)} keys of {', '.join(sorted(wanted))}",
            "pass the config of this checkpoint, or choose modalities it holds",
            missing,
            extra,
        )
    for key, shape in expected.items():
        if held[key] != shape:
            raise CheckpointShapeError(
                f"{key} of shape {held[key]}", f"{shape}", "pass the config of this checkpoint"
            )


def content_digest(checkpoint: Checkpoint) -> str:
    """Return the SHA-256 of all weights, hex, which does not depend on how they are stored.

    Args:
        checkpoint: Checkpoint, of which every tensor is read (some seconds for the huge model). A
            directory knows its digest and is not read.
    """
    if isinstance(checkpoint, TowerDirectory):
        return checkpoint.digest
    return combined_digest({key: tensor_digest(checkpoint.get(key)) for key in checkpoint.shapes})


def tensor_digest(tensor: Tensor) -> str:
    """Return the SHA-256 of one tensor's shape, dtype and numbers, hex."""
    digest = hashlib.sha256(f"{tuple(tensor.shape)}{tensor.dtype}".encode())
    digest.update(raw_bytes(tensor))
    return digest.hexdigest()


def combined_digest(tensors: Mapping[str, str]) -> str:
    """Return the digest of all weights from each key's `tensor_digest`, in any order."""
    lines = "".join(f"{key} {digest}\n" for key, digest in sorted(tensors.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def raw_bytes(tensor: Tensor) -> memoryview:
    """Return a tensor's numbers as bytes, in row-major order; not copied if it is contiguous."""
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data


def _list_keys(kind: str, keys: list[str]) -> str:
    shown = ", ".join(keys[:SHOWN_KEYS]) + (", ..." if len(keys) > SHOWN_KEYS else "")
    return f"{len(keys)} {kind} keys" + (f" ({shown})" if keys else "")
