"""Writing trained weights: a file for each tower, and its entry in the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from sensorium.mini.manifest import DIRECTORY, MANIFEST, Manifest, WeightsFile, manifest
from training.export import EXPORTS, exported
from training.towers.quantised import pack


def write_tower(
    name: str,
    state: Mapping[str, Tensor],
    *,
    licence: str,
    sources: Sequence[str],
    training: Mapping[str, str | int | float],
    directory: Path = DIRECTORY,
) -> Path:
    """Quantise a tower, write it, and record it in the manifest.

    Both files are replaced whole: a reader never sees half of one.

    Args:
        name: Name of the tower.
        state: Tensors of the tower, float; matrices and kernels are stored in 8 bits, with a scale
            for each row.
        licence: SPDX expression.
        sources: Origins of the weights: packages, data sets, starting points.
        training: Seeds, steps and figures of the training.
        directory: Directory of the package's weights.
    Returns:
        Path of the file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    packed = {key: value.contiguous() for key, value in pack(state).items()}
    weights = save(packed)
    if name in EXPORTS:
        content, path = exported(name, packed), directory / f"{name}.onnx"
    else:
        content, path = weights, directory / f"{name}.safetensors"
    entry = WeightsFile(
        file=path.name,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        weights=hashlib.sha256(weights).hexdigest(),
        parameters=sum(value.numel() for value in state.values()),
        licence=licence,
        sources=tuple(sources),
        training=dict(training),
    )
    _list(name, path, content, entry)
    return path


def write_apart(
    name: str,
    tensors: Mapping[str, Tensor],
    *,
    sources: Sequence[str],
    training: Mapping[str, str | int | float],
    directory: Path = DIRECTORY,
) -> Path:
    """Write tensors as they are into a file that is no tower, and record it in the manifest.

    Args:
        name: Name of the file, one of `manifest.APART`.
        tensors: Tensors of any dtype.
        sources: Origins of the tensors.
        training: Seeds and figures.
        directory: Directory of the package's weights.
    Returns:
        Path of the file.
    """
    content = save(dict(tensors))
    digest = hashlib.sha256(content).hexdigest()
    path = directory / f"{name}.safetensors"
    entry = WeightsFile(
        file=path.name,
        bytes=len(content),
        sha256=digest,
        weights=digest,
        parameters=sum(value.numel() for value in tensors.values()),
        licence="Apache-2.0",
        sources=tuple(sources),
        training=dict(training),
    )
    _list(name, path, content, entry)
    return path


def _list(name: str, path: Path, content: bytes, entry: WeightsFile) -> None:
    directory = path.parent
    _replace(path, content)
    known = manifest(directory).files if (directory / MANIFEST).exists() else {}
    listed = Manifest(files=dict(sorted({**known, name: entry}.items())))
    text = json.dumps(listed.model_dump(), indent=2, ensure_ascii=False) + "\n"
    _replace(directory / MANIFEST, text.encode())
    manifest.cache_clear()


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".partial")
    temporary.write_bytes(content)
    temporary.replace(path)
