"""The files of a model: where they are on this machine, and the digests that name its space."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.errors import CheckpointFormatError, CheckpointNotFoundError, show

WEIGHTS = (".safetensors", ".bin")
SETTINGS = (".json", ".txt", ".model", ".jinja")  # sizes, vocabularies, prompts, preprocessing
ORGANISATION = "sentence-transformers"  # of names without one, as that library reads them
HOME = "SENTENCE_TRANSFORMERS_HOME"  # folder of downloaded models, if that library was told one
CHUNK = 1 << 20  # bytes hashed at a time
# The prompts are digested as they are used, and these say nothing else that changes a vector.
BESIDE = {"config_sentence_transformers.json", "data_config.json", "generation_config.json"}
OTHER_FORMS = {"onnx", "openvino"}  # folders with the same weights for other programs


def model_folder(name: str, revision: str | None) -> Path:
    """Find a model on this machine; nothing is downloaded.

    Args:
        name: Path of a folder, or the name of a model on the hub that was downloaded before.
        revision: Branch, tag or commit of a named model; by default `main`.
    Raises:
        CheckpointNotFoundError: Nothing is there; the message says how to download it.
        CheckpointFormatError: A folder that holds no model.
    """
    path = Path(name).expanduser()
    if not path.is_dir():
        if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
            raise CheckpointNotFoundError(
                f"the folder {show(name)}", "a folder that exists", "check the path"
            )
        path = _downloaded(name, revision)
    holds_weights = any(True for _ in _files(path, WEIGHTS))
    if not holds_weights or not ((path / "modules.json").exists() or config_of(path)):
        raise CheckpointFormatError(
            f"the folder {str(path)!r}, which holds no model",
            "config.json or modules.json, and weights (*.safetensors)",
            "pass the folder that SentenceTransformer.save_pretrained wrote, or `hf download`",
        )
    return path


def config_of(folder: Path) -> dict[str, Any]:
    """Return the `config.json` of a model's transformer; empty if there is none to be read."""
    for place in (folder, folder / "0_Transformer"):
        try:
            read = json.loads((place / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(read, dict) and "model_type" in read:
            return read
    return {}


def model_name(folder: Path) -> str:
    """Return the name of a model without its organisation, alike for a folder and a download."""
    if folder.parent.name == "snapshots":  # models--ORGANISATION--NAME/snapshots/COMMIT
        return folder.parent.parent.name.split("--")[-1]
    return folder.resolve().name


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 over the weights of all modules, hex."""
    return _digest(folder, _files(folder, WEIGHTS))


def settings_digest(folder: Path) -> str:
    """Return the SHA-256 over what else decides the vectors: sizes, vocabulary, preprocessing."""
    paths = [path for path in _files(folder, SETTINGS) if path.name not in BESIDE]
    return _digest(folder, paths)


def _downloaded(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    full = name if "/" in name else f"{ORGANISATION}/{name}"
    try:
        found = snapshot_download(
            full, revision=revision, local_files_only=True, cache_dir=os.environ.get(HOME)
        )
    except (HFValidationError, LocalEntryNotFoundError, FileNotFoundError) as error:
        at = f" --revision {revision}" if revision else ""
        raise CheckpointNotFoundError(
            f"the model {show(name)}, which is not on this machine",
            "the path of a folder, or a model that was downloaded",
            f"read its licence, then run: hf download {full}{at}",
        ) from error
    return Path(found)


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterable[Path]:
    """Yield the files with a suffix, in an order that no file system decides."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix in suffixes and not OTHER_FORMS & set(inside.parts) and path.is_file():
            yield path


def _digest(folder: Path, paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
        content = hashlib.sha256()
        with path.open("rb") as file:
            for part in iter(partial(file.read, CHUNK), b""):
                content.update(part)
        whole.update(content.digest())
    return whole.hexdigest()
