"""Converting a checkpoint to our own layout: a safetensors file per tower, and a description.

The files are written and hashed tensor by tensor: memory is needed for the largest tensor, not for
a whole tower.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sensorium.encoders.placement import DTYPES
from sensorium.errors import CheckpointFormatError, EncodingError, WeightsExistError
from sensorium.imagebind.checkpoint import (
    DESCRIPTION,
    FORMAT,
    Checkpoint,
    TowerDirectory,
    TowerFile,
    check_keys,
    combined_digest,
    open_checkpoint,
    raw_bytes,
    tensor_digest,
    tower_file_name,
)
from sensorium.imagebind.config import TOWERS, ImageBindConfig
from sensorium.imagebind.parameter_names import CAUSAL_MASK, expected_shapes
from sensorium.imagebind.releases import Progress, require_space, sync_directory
from sensorium.imagebind.weight_files import Shapes

CODES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}  # safetensors' names of them
HEADER_ALIGNMENT = 8  # bytes
DESCRIPTION_BYTES = 64 * 1024  # more than a description ever takes


def convert(
    source: str | Path,
    out_dir: str | Path,
    *,
    config: ImageBindConfig | None = None,
    dtype: str = "float32",
    source_note: str | None = None,
    licence: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> TowerDirectory:
    """Write a checkpoint as one safetensors file for each tower, which can be loaded singly.

    Everything is written to `<out_dir>.partial-<random>`, which is renamed at the end: a conversion
    that is interrupted leaves nothing at `out_dir`.

    Args:
        source: The released `.pth`, a `.safetensors`, or a directory that this function wrote (to
            change its dtype).
        out_dir: Directory to write, which must be empty or not exist.
        config: Sizes of the model; by default the directory's own, else `ImageBindConfig.huge()`.
        dtype: Precision to store the weights in: `"float32"`, `"bfloat16"` or `"float16"`. The
            logit scales stay float32.
        source_note: Name of the source in the description; by default the file's name.
        licence: Licence of the weights for the description; by default a directory's own, or none.
        overwrite: Replace a directory of weights at `out_dir`.
        progress: Called after each tensor, with the step "convert" (with "verify" before that, if
            the source is a directory).
    Returns:
        The new directory. Its digest is that of the source, whatever the dtype.
    Raises:
        CheckpointNotFoundError: `source` does not exist.
        CheckpointFormatError: `source` is not a checkpoint, is truncated, holds pickled code, or
            numbers that are not finite in `dtype`.
        CheckpointKeyError: Keys are missing or unknown; all six towers are needed.
        CheckpointShapeError: A tensor has another shape than `config` gives it.
        WeightsExistError: `out_dir` exists and is not empty.
        DiskSpaceError: The disk has no room.
        EncodingError: An unknown dtype.
    """
    out = Path(out_dir).expanduser().resolve()
    check_vacant(out, overwrite=overwrite)
    check_dtype(dtype)
    checkpoint = open_checkpoint(source)
    described = checkpoint if isinstance(checkpoint, TowerDirectory) else None
    if config is None:
        config = described.config if described else ImageBindConfig.huge()
    check_keys(checkpoint, config, TOWERS)
    if described:
        # A damaged file would otherwise be written under the digest of the undamaged one.
        described.verify(progress)
        source_note, licence = source_note or described.source, licence or described.licence
    layouts = {tower: _Layout.of(expected_shapes(config, tower), dtype) for tower in TOWERS}
    require_space(out, sum(layout.bytes for layout in layouts.values()) + DESCRIPTION_BYTES)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial-{uuid.uuid4().hex[:8]}")
    partial.mkdir()
    try:
        towers, digest = _write_towers(checkpoint, layouts, partial, progress)
        description = {
            "format": FORMAT,
            "config": config.to_dict(),
            "digest": described.digest if described else digest,
            "dtype": dtype,
            "source": source_note or Path(source).name,
            "licence": licence,
            "towers": {tower: asdict(entry) for tower, entry in towers.items()},
        }
        _write_description(partial, description)
        _put_in_place(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # it no longer exists if it was renamed
    return TowerDirectory(out)


def check_vacant(out: Path, *, overwrite: bool) -> None:
    """Check that a directory of weights may be written at `out`.

    Raises:
        WeightsExistError: `out` exists and is not empty. With `overwrite` a directory of weights is
            allowed, but nothing else.
    """
    if not out.exists():
        return
    held = {entry.name for entry in out.iterdir()} if out.is_dir() else None
    if held == set():
        return
    ours = {DESCRIPTION, *(tower_file_name(tower) for tower in TOWERS)}
    if held is None or not held <= ours:
        raise WeightsExistError(
            f"{str(out)!r}, which holds something other than weights",
            "a directory that does not exist yet, or is empty",
            "choose another directory",
        )
    if not overwrite:
        raise WeightsExistError(
            f"{str(out)!r}, which already holds weights",
            "a directory that does not exist yet, or is empty",
            "choose another directory, or replace them with --overwrite (overwrite=True)",
        )


def check_dtype(dtype: str) -> None:
    """Check that weights can be stored in a dtype of that name.

    Raises:
        EncodingError: They cannot.
    """
    if dtype not in CODES:
        raise EncodingError(f"the dtype {dtype!r}", f"one of {', '.join(CODES)}", "choose one")


@dataclass(frozen=True)
class _Layout:
    """Layout of a tower's safetensors file, known before any tensor is read.

    Attributes:
        header: Beginning of the file: the length of the JSON, and the JSON.
        dtypes: Dtype of each key, in the order of the data.
        parameters: Number of parameters in the file.
        bytes: Size of the file.
    """

    header: bytes
    dtypes: dict[str, str]
    parameters: int
    bytes: int

    @classmethod
    def of(cls, shapes: Shapes, dtype: str) -> _Layout:
        """Lay tensors out, the float32 logit scale first, so that each of them is aligned."""
        order = sorted(shapes, key=lambda key: (not _is_scale(key), key))
        dtypes = {key: "float32" if _is_scale(key) else dtype for key in order}
        entries, end = {}, 0
        for key, kind in dtypes.items():
            begin, end = end, end + math.prod(shapes[key]) * DTYPES[kind].itemsize
            entries[key] = {
                "dtype": CODES[kind],
                "shape": list(shapes[key]),
                "data_offsets": [begin, end],
            }
        text = json.dumps(entries, separators=(",", ":")).encode()
        text += b" " * (-len(text) % HEADER_ALIGNMENT)
        header = len(text).to_bytes(8, "little") + text
        parameters = sum(math.prod(shape) for key, shape in shapes.items() if key != CAUSAL_MASK)
        return cls(header, dtypes, parameters, len(header) + end)


def _is_scale(key: str) -> bool:
    return key.endswith("log_logit_scale")


def _write_towers(
    checkpoint: Checkpoint,
    layouts: dict[str, _Layout],
    directory: Path,
    progress: Progress | None,
) -> tuple[dict[str, TowerFile], str]:
    """Write each tower's file; return the list of the files, and the digest of all weights."""
    total = sum(layout.bytes for layout in layouts.values())
    digests: dict[str, str] = {}
    towers: dict[str, TowerFile] = {}
    done = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress("convert", done, total)

    for tower, layout in layouts.items():
        name = tower_file_name(tower)
        sha256 = _write_tower(checkpoint, layout, directory / name, digests, report)
        towers[tower] = TowerFile(name, layout.bytes, sha256, layout.parameters)
    return towers, combined_digest(digests)


def _write_tower(
    checkpoint: Checkpoint,
    layout: _Layout,
    path: Path,
    digests: dict[str, str],
    report: Callable[[int], None],
) -> str:
    """Write one file, adding each tensor's digest to `digests`; return the file's SHA-256."""
    sha256 = hashlib.sha256(layout.header)
    with path.open("xb") as file:
        file.write(layout.header)
        report(len(layout.header))
        for key, kind in layout.dtypes.items():
            tensor = checkpoint.get(key)
            stored = raw_bytes(_stored(key, tensor, DTYPES[kind]))
            # The source's own numbers are hashed: the digest must not depend on the stored dtype.
            digests[key] = tensor_digest(tensor)
            file.write(stored)
            sha256.update(stored)
            report(len(stored))
        file.flush()
        os.fsync(file.fileno())
    return sha256.hexdigest()


def _stored(key: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert a tensor to the dtype it is stored in, and check that its numbers stay finite."""
    if not tensor.is_floating_point() or tensor.layout is not torch.strided:
        came = f"{key} of dtype {tensor.dtype} and layout {tensor.layout}"
        raise CheckpointFormatError(came, "dense floating-point weights", "convert the original")
    stored = tensor.to(dtype)
    extremes = torch.stack(stored.aminmax())  # both are NaN if any number is
    if key != CAUSAL_MASK and not bool(extremes.isfinite().all()):
        raise CheckpointFormatError(
            f"{key}, with NaN or infinite numbers in {dtype}",
            "finite weights",
            'download the original again, or store it as "float32" or "bfloat16"',
        )
    return stored


def _write_description(directory: Path, description: dict[str, Any]) -> None:
    with (directory / DESCRIPTION).open("x", encoding="utf-8") as file:
        json.dump(description, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    sync_directory(directory)


def _put_in_place(partial: Path, out: Path) -> None:
    """Rename `partial` to `out`; a directory that is replaced is set aside, then removed."""
    aside = out.with_name(f"{partial.name}-replaced")
    if out.exists():
        out.rename(aside)
    try:
        partial.rename(out)
    except BaseException:  # Ctrl-C included: the replaced directory comes back
        if aside.exists():
            aside.rename(out)
        raise
    sync_directory(out.parent)
    shutil.rmtree(aside, ignore_errors=True)
